import os
import pwd
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tojimari.linux import btf, kernel_types
from tojimari.linux.btf import BtfError
from tojimari.linux.kernel_types import KernelTypes

WANTED = ("sock.__sk_common.skc_family", "bpf_iter_task()", "typedef u64", "sock.nowhere", "no()")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return folder


def ask(cache: Path) -> KernelTypes:
    return kernel_types.kernel_types(WANTED, {"XDG_CACHE_HOME": str(cache)})


def kept(cache: Path) -> Path:
    (found,) = (cache / "tojimari").iterdir()
    return found


def home(path: str) -> Callable[[int], SimpleNamespace]:
    def getpwuid(uid: int) -> SimpleNamespace:
        del uid
        return SimpleNamespace(pw_dir=path)

    return getpwuid


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, the description itself may not be read."""
    monkeypatch.setattr(btf, "KERNEL", "/nonexistent")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system knows no home of ours."""
    monkeypatch.setattr(pwd, "getpwuid", home("/nonexistent"))


def test_what_is_wanted_is_looked_up(cache: Path) -> None:
    found = ask(cache)
    assert found.offset("sock.__sk_common.skc_family") == 16
    assert found.number("bpf_iter_task()") > 0
    assert "typedef u64" in found


def test_what_the_kernel_lacks_is_an_error(cache: Path) -> None:
    found = ask(cache)
    assert "sock.nowhere" not in found
    assert "no()" not in found
    with pytest.raises(BtfError, match=r"no sock\.nowhere"):
        found.bits("sock.nowhere")


def test_the_second_time_the_description_is_not_read(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(cache)
    monkeypatch.setattr(btf, "KERNEL", "/nonexistent")
    assert ask(cache).number("bpf_iter_task()") == first.number("bpf_iter_task()")
    assert kept(cache).stat().st_mode & 0o777 == 0o600


def test_what_was_not_kept_yet_is_added(cache: Path) -> None:
    ask(cache)
    more = kernel_types.kernel_types(("sock.sk_protocol",), {"XDG_CACHE_HOME": str(cache)})
    assert "sock.sk_protocol" in more
    assert kept(cache).read_text("utf-8").count("=") >= len(WANTED) + 1


def test_nothing_half_written_is_left(cache: Path) -> None:
    ask(cache)
    assert [path.name.count(".") for path in (cache / "tojimari").iterdir()] == [0]


@pytest.mark.parametrize(
    "change",
    ["writable file", "writable folder", "writable root", "link", "other build", "cut", "noise"],
)
def test_what_cannot_be_trusted_is_not_read(cache: Path, homeless: None, change: str) -> None:
    del homeless
    ask(cache)
    file = kept(cache)
    poisoned = file.read_text("utf-8").replace("skc_family=128", "skc_family=8")
    file.write_text(poisoned, "utf-8")
    assert ask(cache).offset("sock.__sk_common.skc_family") == 1  # it would be believed
    if change == "writable file":
        file.chmod(0o622)
    elif change == "writable folder":
        file.parent.chmod(0o720)
    elif change == "writable root":
        cache.chmod(0o702)
    elif change == "link":
        file.rename(cache / "elsewhere")
        file.symlink_to(cache / "elsewhere")
    elif change == "other build":
        file.write_text("tojimari kernel types 1 other\n" + poisoned.partition("\n")[2], "utf-8")
    elif change == "cut":
        file.write_text(poisoned[:-10], "utf-8")
    else:
        file.write_text(poisoned.replace("=8", "=eight"), "utf-8")
    assert ask(cache).offset("sock.__sk_common.skc_family") == 16


def test_what_somebody_else_wrote_is_not_read(cache: Path, root: None, homeless: None) -> None:
    del root, homeless
    ask(cache)
    file = kept(cache)
    file.write_text(file.read_text("utf-8").replace("skc_family=128", "skc_family=8"), "utf-8")
    os.chown(file, 65534, 65534)
    assert ask(cache).offset("sock.__sk_common.skc_family") == 16


def test_a_home_of_somebody_else_is_not_written_to(cache: Path, root: None, homeless: None) -> None:
    del root, homeless
    os.chown(cache, 65534, 65534)
    assert "typedef u64" in ask(cache)
    assert list(cache.iterdir()) == []


def test_a_cache_is_made_in_a_home_of_ours(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    kernel_types.kernel_types(WANTED, {"HOME": str(tmp_path)})
    assert (tmp_path / ".cache").stat().st_mode & 0o777 == 0o700
    assert kept(tmp_path / ".cache").is_file()


def test_in_a_home_that_others_can_write_to_none_is_made(tmp_path: Path, homeless: None) -> None:
    del homeless
    tmp_path.chmod(0o777)
    kernel_types.kernel_types(WANTED, {"HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_no_directory_is_passed_over(tmp_path: Path, homeless: None) -> None:
    del homeless
    (tmp_path / "cache").write_text("", "utf-8")
    assert "typedef u64" in ask(tmp_path / "cache")


def test_the_home_that_the_system_knows_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(pwd, "getpwuid", home(str(tmp_path)))
    kernel_types.kernel_types(WANTED, {"HOME": "/nonexistent"})
    assert kept(tmp_path / ".cache").is_file()


def test_a_full_disk_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(descriptor: int, data: bytes) -> int:
        del descriptor
        return len(data) // 2

    monkeypatch.setattr(os, "write", write)
    assert "typedef u64" in ask(cache)
    assert list((cache / "tojimari").iterdir()) == []


def test_a_cache_that_cannot_be_kept_leaves_nothing_behind(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **more: object) -> None:
        del words, more
        raise PermissionError

    monkeypatch.setattr(os, "rename", refuse)
    assert "typedef u64" in ask(cache)
    assert list((cache / "tojimari").iterdir()) == []


def test_without_a_description_there_is_an_error(cache: Path, unreadable: None) -> None:
    del unreadable
    with pytest.raises(FileNotFoundError):
        ask(cache)


def test_a_kernel_without_notes_is_told_by_its_version(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_types, "NOTES", "/nonexistent")
    ask(cache)
    assert kept(cache).read_text("utf-8").splitlines()[0].split()[4] == os.uname().release
