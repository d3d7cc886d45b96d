import errno
import os
from pathlib import Path
from typing import Never

import pytest

from tojimari.core.errors import HostError, PrivilegeError, RefusedError
from tojimari.policy import saving
from tojimari.policy.files import Person, person

I = person({})  # noqa: E741 - who sits at the keyboard
STRANGER = Person(1, frozenset({os.geteuid() + 1}), frozenset())


def refuse(number: int) -> object:
    def fail(*_: object, **__: object) -> Never:
        raise OSError(number, os.strerror(number))

    return fail


def only(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written_with_the_usual_mode(tmp_path: Path) -> None:
    path = tmp_path / "doors.toml"
    before = os.umask(0o027)

    saving.save(path, "戸\n", I, replace=False)

    os.umask(before)
    assert path.read_text(encoding="utf-8") == "戸\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert only(tmp_path) == ["doors.toml"]


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "doors.toml"
    path.write_text("old")

    with pytest.raises(RefusedError, match="is there already, and nothing was changed"):
        saving.save(path, "new", I, replace=False)

    assert path.read_text() == "old"


def test_a_file_that_comes_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "doors.toml"
    fsync = os.fsync

    def meanwhile(descriptor: int) -> None:
        path.write_text("theirs")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(RefusedError):
        saving.save(path, "mine", I, replace=False)

    assert path.read_text() == "theirs"
    assert only(tmp_path) == ["doors.toml"]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "doors.toml"
    path.write_text("old and longer")
    path.chmod(0o604)

    saving.save(path, "new", I, replace=True)

    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o604


def test_a_file_that_is_replaced_keeps_its_owner(root: None, tmp_path: Path) -> None:
    del root
    path = tmp_path / "doors.toml"
    path.write_text("old")
    os.chown(path, 1234, 2345)

    saving.save(path, "new", I, replace=True)

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_with_sudo_a_new_file_in_somebody_s_directory_is_theirs(root: None, tmp_path: Path) -> None:
    del root
    os.chown(tmp_path, 1234, 2345)
    who = Person(0, frozenset({0, 1234}), frozenset({0, 2345}), (1234, 2345))

    saving.save(tmp_path / "doors.toml", "new", who, replace=False)

    assert (tmp_path / "doors.toml").stat().st_uid == 1234


def test_with_sudo_a_new_file_elsewhere_is_root_s(root: None, tmp_path: Path) -> None:
    del root
    who = Person(0, frozenset({0, 1234}), frozenset({0, 2345}), (1234, 2345))

    saving.save(tmp_path / "doors.toml", "new", who, replace=False)

    assert (tmp_path / "doors.toml").stat().st_uid == 0


def test_an_owner_that_cannot_be_kept_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "doors.toml"
    path.write_text("old")
    monkeypatch.setattr(os, "fchown", refuse(errno.EPERM))

    saving.save(path, "new", I, replace=True)

    assert path.read_text() == "new"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "policy", tmp_path / "doors.toml"
    target.write_text("old")
    link.symlink_to("real/policy")

    saving.save(link, "new", I, replace=True)

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert only(tmp_path / "real") == ["policy"]


def test_a_link_that_points_nowhere_is_not_followed_unasked(tmp_path: Path) -> None:
    link = tmp_path / "doors.toml"
    link.symlink_to("nowhere")

    with pytest.raises(RefusedError):
        saving.save(link, "new", I, replace=False)

    saving.save(link, "new", I, replace=True)
    assert (tmp_path / "nowhere").read_text() == "new"


def test_a_stranger_s_link_is_not_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "precious", tmp_path / "doors.toml"
    target.write_text("old")
    link.symlink_to(target)

    with pytest.raises(RefusedError, match="symbolic link of user"):
        saving.save(link, "new", STRANGER, replace=True)

    assert target.read_text() == "old"


def test_what_fails_on_the_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "doors.toml"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", refuse(errno.ENOSPC))

    with pytest.raises(HostError, match="cannot be written: No space left on device"):
        saving.save(path, "new", I, replace=True)

    assert path.read_text() == "old"
    assert only(tmp_path) == ["doors.toml"]


def test_a_directory_that_may_not_be_written_to_is_a_matter_of_privilege(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", refuse(errno.EACCES))

    with pytest.raises(PrivilegeError, match="may not be written"):
        saving.save(tmp_path / "doors.toml", "new", I, replace=False)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file or directory"):
        saving.save(tmp_path / "nowhere" / "doors.toml", "new", I, replace=False)


def test_a_file_system_without_hard_links_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", refuse(errno.EPERM))

    saving.save(tmp_path / "doors.toml", "new", I, replace=False)

    assert only(tmp_path) == ["doors.toml"]
