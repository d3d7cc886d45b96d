import os
from collections.abc import Callable

import pytest

from actors import actor
from tojimari.linux import cgroups, descriptors
from tojimari.linux.sock_diag import LISTEN, Row
from tojimari.sockets import finding
from tojimari.sockets.finding import by_cgroup, by_reading_all, in_other_spaces, unreadable

pytestmark = pytest.mark.usefixtures("network")
BODY = "a = listener(); ready(fd=a.fileno(), inode=inode(a))"


def members(*pids: int) -> Callable[[str, str], tuple[int, ...]]:
    """A control group with these processes."""

    def processes(root: str, path: str) -> tuple[int, ...]:
        assert root + path in {"/root/unit", "/root/"}
        return pids

    return processes


def protocols(names: dict[int, str | None]) -> Callable[[tuple[int, int]], str | None]:
    """Sockets with these protocols, by descriptor."""

    def protocol(place: tuple[int, int]) -> str | None:
        return names[place[1]]

    return protocol


def row(inode: int, cgroup: int = 7) -> Row:
    return Row(
        family=2,
        state=LISTEN,
        port=80,
        peer_port=0,
        address=bytes(4),
        peer=bytes(4),
        interface=0,
        queued=0,
        backlog=0,
        uid=0,
        inode=inode,
        cgroup=cgroup,
        v6only=None,
    )


def test_reading_all_finds_every_holder() -> None:
    with actor(BODY) as one:
        found = by_reading_all({one["inode"]})
    assert found.places == {one["inode"]: [(one.pid, one["fd"])]}


def test_by_its_group_a_socket_is_found_without_reading_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*words: object) -> None:
        del words
        raise AssertionError

    with actor(BODY) as one:
        monkeypatch.setattr(cgroups, "processes", members(one.pid))
        monkeypatch.setattr(descriptors, "scan", refuse)
        found = by_cgroup({one["inode"]: row(one["inode"])}, "/root", {7: "/unit"})
    assert found.places == {one["inode"]: [(one.pid, one["fd"])]}


@pytest.mark.parametrize("paths", [dict[int, str](), {7: "/unit"}])
def test_what_is_not_in_its_group_is_searched_everywhere(
    monkeypatch: pytest.MonkeyPatch, paths: dict[int, str]
) -> None:
    with actor(BODY) as one, actor("ready()") as other:
        monkeypatch.setattr(cgroups, "processes", members(other.pid))
        found = by_cgroup({one["inode"]: row(one["inode"])}, "/root", paths)
    assert found.places == {one["inode"]: [(one.pid, one["fd"])]}


def test_a_group_of_a_crowd_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object) -> None:
        del words
        raise AssertionError

    with actor(BODY) as one:
        crowd = tuple(range(finding.CROWD + 1))
        monkeypatch.setattr(cgroups, "processes", members(*crowd))
        monkeypatch.setattr(descriptors, "probe", refuse)
        found = by_cgroup({one["inode"]: row(one["inode"])}, "/root", {7: "/"})
    assert found.places == {one["inode"]: [(one.pid, one["fd"])]}


def test_only_internet_sockets_are_asked_for_their_namespace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names: dict[int, str | None] = {3: "TCP", 4: "UNIX-STREAM", 5: "UDPv6", 6: None}
    monkeypatch.setattr(descriptors, "protocol", protocols(names))
    others = {number: (1, number) for number in names}
    assert list(in_other_spaces(others)) == [(1, 3), (1, 5)]


def test_of_one_process_only_the_first_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "protocol", protocols(dict.fromkeys(range(1001), "TCP")))
    others = {number: (1, number) for number in range(1000, 0, -1)}
    found = list(in_other_spaces(others))
    assert found == [(1, number) for number in range(1, finding.ASKED + 1)]


def test_processes_that_may_not_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "is_readable", (9).__ne__)
    assert unreadable([os.getpid(), 9]) == [9]
