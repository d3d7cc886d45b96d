import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from streets import Streets
from tojimari.cli.main import main
from tojimari.lab.places import Places


def run(*words: str) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as left:
        main(["lab", *words])
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.fixture
def home(streets: Streets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Places]:
    """A cache of the test's own, with the root tree that is built already."""
    streets.down()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    places = Places.of_user()
    places.cache.mkdir(parents=True)
    for name in ("tree", "tree.json", "annexes", "packages"):
        (places.cache / name).symlink_to(streets.places.cache / name)
    yield places
    run("down")


@pytest.mark.usefixtures("home")
def test_a_street_is_brought_up_shown_entered_and_taken_down(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run("up", "empty-street") == 0
    assert "visitor  203.0.113.10  2001:db8:3::10" in capfd.readouterr().out
    assert run("status", "--json") == 0
    document = json.loads(capfd.readouterr().out)
    assert document["schema"] == "tojimari.lab/1"
    assert [one["up"] for one in document["street"]["houses"]] == [True] * 4
    assert run("run", "visitor", "sh", "-c", "hostname; exit 3") == 3
    assert capfd.readouterr().out == "visitor\n"
    assert run("run", "visitor", "--", "true") == 0
    assert run("down") == 0
    assert run("down") == 0
    assert "no street was up" in capfd.readouterr().err


@pytest.mark.usefixtures("home")
def test_a_door_that_is_shut_is_seen_in_the_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("up", "town") == 0
    assert run("run", "files", "systemctl", "stop", "vsftpd") == 0
    assert run("status") == 0
    shown = capfd.readouterr().out
    assert "21/tcp     SHUT  ftp          vsftpd" in shown
    assert "21/tcp     open  ftp          proftpd" in shown


@pytest.mark.usefixtures("home")
def test_a_shell_is_entered(capfd: pytest.CaptureFixture[str]) -> None:
    run("up", "empty-street")
    reader, writer = os.pipe()
    os.write(writer, b"hostname\nexit 4\n")
    os.close(writer)
    saved = os.dup(0)
    os.dup2(reader, 0)
    try:
        assert run("enter", "closed") == 4
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(reader)
    assert capfd.readouterr().out.endswith("closed\n")


@pytest.mark.usefixtures("home")
def test_what_is_built_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("build") == 0
    assert "everything was built already" in capfd.readouterr().err
    assert run("status") == 0
    assert "  town: built" in capfd.readouterr().out


def test_an_unknown_scene_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("up", "castle") == 2
    said = capfd.readouterr().err
    assert "castle" in said
    assert "empty-street" in said


def test_without_root_nothing_is_built(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run("build") == 2
    assert "hint: sudo tojimari lab build" in capfd.readouterr().err
