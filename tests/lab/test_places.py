import os
from pathlib import Path

import pytest

from tojimari.core.errors import PrivilegeError
from tojimari.lab import places
from tojimari.lab.places import Places


def test_everything_is_below_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = Places.of_user()
    assert found.tree == tmp_path / "tojimari/lab/tree"
    assert found.journal == tmp_path / "tojimari/lab/street/journal.json"


def test_the_folders_are_made_and_kept_from_others(tmp_path: Path) -> None:
    made = Places(tmp_path / "lab", tmp_path / "lab/street")
    made.ensure()
    assert made.packages.is_dir()
    assert made.cache.stat().st_mode & 0o777 == 0o700


def test_without_root_the_person_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PrivilegeError) as caught:
        places.need_root("tojimari lab up")
    assert caught.value.hint.values["command"] == "tojimari lab up"


def test_root_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    places.need_root("tojimari lab up")
