import os
from pathlib import Path

import pytest

from tojimari.linux import cgroups, procfs
from tojimari.linux.procfs import Mount

HYBRID = """\
9:name=systemd:/system.slice/ssh.service
4:memory:/docker/abc
0::/
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/system.slice/ssh.service\n", "/system.slice/ssh.service"),
        (HYBRID, "/system.slice/ssh.service"),
        ("4:memory:/docker/abc\n0::/\n", "/docker/abc"),
        ("4:memory:/\n0::/\n", "/"),
        ("0::/a:b\n", "/a:b"),
        ("", None),
        ("nonsense", None),
    ],
)
def test_the_path_that_says_most_is_chosen(text: str, path: str | None) -> None:
    assert cgroups.best_path(text) == path


def test_the_whole_hierarchy_is_preferred_to_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Mount("/docker/abc", "/part", "cgroup2"),
        Mount("/", "/sys/fs/cgroup", "cgroup"),
        Mount("/", "/whole", "cgroup2"),
    ]
    monkeypatch.setattr(procfs, "mounts", lambda: found)
    assert cgroups.mount() == "/whole"


def test_a_part_is_better_than_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procfs, "mounts", lambda: [Mount("/docker/abc", "/part", "cgroup2")])
    assert cgroups.mount() == "/part"


def test_without_the_unified_hierarchy_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procfs, "mounts", list)
    assert cgroups.mount() is None
    assert cgroups.paths({1}, None) == {}


def tree(folder: Path) -> dict[str, int]:
    """A hierarchy made of plain directories; a group's number is its inode there, too."""
    (folder / "system.slice" / "ssh.service").mkdir(parents=True)
    (folder / "user.slice").mkdir()
    (folder / "cgroup.procs").write_text("1\n0\n2\n", encoding="ascii")
    return {
        "/": folder.stat().st_ino,
        "/system.slice/ssh.service": (folder / "system.slice" / "ssh.service").stat().st_ino,
        "/user.slice": (folder / "user.slice").stat().st_ino,
    }


def test_groups_are_found_by_number(tmp_path: Path) -> None:
    numbers = tree(tmp_path)
    found = cgroups.paths(numbers.values(), str(tmp_path))
    assert found == {number: path for path, number in numbers.items()}


def test_a_group_that_has_gone_has_no_path(tmp_path: Path) -> None:
    tree(tmp_path)
    assert cgroups.paths({1 << 60}, str(tmp_path)) == {}
    assert cgroups.paths({1}, str(tmp_path / "nowhere")) == {}


def test_groups_may_go_while_they_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = tree(tmp_path)

    def children(folder: str) -> list[tuple[int, str]]:
        return [(5, f"{folder}/gone")] if folder == str(tmp_path) else original(folder)

    original = cgroups._children  # pyright: ignore[reportPrivateUsage] - what is replaced
    monkeypatch.setattr(cgroups, "_children", children)
    assert cgroups.paths(numbers.values(), str(tmp_path)) == {numbers["/"]: "/"}


def test_processes_of_others_namespaces_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path)
    assert cgroups.processes(str(tmp_path), "/") == (1, 2)


def test_a_group_that_has_gone_has_no_processes(tmp_path: Path) -> None:
    assert cgroups.processes(str(tmp_path), "/gone.service") == ()


def test_we_are_in_a_group() -> None:
    path = cgroups.of_process(os.getpid())
    assert path is not None
    assert path.startswith("/")


def test_a_process_that_has_gone_is_in_none() -> None:
    assert cgroups.of_process(1 << 30) is None
