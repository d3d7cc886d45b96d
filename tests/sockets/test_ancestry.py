import os
import subprocess
import sys
from pathlib import Path

from tojimari.sockets.ancestry import MAX_PARENTS, ancestry
from tojimari.sockets.process import user_name

ME = os.getpid()


def process(proc: Path, pid: int, parent: int, loginuid: str = "4294967295") -> None:
    """A process in a file system of our own."""
    folder = proc / str(pid)
    folder.mkdir()
    started = " ".join("0" for _ in range(20))
    (folder / "stat").write_text(f"{pid} (p) {pid}) S {parent} {started}", encoding="ascii")
    (folder / "cmdline").write_bytes(b"p\0")
    (folder / "loginuid").write_text(loginuid, encoding="ascii")


def pids(proc: Path, pid: int) -> list[int]:
    return [one.pid for one in ancestry(pid, str(proc)).parents]


def test_the_chain_begins_with_the_parent_and_ends_with_the_first_process() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        found = [one.pid for one in ancestry(child.pid).parents]
        child.kill()
    assert found[:2] == [ME, os.getppid()]
    assert found[-1] == 1


def test_each_of_the_chain_is_described() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        found = ancestry(child.pid).parents[0]
        child.kill()
    assert found.exe == os.path.realpath(sys.executable)


def test_of_a_process_that_is_gone_nobody_is_known(tmp_path: Path) -> None:
    assert ancestry(7, str(tmp_path)).parents == ()


def test_the_first_process_has_no_parent(tmp_path: Path) -> None:
    process(tmp_path, 1, 0)
    assert pids(tmp_path, 1) == []


def test_a_parent_that_goes_while_we_look_ends_the_chain(tmp_path: Path) -> None:
    process(tmp_path, 9, 7)
    assert pids(tmp_path, 9) == []


def test_a_name_with_parentheses_does_not_mislead(tmp_path: Path) -> None:
    process(tmp_path, 1, 0)
    process(tmp_path, 7, 1)
    process(tmp_path, 9, 7)
    assert pids(tmp_path, 9) == [7, 1]


def test_numbers_given_anew_in_between_make_no_circle(tmp_path: Path) -> None:
    process(tmp_path, 7, 9)
    process(tmp_path, 9, 7)
    assert pids(tmp_path, 9) == [7]


def test_a_long_chain_is_cut(tmp_path: Path) -> None:
    for pid in range(1, 100):
        process(tmp_path, pid, pid - 1)
    assert len(pids(tmp_path, 99)) == MAX_PARENTS


def test_who_logged_in_is_named(tmp_path: Path) -> None:
    process(tmp_path, 7, 1, loginuid="0")
    assert ancestry(7, str(tmp_path)).login == user_name(0)


def test_where_nobody_logged_in_nobody_is_named(tmp_path: Path) -> None:
    process(tmp_path, 7, 1)
    assert ancestry(7, str(tmp_path)).login is None


def test_a_kernel_that_keeps_no_login_names_nobody(tmp_path: Path) -> None:
    assert ancestry(7, str(tmp_path)).login is None
