import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from tojimari.core.endpoint import Transport
from tojimari.core.interface import Interface
from tojimari.core.socket import Evidence
from tojimari.linux import descriptors, proc_net, unix_queue
from tojimari.linux.rtnetlink import Link
from tojimari.linux.sock_diag import CLOSED, LISTEN, Row
from tojimari.sockets import table, unheld
from tojimari.sockets.holding import Holding
from tojimari.sockets.spaces import Spaces
from tojimari.sockets.table import Table

T = TypeVar("T")
NETNS = 7


def row(inode: int, port: int = 80, state: int = LISTEN) -> Row:
    return Row(
        family=2,
        state=state,
        port=port,
        peer_port=0,
        address=bytes(4),
        peer=bytes(4),
        interface=0,
        queued=0,
        backlog=0,
        uid=0,
        inode=inode,
        cgroup=0,
        v6only=None,
    )


class OneSpace(Spaces):
    """One namespace, made by hand, in which we always are."""

    def __init__(self, tcp: list[Row], udp: list[Row], *links: Link) -> None:
        self.tables = {NETNS: Table(rows={Transport.TCP: tcp, Transport.UDP: udp}, links=links)}

    def inside(self, inode: int, look: Callable[[], T]) -> T:
        assert inode == NETNS
        return look()

    def rows(self, transport: Transport) -> list[Row]:
        return self.tables[NETNS].rows[transport]


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Inodes of the doors that are still open; all small ones, until a test says otherwise."""
    inodes = set(range(100))

    def door_inodes(transport: Transport) -> set[int]:
        del transport
        return inodes

    monkeypatch.setattr(table, "door_inodes", door_inodes)
    monkeypatch.setattr(table, "multipath_doors", list)
    return inodes


def link(port: int | None, *, up: bool = True) -> Link:
    return Link(Interface("v0", 2, (), up=up, kind="vxlan"), port)


def test_what_is_held_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(table, "door_inodes")
    holding = Holding(places={5: [(1, 3)]})
    unheld.settle(OneSpace([row(5)], []), holding, None)
    assert holding == Holding(places={5: [(1, 3)]})


def test_a_door_that_was_closed_meanwhile_is_taken_out(alive: set[int]) -> None:
    spaces = OneSpace([row(5), row(6)], [])
    alive.discard(5)
    unheld.settle(spaces, Holding(), None)
    assert spaces.rows(Transport.TCP) == [row(6)]


def test_where_the_table_cannot_be_read_again_it_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(transport: Transport) -> set[int]:
        del transport
        raise FileNotFoundError

    monkeypatch.setattr(table, "door_inodes", refuse)
    spaces = OneSpace([row(5)], [])
    unheld.settle(spaces, Holding(), None)
    assert spaces.rows(Transport.TCP) == [row(5)]


def test_a_multipath_door_gets_the_inode_by_which_it_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "multipath_doors", lambda: [row(9), row(10, 81)])
    spaces = OneSpace([row(5), row(6, 81)], [])
    unheld.settle(spaces, Holding(places={9: [(1, 3)]}), None)
    assert [one.inode for one in spaces.rows(Transport.TCP)] == [9, 6]


def test_where_nobody_holds_a_multipath_socket_the_kernel_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(table, "multipath_doors")
    unheld.settle(OneSpace([row(5)], []), Holding(multipath=False), None)


def test_a_kernel_without_multipath_is_none_the_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[Row]:
        raise FileNotFoundError

    monkeypatch.setattr(table, "multipath_doors", refuse)
    spaces = OneSpace([row(5)], [])
    unheld.settle(spaces, Holding(), None)
    assert spaces.rows(Transport.TCP) == [row(5)]


def test_a_socket_without_an_inode_is_the_kernels(alive: set[int]) -> None:
    assert 0 in alive
    holding = Holding()
    unheld.settle(OneSpace([row(0)], []), holding, None)
    assert holding.evidence == {0: Evidence.KERNEL}


@pytest.mark.parametrize(
    ("tunnel", "evidence"),
    [
        (link(4789), {5: Evidence.KERNEL}),
        (link(4789, up=False), dict[int, Evidence]()),
        (link(4790), dict[int, Evidence]()),
    ],
    ids=["up", "down", "elsewhere"],
)
def test_the_port_of_a_tunnel_that_is_up_is_the_kernels(
    tunnel: Link, evidence: dict[int, Evidence]
) -> None:
    holding = Holding()
    udp = [row(5, 4789, CLOSED)]
    unheld.settle(OneSpace([], udp, tunnel, link(None)), holding, None)
    assert holding.evidence == evidence


def test_a_tcp_door_at_the_port_of_a_tunnel_is_not_the_kernels() -> None:
    holding = Holding()
    unheld.settle(OneSpace([row(5, 4789)], [], link(4789)), holding, None)
    assert holding.evidence == {}


def test_rings_and_carriers_are_asked_for_what_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def fixed(place: tuple[int, int]) -> list[int]:
        assert place == (1, 3)
        return [5, 99, 5]

    def waiting(pid: int, number: int) -> list[int]:
        assert (pid, number) == (2, 4)
        return [5, 6]

    monkeypatch.setattr(descriptors, "fixed_sockets", fixed)
    monkeypatch.setattr(unix_queue, "waiting_sockets", waiting)
    holding = Holding(rings=[(1, 3)], carriers=[(2, 4), (2, 4)])
    unheld.settle(OneSpace([row(5), row(6)], []), holding, None)
    assert holding.evidence == {5: Evidence.FIXED_FILE, 6: Evidence.IN_FLIGHT}
    assert holding.places == {5: [(1, 3)], 6: [(2, 4)]}


def test_only_unix_sockets_are_asked_whether_they_carry_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def information(place: tuple[int, int]) -> dict[str, str]:
        return {(2, 4): {"scm_fds": "1"}, (2, 5): {"scm_fds": "0"}, (2, 6): {}}[place]

    def waiting(pid: int, number: int) -> list[int]:
        assert (pid, number) == (2, 4)
        return [5]

    monkeypatch.setattr(proc_net, "unix_inodes", lambda: {8, 9, 10, 11})
    monkeypatch.setattr(descriptors, "information", information)
    monkeypatch.setattr(unix_queue, "waiting_sockets", waiting)
    holding = Holding(others={7: (2, 3), 8: (2, 4), 9: (2, 5), 10: (2, 6)})
    unheld.settle(OneSpace([row(5)], []), holding, None)
    assert holding.evidence == {5: Evidence.IN_FLIGHT}


def test_rings_and_carriers_that_may_not_be_read_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*words: object) -> None:
        del words
        raise PermissionError

    monkeypatch.setattr(descriptors, "fixed_sockets", refuse)
    monkeypatch.setattr(descriptors, "information", refuse)
    monkeypatch.setattr(proc_net, "unix_inodes", lambda: {8})
    holding = Holding(rings=[(1, 3)], others={8: (2, 4)})
    unheld.settle(OneSpace([row(5)], []), holding, None)
    assert holding.evidence == {}


def test_nobody_who_may_be_read_is_called_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pidfd_open", None)
    holding = Holding()
    unheld.settle(OneSpace([row(5)], []), holding, None)
    assert holding.refused == []
