import os
import socket
from collections.abc import Iterable
from contextlib import closing

import psutil
import pytest

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.socket import Connection, Direction, InsideView, Listener, Role, TcpState
from tojimari.sockets import portable
from tojimari.sockets.portable import Found, conversations, listeners, view

ME = os.getpid()


def tcp(address: str, port: int) -> Endpoint:
    return Endpoint(Transport.TCP, address, port)


def found(
    local: Endpoint,
    remote: Endpoint | None = None,
    state: TcpState = TcpState.ESTABLISHED,
    pid: int | None = ME,
    descriptor: int = 3,
) -> Found:
    return Found(local, remote, state, pid, descriptor)


def door_at(seen: InsideView, port: int) -> Listener:
    (door,) = [one for one in seen.listeners if one.endpoint.port == port]
    return door


@pytest.mark.usefixtures("network")
def test_a_door_of_our_own_is_seen_with_its_holder() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        door = door_at(view(), port)
        (owner,) = door.owners
        assert door.endpoint == tcp("127.0.0.1", port)
        assert door.role is Role.SERVER
        assert (owner.pid, owner.descriptors) == (ME, (server.fileno(),))
        assert owner.exe == psutil.Process().exe()


@pytest.mark.usefixtures("network")
def test_a_udp_door_is_seen_and_may_be_a_client() -> None:
    with closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as server:
        server.bind(("::1", 0))
        door = door_at(view(), server.getsockname()[1])
    assert (door.endpoint.address, door.role) == ("::1", Role.UNSURE)


@pytest.mark.usefixtures("network")
def test_both_ends_of_a_conversation_are_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        with closing(socket.create_connection(server.getsockname())):
            visitor, _ = server.accept()
            with closing(visitor):
                said = view(connections=True).connections
        port = server.getsockname()[1]
    ends = {one.direction: one for one in said if port in {one.local.port, one.remote.port}}
    assert set(ends) == {Direction.INCOMING, Direction.OUTGOING}
    incoming = ends[Direction.INCOMING]
    assert incoming.local.port == port
    assert [owner.pid for owner in (*incoming.owners, *incoming.peers)] == [ME, ME]


@pytest.mark.usefixtures("network")
def test_the_network_has_its_addresses() -> None:
    (host,) = view().namespaces
    (loopback,) = [one for one in host.interfaces if one.name == "lo"]
    assert loopback.addresses == ("127.0.0.1/8", "::1/128")
    assert (loopback.up, loopback.kind) == (True, "loopback")


@pytest.mark.usefixtures("network")
def test_what_is_missing_is_said() -> None:
    seen = view()
    assert (seen.method, seen.unseen[0].message.code) == ("psutil", "off-linux")


@pytest.mark.usefixtures("network")
def test_where_only_root_may_ask_for_all_each_process_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(kind: str) -> None:
        raise psutil.AccessDenied(None, kind)

    monkeypatch.setattr(psutil, "net_connections", refused)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        door = door_at(view(), server.getsockname()[1])
    assert [owner.pid for owner in door.owners] == [ME]


class Silent:
    """A process that tells nothing."""

    pid = 7

    def __init__(self, error: psutil.Error) -> None:
        self.error = error

    def net_connections(self, kind: str) -> list[object]:
        del kind
        raise self.error


def test_processes_that_do_not_tell_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(kind: str) -> None:
        raise psutil.AccessDenied(None, kind)

    def everybody() -> Iterable[Silent]:
        return [Silent(psutil.AccessDenied(7)), Silent(psutil.NoSuchProcess(8))]

    monkeypatch.setattr(psutil, "net_connections", refused)
    monkeypatch.setattr(psutil, "process_iter", everybody)
    unseen = view().unseen[1]
    assert (unseen.message.code, unseen.count) == ("processes-not-permitted", 1)
    assert unseen.hides_doors


def test_doors_of_nobody_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = [found(tcp("0.0.0.0", 80), state=TcpState.LISTEN, pid=None)]
    monkeypatch.setattr(portable, "_sockets", lambda: (lonely, 0))
    assert [one.message.code for one in view().unseen] == ["off-linux", "holder-not-told"]


def test_sockets_at_one_door_are_one() -> None:
    same = [
        found(tcp("0.0.0.0", 80), state=TcpState.LISTEN, descriptor=number) for number in (5, 4, -1)
    ]
    (door,) = listeners(same)
    assert [owner.descriptors for owner in door.owners] == [(4, 5)]


def test_a_process_that_is_gone_has_only_its_number() -> None:
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(2**22 + 1)
    (door,) = listeners([found(tcp("0.0.0.0", 80), state=TcpState.LISTEN, pid=2**22 + 1)])
    assert (door.owners[0].pid, door.owners[0].name) == (2**22 + 1, None)


def direction(local: Endpoint, remote: Endpoint, *doors: Endpoint) -> Direction:
    open_doors = listeners(found(one, state=TcpState.LISTEN) for one in doors)
    told: list[Connection] = list(conversations([found(local, remote)], open_doors))
    return told[0].direction


def test_who_came_to_a_door_knocked() -> None:
    local, remote = tcp("192.0.2.1", 80), tcp("192.0.2.9", 1024)
    assert direction(local, remote, tcp("0.0.0.0", 80)) is Direction.INCOMING


def test_who_has_a_port_that_nobody_may_register_knocked() -> None:
    assert direction(tcp("192.0.2.1", 50000), tcp("192.0.2.9", 443)) is Direction.OUTGOING


def test_where_nothing_tells_it_is_unsure() -> None:
    assert direction(tcp("192.0.2.1", 1500), tcp("192.0.2.9", 1600)) is Direction.UNSURE


def test_an_address_that_is_none_is_left_out() -> None:
    assert portable.endpoint(Transport.TCP, ("nonsense", 80)) is None
