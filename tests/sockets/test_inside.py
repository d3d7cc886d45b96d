import socket
from pathlib import Path

import pytest
from actors import (
    CAP_BPF,
    CAP_DAC_OVERRIDE,
    CAP_DAC_READ_SEARCH,
    CAP_PERFMON,
    CAP_SYS_ADMIN,
    CAP_SYS_PTRACE,
    Actor,
    actor,
    look,
)

from tojimari.core.socket import Evidence, InsideView, Listener, Role
from tojimari.sockets import inside
from tojimari.sockets.holding import Method

METHODS = pytest.mark.parametrize("method", list(Method))
COMPLETE = pytest.mark.parametrize("method", [Method.BPF, Method.PROCFS])


def doors(view: InsideView, port: int) -> list[Listener]:
    return [door for door in view.listeners if door.endpoint.port == port]


def door(view: InsideView, port: int) -> Listener:
    (found,) = doors(view, port)
    return found


def holders(found: Listener) -> list[tuple[Evidence, int | None, tuple[int, ...]]]:
    return [(owner.evidence, owner.pid, owner.descriptors) for owner in found.owners]


LISTENER = "a = listener(); ready(port=a.getsockname()[1], fd=a.fileno(), inode=inode(a))"


@METHODS
def test_a_listening_socket_is_a_door_with_its_process(root: None, method: Method) -> None:
    with actor(LISTENER) as server:
        found = door(inside.view(method=method), server["port"])
    assert found.endpoint.address == "127.0.0.1"
    assert found.inodes == (server["inode"],)
    assert found.role is Role.SERVER
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]
    assert found.owners[0].name == "python"


@METHODS
def test_all_methods_find_the_same(root: None, method: Method) -> None:
    bodies = (
        LISTENER,
        "a = listener('::1'); ready(port=a.getsockname()[1])",
        "a = socket.socket(type=socket.SOCK_DGRAM); a.bind(('127.0.0.1', 7007)); ready(port=7007)",
    )
    with actor(bodies[0]) as one, actor(bodies[1]) as two, actor(bodies[2]) as three:
        ports = {one["port"], two["port"], three["port"]}
        view = inside.view(method=method)
        found = {
            (each.endpoint.port, owner.pid)
            for each in view.listeners
            if each.endpoint.port in ports
            for owner in each.owners
        }
    assert found == {(one["port"], one.pid), (two["port"], two.pid), (7007, three.pid)}
    assert view.method == method


@COMPLETE
def test_everybody_who_shares_a_socket_is_named(root: None, method: Method) -> None:
    body = """
a = listener()
child = os.fork()
if not child:
    sys.stdin.readline()
    os._exit(0)
b = os.dup(a.fileno())
ready(port=a.getsockname()[1], child=child, fds=[a.fileno(), b])
"""
    with actor(body) as server:
        found = door(inside.view(method=method), server["port"])
    first, second = server["fds"]
    assert holders(found) == [
        (Evidence.DESCRIPTOR, server.pid, (first, second)),
        (Evidence.DESCRIPTOR, server["child"], (first,)),
    ]


def test_a_door_may_take_ipv6_only_or_both(root: None) -> None:
    body = """
both, only = listener("::", IPV6_V6ONLY=0), listener("::", IPV6_V6ONLY=1)
ready(both=both.getsockname()[1], only=only.getsockname()[1])
"""
    with actor(body) as server:
        view = inside.view()
    assert door(view, server["both"]).v6only is False
    assert door(view, server["only"]).v6only is True


def test_an_ipv4_address_inside_ipv6_is_an_ipv4_door(root: None) -> None:
    body = """
a = listener("::ffff:127.0.0.1", IPV6_V6ONLY=0)
ready(port=a.getsockname()[1])
"""
    with actor(body) as server:
        found = door(inside.view(), server["port"])
    assert found.endpoint.address == "127.0.0.1"
    assert found.v6only is None


UDP = """
def udp(how):
    one = socket.socket(type=socket.SOCK_DGRAM)
    how(one)
    return one, one.getsockname()[1]
low, high = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
server, at = udp(lambda one: one.bind(("127.0.0.1", low + 1)))
outside, out = udp(lambda one: one.bind(("127.0.0.1", low - 1)))
client, by = udp(lambda one: one.sendto(b"", ("127.0.0.1", 9)))
named, on = udp(lambda one: one.bind(("127.0.0.1", 0)))
talking, to = udp(lambda one: one.connect(("127.0.0.1", 9)))
ready(server=at, outside=out, client=by, named=on, talking=to)
"""


def test_udp_clients_are_told_from_servers(root: None) -> None:
    with actor(UDP) as program:
        view = inside.view(method=Method.BPF)
    assert door(view, program["server"]).role is Role.SERVER
    assert door(view, program["outside"]).role is Role.SERVER
    assert door(view, program["client"]).role is Role.CLIENT
    assert door(view, program["named"]).role is Role.UNSURE


def test_without_bpf_only_what_is_sure_is_called_a_server(root: None) -> None:
    with actor(UDP) as program:
        view = inside.view(method=Method.PROCFS)
    assert door(view, program["outside"]).role is Role.SERVER
    assert door(view, program["client"]).role is Role.UNSURE
    assert door(view, program["server"]).role is Role.UNSURE
    assert "udp-role-unknown" in [each.message.code for each in view.unseen]


def test_a_udp_socket_with_a_peer_is_no_door(root: None) -> None:
    with actor(UDP) as program:
        view = inside.view()
    assert doors(view, program["talking"]) == []


def test_a_socket_that_is_bound_but_does_not_listen_is_no_door(root: None) -> None:
    body = """
a = socket.socket(); a.bind(("127.0.0.1", 0)); ready(port=a.getsockname()[1])
"""
    with actor(body) as program:
        view = inside.view()
    assert doors(view, program["port"]) == []


@COMPLETE
def test_sockets_that_share_a_port_are_one_door(root: None, method: Method) -> None:
    body = """
a = listener(SO_REUSEPORT=1)
port = a.getsockname()[1]
b = listener(port=port, SO_REUSEPORT=1)
child = os.fork()
if not child:
    a.close(); b.close()
    c = listener(port=port, SO_REUSEPORT=1)
    ready(port=port, fds=[3, 4], child=os.getpid(), childs=c.fileno())
    os._exit(0)
os.waitpid(child, 0)
"""
    with actor(body) as server:
        found = door(inside.view(method=method), server["port"])
    assert len(found.inodes) == 3
    assert {(owner.pid, owner.descriptors) for owner in found.owners} == {
        (server.pid, tuple(server["fds"])),
        (server["child"], (server["childs"],)),
    }


def test_a_door_may_be_open_to_one_interface_only(root: None) -> None:
    body = "a = listener('0.0.0.0', SO_BINDTODEVICE=b'lo'); ready(port=a.getsockname()[1])"
    with actor(body) as server:
        found = door(inside.view(), server["port"])
    assert found.interface == "lo"


def test_a_door_at_a_group_address_is_multicast(root: None) -> None:
    body = """
a = socket.socket(type=socket.SOCK_DGRAM); a.bind(("224.0.0.251", 7353)); ready(port=7353)
"""
    with actor(body):
        found = door(inside.view(), 7353)
    assert found.multicast
    assert found.role is Role.SERVER


def test_backlog_and_queue_are_those_of_the_kernel(root: None) -> None:
    body = """
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen(7)
b = socket.create_connection(a.getsockname())
ready(port=a.getsockname()[1])
"""
    with actor(body) as server:
        found = door(inside.view(), server["port"])
    assert (found.backlog, found.queued) == (7, 1)


def test_a_multipath_listener_is_one_door_with_its_process(root: None) -> None:
    body = """
a = socket.socket(proto=262); a.bind(("127.0.0.1", 0)); a.listen()
ready(port=a.getsockname()[1], fd=a.fileno())
"""
    with actor(body) as server:
        for method in Method:
            found = door(inside.view(method=method), server["port"])
            assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


@COMPLETE
def test_a_process_whose_first_thread_has_ended_still_holds_its_doors(
    root: None, method: Method
) -> None:
    body = """
a = listener()
threading.Thread(target=ready, kwargs={"port": a.getsockname()[1], "fd": a.fileno()}).start()
libc.pthread_exit(None)
"""
    with actor(body) as server:
        found = door(inside.view(method=method), server["port"])
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


@METHODS
def test_every_namespace_is_looked_into(root: None, method: Method) -> None:
    body = "space = own_network(); a = listener(); ready(port=a.getsockname()[1], space=space)"
    with actor(body) as server:
        view = inside.view(method=method)
        found = door(view, server["port"])
    assert found.netns == server["space"]
    assert [owner.pid for owner in found.owners] == [server.pid]
    (space,) = [each for each in view.namespaces if each.inode == server["space"]]
    assert space.pids == (server.pid,)
    assert [(each.name, each.kind) for each in space.interfaces] == [("lo", "loopback")]
    assert space.interfaces[0].addresses == ("127.0.0.1/8", "::1/128")


def test_only_our_own_namespace_is_looked_into_on_demand(root: None) -> None:
    body = "space = own_network(); a = listener(); ready(port=a.getsockname()[1], space=space)"
    with actor(body) as server:
        view = inside.view(namespaces=False)
    assert [space.inode for space in view.namespaces] == [Path("/proc/self/ns/net").stat().st_ino]
    assert doors(view, server["port"]) == []
