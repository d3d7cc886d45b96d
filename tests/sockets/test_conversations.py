import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import actor
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.intent import PortRange
from tojimari.core.socket import Connection, Direction, Evidence, InsideView, Owner, TcpState
from tojimari.linux.sock_diag import ESTABLISHED, Row
from tojimari.linux.sysctl import PortSettings
from tojimari.sockets import inside
from tojimari.sockets.conversations import NOBODY, Held, Site, conversations
from tojimari.sockets.holding import Method

PORTS = PortSettings(PortRange(32768, 60999))
METHODS = pytest.mark.parametrize("method", list(Method))


def at(view: InsideView, port: int, netns: int | None = None) -> Connection:
    """The conversation at a port of one namespace, by default our own.

    What another test left behind at the same port stays a minute, and belongs to nobody.
    """
    space = Path("/proc/self/ns/net").stat().st_ino if netns is None else netns
    here = [each for each in view.connections if (each.local.port, each.netns) == (port, space)]
    (found,) = [each for each in here if each.state is not TcpState.TIME_WAIT] or here
    return found


def pids(owners: tuple[Owner, ...]) -> list[int | None]:
    return [owner.pid for owner in owners]


TALK = """
a = listener()
b = socket.create_connection(a.getsockname())
c, _ = a.accept()
ready(door=a.getsockname()[1], client=b.getsockname()[1], fds=[b.fileno(), c.fileno()])
"""


@METHODS
def test_both_ends_of_a_conversation_are_joined(network: None, method: Method) -> None:
    del network
    serve = "a = listener(); ready(port=a.getsockname()[1]); b, _ = a.accept(); ready()"
    call = "b = socket.create_connection(('127.0.0.1', {})); ready(port=b.getsockname()[1])"
    with actor(serve) as server, actor(call.format(server["port"])) as client:
        server.go_on()
        view = inside.view(connections=True, method=method)
    outgoing, incoming = at(view, client["port"]), at(view, server["port"])
    assert outgoing.direction is Direction.OUTGOING
    assert (pids(outgoing.owners), pids(outgoing.peers)) == ([client.pid], [server.pid])
    assert incoming.direction is Direction.INCOMING
    assert (pids(incoming.owners), pids(incoming.peers)) == ([server.pid], [client.pid])
    assert incoming.local == outgoing.remote
    assert incoming.state is TcpState.ESTABLISHED


def test_connections_are_left_out_unless_asked_for(network: None) -> None:
    del network
    with actor(TALK):
        assert inside.view().connections == ()


def test_what_nobody_has_accepted_yet_is_the_listeners(network: None) -> None:
    del network
    serve = "a = listener(); ready(port=a.getsockname()[1])"
    call = "b = socket.create_connection(('127.0.0.1', {})); ready(port=b.getsockname()[1])"
    with actor(serve) as server, actor(call.format(server["port"])) as client:
        view = inside.view(connections=True)
    waiting = at(view, server["port"])
    assert waiting.inode == 0
    assert pids(waiting.owners) == [server.pid]
    assert pids(waiting.peers) == [client.pid]
    assert pids(at(view, client["port"]).peers) == [server.pid]


def test_a_half_open_conversation_is_incoming(network: None) -> None:
    del network
    body = """
a = listener()
a.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
b = socket.create_connection(a.getsockname())
ready(door=a.getsockname()[1])
"""
    with actor(body) as server:
        found = at(inside.view(connections=True), server["door"])
    assert found.state is TcpState.SYN_RECEIVED
    assert found.direction is Direction.INCOMING
    assert pids(found.owners) == [server.pid]


def test_a_call_that_is_not_answered_is_outgoing(network: None) -> None:
    del network
    body = """
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen(0)
first = socket.create_connection(a.getsockname())
b = socket.socket(); b.setblocking(False); b.connect_ex(a.getsockname())
ready(port=b.getsockname()[1])
"""
    with actor(body) as client:
        found = at(inside.view(connections=True), client["port"])
    assert found.state is TcpState.SYN_SENT
    assert found.direction is Direction.OUTGOING
    assert pids(found.owners) == [client.pid]


def test_what_is_over_has_no_owner(network: None) -> None:
    del network
    body = """
a = listener()
b = socket.create_connection(a.getsockname())
c, _ = a.accept()
port = b.getsockname()[1]
b.close()
c.recv(1)
c.close()
ready(port=port)
"""
    with actor(body) as program:
        found = at(inside.view(connections=True), program["port"])
    assert found.state is TcpState.TIME_WAIT
    assert (found.inode, found.owners) == (0, ())
    assert found.direction is Direction.OUTGOING


def test_ipv4_inside_ipv6_is_joined_with_ipv4(network: None) -> None:
    del network
    body = """
a = listener("::", IPV6_V6ONLY=0)
b = socket.create_connection(("127.0.0.1", a.getsockname()[1]))
c, _ = a.accept()
ready(door=a.getsockname()[1], port=b.getsockname()[1])
"""
    with actor(body) as program:
        view = inside.view(connections=True)
    assert at(view, program["door"]).local.address == "127.0.0.1"
    assert at(view, program["door"]).direction is Direction.INCOMING
    assert at(view, program["port"]).direction is Direction.OUTGOING
    assert pids(at(view, program["port"]).peers) == [program.pid]


def test_udp_with_a_peer_is_a_conversation(network: None) -> None:
    del network
    body = """
a = socket.socket(type=socket.SOCK_DGRAM); a.bind(("127.0.0.1", 0))
b = socket.socket(type=socket.SOCK_DGRAM); b.connect(a.getsockname())
ready(door=a.getsockname()[1], port=b.getsockname()[1])
"""
    with actor(body) as program:
        found = at(inside.view(connections=True), program["port"])
    assert found.local.transport is Transport.UDP
    assert found.state is TcpState.ESTABLISHED
    assert found.remote.port == program["door"]


@pytest.mark.peers("ip")
def test_ends_in_two_namespaces_are_joined(network: None) -> None:
    del network
    house = """
ready(space=own_network())
a = listener("192.0.2.1")
ready(port=a.getsockname()[1])
b, _ = a.accept()
ready()
"""
    street = """
import subprocess
space = own_network()
ip = lambda *words: subprocess.run(["ip", *words], check=True)
ip("link", "add", "here", "type", "veth", "peer", "name", "there", "netns", "{pid}")
ip("addr", "add", "192.0.2.2/24", "dev", "here"); ip("link", "set", "here", "up")
enter = ["nsenter", "--net=/proc/{pid}/ns/net", "ip"]
subprocess.run([*enter, "addr", "add", "192.0.2.1/24", "dev", "there"], check=True)
subprocess.run([*enter, "link", "set", "there", "up"], check=True)
ready(space=space)
b = socket.create_connection(("192.0.2.1", int(sys.stdin.readline())))
ready(port=b.getsockname()[1])
"""
    with actor(house) as server, actor(street.format(pid=server.pid)) as client:
        port = server.go_on()["port"]
        called = client.go_on(f"\n{port}\n")["port"]
        server.go_on()
        view = inside.view(connections=True)
    incoming, outgoing = at(view, port, server["space"]), at(view, called, client["space"])
    assert (pids(incoming.owners), pids(incoming.peers)) == ([server.pid], [client.pid])
    assert (pids(outgoing.owners), pids(outgoing.peers)) == ([client.pid], [server.pid])
    assert outgoing.direction is Direction.OUTGOING


@pytest.mark.peers("ss")
def test_the_conversations_are_those_of_ss(network: None) -> None:
    del network
    body = """
doors = [listener() for _ in range(3)] + [listener("::1") for _ in range(3)]
held = []
for door in doors * 5:
    held.append(socket.create_connection(door.getsockname()[:2]))
    held.append(door.accept()[0])
ready()
"""
    with actor(body) as program:
        theirs = set(ss_connections(program.pid))
        view = inside.view(connections=True)
    ours = {
        (str(each.local), str(each.remote), owner.pid, descriptor)
        for each in view.connections
        for owner, descriptors in zip(each.owners, each.descriptors, strict=True)
        if owner.pid == program.pid
        for descriptor in descriptors
    }
    assert len(theirs) == 60
    assert ours == theirs


def ss_connections(pid: int) -> Iterator[tuple[str, str, int, int]]:
    """Both ends, process and descriptor of every conversation of a process, by ss."""
    text = subprocess.run(["ss", "-Htnp"], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        if "pid=" not in line:
            continue
        _, _, _, local, remote, *_ = line.split()
        for holder, descriptor in re.findall(r"pid=(\d+),fd=(\d+)", line):
            if int(holder) == pid:
                yield f"tcp {local}", f"tcp {remote}", pid, int(descriptor)


def row(local: str, remote: str, inode: int) -> Row:
    """An established conversation, each end as ``1.2.3.4:80``."""
    (address, port), (peer, peer_port) = local.split(":"), remote.split(":")
    return Row(
        family=2,
        state=ESTABLISHED,
        port=int(port),
        peer_port=int(peer_port),
        address=bytes(map(int, address.split("."))),
        peer=bytes(map(int, peer.split("."))),
        interface=0,
        queued=0,
        backlog=0,
        uid=0,
        inode=inode,
        cgroup=0,
        v6only=None,
    )


def joined(*spaces: list[Row]) -> dict[int, tuple[Direction, list[int | None]]]:
    """Direction and the process at the other end, by inode, which is the process, too."""
    sites = [Site(number, {Transport.TCP: rows}, (), PORTS) for number, rows in enumerate(spaces)]
    found = conversations(
        sites, lambda one: Held((Owner(Evidence.DESCRIPTOR, one.inode),), ((3,),))
    )
    return {each.inode: (each.direction, pids(each.peers)) for each in found}


def test_a_call_from_a_chosen_port_to_a_known_one_is_outgoing() -> None:
    found = joined([row("192.0.2.1:40000", "198.51.100.1:443", 1)])
    assert found == {1: (Direction.OUTGOING, [])}


def test_between_two_chosen_ports_nobody_knows_who_called() -> None:
    found = joined([row("192.0.2.1:40000", "198.51.100.1:50000", 1)])
    assert found == {1: (Direction.UNSURE, [])}


def test_a_known_port_without_its_door_does_not_tell_who_called() -> None:
    found = joined([row("192.0.2.1:443", "198.51.100.1:50000", 1)])
    assert found == {1: (Direction.UNSURE, [])}


def test_loopback_does_not_leave_its_namespace() -> None:
    found = joined(
        [row("127.0.0.1:40000", "127.0.0.1:50000", 1)],
        [row("127.0.0.1:50000", "127.0.0.1:40000", 2)],
    )
    assert found == {1: (Direction.UNSURE, []), 2: (Direction.UNSURE, [])}


def test_the_same_addresses_in_three_namespaces_are_not_joined() -> None:
    call = row("10.0.0.2:40000", "10.0.0.3:80", 1)
    found = joined([call], [row("10.0.0.3:80", "10.0.0.2:40000", 2)], [call._replace(inode=3)])
    assert found[2] == (Direction.UNSURE, [])
    assert found[1][1] == [2]


def test_a_socket_that_talks_to_itself_has_no_other_end() -> None:
    found = joined([row("127.0.0.1:40000", "127.0.0.1:40000", 1)])
    assert found == {1: (Direction.UNSURE, [])}


def test_a_socket_that_the_table_names_twice_is_one() -> None:
    one = row("127.0.0.1:40000", "127.0.0.1:80", 1)
    found = conversations([Site(1, {Transport.TCP: [one, one]}, (), PORTS)], lambda _: NOBODY)
    assert [each.local for each in found] == [Endpoint(Transport.TCP, "127.0.0.1", 40000)]


def test_this_process_is_left_as_it_was(network: None) -> None:
    del network
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
    inside.view(connections=True)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same
