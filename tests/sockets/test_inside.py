import errno
import gc
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import (
    CAP_BPF,
    CAP_PERFMON,
    CAP_SYS_ADMIN,
    CAP_SYS_PTRACE,
    actor,
    look,
)
from tojimari.core.errors import HostError, PrivilegeError, TojimariError
from tojimari.core.socket import Evidence, InsideView, Listener, Role
from tojimari.linux import libc, namespaces
from tojimari.sockets import inside, table
from tojimari.sockets.holding import Holding, Method
from tojimari.sockets.table import Table
from tojimari.sockets.walk import Walk

pytestmark = pytest.mark.usefixtures("network")
METHODS = pytest.mark.parametrize("method", list(Method))
COMPLETE = pytest.mark.parametrize("method", [Method.BPF, Method.PROCFS])


def doors(view: InsideView, port: int, netns: int | None = None) -> list[Listener]:
    """The doors at a port of one namespace, by default our own; others are not ours to test."""
    space = Path("/proc/self/ns/net").stat().st_ino if netns is None else netns
    return [door for door in view.listeners if (door.endpoint.port, door.netns) == (port, space)]


def door(view: InsideView, port: int, netns: int | None = None) -> Listener:
    (found,) = doors(view, port, netns)
    return found


def doors_of(view: InsideView, pid: int) -> list[Listener]:
    return [door for door in view.listeners if pid in [owner.pid for owner in door.owners]]


def holders(found: Listener) -> list[tuple[Evidence, int | None, tuple[int, ...]]]:
    return [(owner.evidence, owner.pid, owner.descriptors) for owner in found.owners]


LISTENER = "a = listener(); ready(port=a.getsockname()[1], fd=a.fileno(), inode=inode(a))"


@METHODS
def test_a_listening_socket_is_a_door_with_its_process(method: Method) -> None:
    with actor(LISTENER) as server:
        found = door(inside.view(method=method), server["port"])
    assert found.endpoint.address == "127.0.0.1"
    assert found.inodes == (server["inode"],)
    assert found.role is Role.SERVER
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]
    assert found.owners[0].name == "python"


@METHODS
def test_all_methods_find_the_same(method: Method) -> None:
    bodies = (
        LISTENER,
        "a = listener('::1'); ready(port=a.getsockname()[1])",
        "a = socket.socket(type=socket.SOCK_DGRAM); a.bind(('127.0.0.1', 7007)); ready(port=7007)",
    )
    with actor(bodies[0]) as one, actor(bodies[1]) as two, actor(bodies[2]) as three:
        view = inside.view(method=method)
    found = [
        [each.endpoint.port for each in doors_of(view, server.pid)] for server in (one, two, three)
    ]
    assert found == [[one["port"]], [two["port"]], [7007]]
    assert view.method == method


@COMPLETE
def test_everybody_who_shares_a_socket_is_named(method: Method) -> None:
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
    # In the order of their numbers, which begin again after the last that there is.
    assert holders(found) == sorted(
        [
            (Evidence.DESCRIPTOR, server.pid, (first, second)),
            (Evidence.DESCRIPTOR, server["child"], (first,)),
        ]
    )


def test_a_door_may_take_ipv6_only_or_both() -> None:
    body = """
both, only = listener("::", IPV6_V6ONLY=0), listener("::", IPV6_V6ONLY=1)
ready(both=both.getsockname()[1], only=only.getsockname()[1])
"""
    with actor(body) as server:
        view = inside.view()
    assert door(view, server["both"]).v6only is False
    assert door(view, server["only"]).v6only is True


def test_an_ipv4_address_inside_ipv6_is_an_ipv4_door() -> None:
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


@pytest.mark.usefixtures("root")
def test_udp_clients_are_told_from_servers() -> None:
    with actor(UDP) as program:
        view = inside.view(method=Method.BPF)
    assert door(view, program["server"]).role is Role.SERVER
    assert door(view, program["outside"]).role is Role.SERVER
    assert door(view, program["client"]).role is Role.CLIENT
    assert door(view, program["named"]).role is Role.UNSURE


def test_without_bpf_only_what_is_sure_is_called_a_server() -> None:
    with actor(UDP) as program:
        view = inside.view(method=Method.PROCFS)
    assert door(view, program["outside"]).role is Role.SERVER
    assert door(view, program["client"]).role is Role.UNSURE
    assert door(view, program["server"]).role is Role.UNSURE
    assert "udp-role-unknown" in [each.message.code for each in view.unseen]


def test_a_udp_socket_with_a_peer_is_no_door() -> None:
    with actor(UDP) as program:
        view = inside.view()
    assert program["talking"] not in [each.endpoint.port for each in doors_of(view, program.pid)]


def test_a_socket_that_is_bound_but_does_not_listen_is_no_door() -> None:
    body = """
a = socket.socket(); a.bind(("127.0.0.1", 0)); ready(port=a.getsockname()[1])
"""
    with actor(body) as program:
        view = inside.view()
    assert doors_of(view, program.pid) == []


@COMPLETE
def test_sockets_that_share_a_port_are_one_door(method: Method) -> None:
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


def test_a_door_may_be_open_to_one_interface_only() -> None:
    body = "a = listener('0.0.0.0', SO_BINDTODEVICE=b'lo'); ready(port=a.getsockname()[1])"
    with actor(body) as server:
        found = door(inside.view(), server["port"])
    assert found.interface == "lo"


def test_a_door_at_a_group_address_is_multicast() -> None:
    body = """
a = socket.socket(type=socket.SOCK_DGRAM); a.bind(("224.0.0.251", 7353)); ready(port=7353)
"""
    with actor(body):
        found = door(inside.view(), 7353)
    assert found.multicast
    assert found.role is Role.SERVER


def test_backlog_and_queue_are_those_of_the_kernel() -> None:
    body = """
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen(7)
b = socket.create_connection(a.getsockname())
ready(port=a.getsockname()[1])
"""
    with actor(body) as server:
        found = door(inside.view(), server["port"])
    assert (found.backlog, found.queued) == (7, 1)


@pytest.mark.usefixtures("root")
def test_a_multipath_listener_is_one_door_with_its_process() -> None:
    body = """
a = socket.socket(proto=262); a.bind(("127.0.0.1", 0)); a.listen()
ready(port=a.getsockname()[1], fd=a.fileno())
"""
    with actor(body) as server:
        for method in Method:
            found = door(inside.view(method=method), server["port"])
            assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


@COMPLETE
def test_a_process_whose_first_thread_has_ended_still_holds_its_doors(method: Method) -> None:
    body = """
a = listener()
threading.Thread(target=ready, kwargs={"port": a.getsockname()[1], "fd": a.fileno()}).start()
libc.pthread_exit(None)
"""
    with actor(body) as server:
        found = door(inside.view(method=method), server["port"])
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


@METHODS
def test_every_namespace_is_looked_into(method: Method) -> None:
    body = "space = own_network(); a = listener(); ready(port=a.getsockname()[1], space=space)"
    with actor(body) as server:
        view = inside.view(method=method)
        found = door(view, server["port"], server["space"])
    assert [owner.pid for owner in found.owners] == [server.pid]
    (space,) = [each for each in view.namespaces if each.inode == server["space"]]
    assert space.pids == (server.pid,)
    assert [(each.name, each.kind) for each in space.interfaces] == [("lo", "loopback")]
    assert space.interfaces[0].addresses == ("127.0.0.1/8", "::1/128")


def test_only_our_own_namespace_is_looked_into_on_demand() -> None:
    body = "space = own_network(); a = listener(); ready(port=a.getsockname()[1], space=space)"
    with actor(body) as server:
        view = inside.view(namespaces=False)
    assert [space.inode for space in view.namespaces] == [Path("/proc/self/ns/net").stat().st_ino]
    assert doors_of(view, server.pid) == []


@METHODS
def test_a_namespace_that_is_only_mounted_is_known_by_its_name(method: Method) -> None:
    body = """
os.makedirs("/run/netns", exist_ok=True)
open("/run/netns/empty-house", "w").close()
space = own_network()
assert libc.mount(b"/proc/thread-self/ns/net", b"/run/netns/empty-house", None, 4096, None) == 0
ready(space=space)
"""
    with actor(body) as builder:
        space = builder["space"]
    try:
        view = inside.view(method=method)
    finally:
        subprocess.run(["umount", "/run/netns/empty-house"], check=True)
        Path("/run/netns/empty-house").unlink()
    (found,) = [each for each in view.namespaces if each.inode == space]
    assert (found.name, found.is_host, found.pids) == ("empty-house", False, ())


LEFT = """
home = os.open("/proc/self/ns/net", os.O_RDONLY)
space = own_network()
a = listener()
assert libc.setns(home, 0) == 0
ready(port=a.getsockname()[1], space=space, fd=a.fileno())
"""


@COMPLETE
def test_a_door_whose_owner_has_left_its_namespace_is_found(method: Method) -> None:
    with actor(LEFT) as server:
        found = door(inside.view(method=method), server["port"], server["space"])
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


@COMPLETE
def test_a_namespace_that_is_only_open_as_a_file_is_entered(method: Method) -> None:
    # Only the second method reads every descriptor; the first finds it by the socket in it.
    body = """
home = os.open("/proc/self/ns/net", os.O_RDONLY)
space = own_network()
away = os.open("/proc/self/ns/net", os.O_RDONLY)
a = listener()
assert libc.setns(home, 0) == 0
ready(port=a.getsockname()[1], space=space)
"""
    with actor(body) as server:
        view = inside.view(method=method)
    assert server["space"] in [space.inode for space in view.namespaces]


@pytest.mark.usefixtures("root")
def test_a_namespace_that_may_not_be_entered_is_counted() -> None:
    with actor(LEFT) as server:
        view = look(f"without({CAP_SYS_ADMIN}, {CAP_SYS_PTRACE})")
    assert doors(view, server["port"], server["space"]) == []
    (unseen,) = [each for each in view.unseen if each.message.code == "namespace-not-permitted"]
    assert unseen.hides_doors
    assert unseen.count >= 1


@METHODS
def test_a_process_may_hold_a_door_of_a_namespace_that_it_is_not_in(method: Method) -> None:
    body = "a = listener(); own_network(); ready(port=a.getsockname()[1], fd=a.fileno())"
    with actor(body) as server:
        found = door(inside.view(method=method), server["port"])
    assert found.netns == Path("/proc/self/ns/net").stat().st_ino
    assert holders(found) == [(Evidence.DESCRIPTOR, server.pid, (server["fd"],))]


RING = """
libc.syscall.argtypes = [ctypes.c_long] * 5
setup = ctypes.create_string_buffer(120)
ring = libc.syscall(425, 8, ctypes.addressof(setup), 0, 0)
assert ring >= 0
a = listener()
port, number = a.getsockname()[1], inode(a)
files = array.array("i", [a.fileno()])
assert libc.syscall(427, ring, 2, files.buffer_info()[0], 1) == 0
a.close()
ready(port=port, inode=number)
"""


@METHODS
def test_a_door_that_only_an_io_uring_holds_has_its_process(method: Method) -> None:
    with actor(RING) as server:
        found = door(inside.view(method=method), server["port"])
    assert holders(found) == [(Evidence.FIXED_FILE, server.pid, ())]
    assert found.inodes == (server["inode"],)


FLYING = """
a = listener()
port = a.getsockname()[1]
left, right = socket.socketpair(socket.AF_UNIX, socket.{kind})
socket.send_fds(left, [b"here"], [a.fileno()])
a.close()
left.close()
ready(port=port)
"""


@METHODS
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET"])
def test_a_door_on_its_way_between_processes_has_the_carrier(method: Method, kind: str) -> None:
    with actor(FLYING.format(kind=kind)) as server:
        found = door(inside.view(method=method), server["port"])
    assert holders(found) == [(Evidence.IN_FLIGHT, server.pid, ())]


def test_looking_at_a_door_on_its_way_takes_nothing_out() -> None:
    body = """
a = listener()
port = a.getsockname()[1]
left, right = socket.socketpair()
socket.send_fds(left, [b"here"], [a.fileno()])
a.close()
ready(port=port)
data, descriptors, flags, _ = socket.recv_fds(right, 100, 1)
with socket.socket(fileno=descriptors[0]) as again:
    ready(data=data.decode(), port=again.getsockname()[1])
"""
    with actor(body) as server:
        inside.view()
        assert server.go_on() == {"data": "here", "port": server["port"]}


def test_a_process_that_peeks_with_an_offset_is_not_disturbed() -> None:
    body = """
a = listener()
port = a.getsockname()[1]
left, right = socket.socketpair()
right.setsockopt(socket.SOL_SOCKET, 42, 0)  # SO_PEEK_OFF
socket.send_fds(left, [b"here"], [a.fileno()])
a.close()
ready(port=port)
ready(peeked=right.recv(2, socket.MSG_PEEK).decode())
"""
    with actor(body) as server:
        found = door(inside.view(), server["port"])
        assert server.go_on() == {"peeked": "he"}
    assert [owner.evidence for owner in found.owners] == [Evidence.CGROUP]


VXLAN = """
import subprocess
space = own_network()
subprocess.run(["ip", "link", "add", "v0", "type", "vxlan", "id", "1", "dstport", "4789",
                "dev", "lo"], check=True)
subprocess.run(["ip", "link", "set", "v0", "up"], check=True)
ready(space=space)
"""


@pytest.mark.peers("ip")
@METHODS
def test_a_door_of_the_kernel_is_named_so(method: Method) -> None:
    with actor(VXLAN) as builder:
        view = inside.view(method=method)
        found = door(view, 4789, builder["space"])
    assert holders(found) == [(Evidence.KERNEL, None, ())]
    assert found.role is Role.SERVER


@pytest.mark.usefixtures("root")
def test_a_door_with_a_hidden_holder_is_never_called_the_kernels() -> None:
    """From inside a process namespace, the holder of a door outside of it cannot be seen."""
    with actor(LISTENER) as server:
        view = look(wrapper=("unshare", "--pid", "--fork", "--mount-proc"))
        found = door(view, server["port"])
    assert view.method == "bpf"
    assert [(owner.evidence, owner.pid) for owner in found.owners] == [(Evidence.CGROUP, None)]
    assert "holder-not-visible" in [each.message.code for each in view.unseen]


@pytest.mark.parametrize("method", [Method.BPF, Method.PROCFS])
def test_a_process_has_the_number_that_it_has_in_our_process_namespace(method: Method) -> None:
    body = """
import socket
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()
"""
    view = look(
        body,
        f"method=Method({method.value!r})",
        wrapper=("unshare", "--pid", "--fork", "--mount-proc"),
    )
    mine = [
        owner
        for each in view.listeners
        for owner in each.owners
        if owner.evidence is Evidence.DESCRIPTOR
    ]
    assert [(owner.pid, owner.name) for owner in mine] == [(1, "python")]


def test_root_without_a_capability_is_not_permitted_and_says_so(unit: Path) -> None:
    rights = (CAP_SYS_PTRACE, CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN)
    with actor(LISTENER, cgroup=unit) as server:
        view = look(f"without{rights}")
        found = door(view, server["port"])
    assert view.method == "procfs"
    assert holders(found) == [(Evidence.CGROUP, server.pid, ())]
    assert found.owners[0].unit == "web.service"
    assert found.owners[0].name == "python"
    told = {each.message.code: each for each in view.unseen}
    assert told["descriptors-not-permitted"].count >= 1
    assert told["descriptors-not-permitted"].next == ""
    assert told["capability-missing"].message.values == {
        "capabilities": "CAP_SYS_PTRACE, CAP_SYS_ADMIN"
    }


def test_nobody_sees_the_unit_of_every_door(unit: Path) -> None:
    with actor(LISTENER, cgroup=unit) as server:
        view = look("as_nobody()")
        found = door(view, server["port"])
    assert holders(found) == [(Evidence.CGROUP, server.pid, ())]
    assert found.owners[0].unit == "web.service"
    assert found.owners[0].cgroup == f"/{unit.parent.name}/web.service"
    told = {each.message.code: each for each in view.unseen}
    assert told["descriptors-not-permitted"].next == "sudo tojimari look"
    assert told["namespace-unknown"].hides_doors


@pytest.mark.usefixtures("root")
def test_nobody_sees_who_holds_its_own_doors() -> None:
    body = """
import socket, os
as_nobody()
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()
"""
    view = look(body)
    mine = [
        owner.name
        for each in view.listeners
        for owner in each.owners
        if owner.evidence is Evidence.DESCRIPTOR
    ]
    assert mine == ["python"]


def test_processes_that_are_hidden_are_said_to_be(unit: Path) -> None:
    hide = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
    with actor(LISTENER, cgroup=unit) as server:
        view = look("as_nobody()", wrapper=("unshare", "--mount", "sh", "-c", hide, "sh"))
        found = door(view, server["port"])
    assert "processes-hidden" in [each.message.code for each in view.unseen]
    assert [(owner.evidence, owner.pid, owner.name) for owner in found.owners] == [
        (Evidence.CGROUP, server.pid, None)
    ]
    assert found.owners[0].unit == "web.service"


def test_a_group_of_many_is_named_without_its_processes(unit: Path) -> None:
    body = """
for _ in range(10):
    if not os.fork():
        sys.stdin.readline()
        os._exit(0)
a = listener()
ready(port=a.getsockname()[1])
"""
    with actor(body, cgroup=unit) as server:
        found = door(look("as_nobody()"), server["port"])
    assert [(owner.pid, owner.unit) for owner in found.owners] == [(None, "web.service")]


def test_a_socket_keeps_the_group_of_its_maker(unit: Path) -> None:
    with actor(LISTENER, cgroup=unit) as server:
        (Path(unit).parent.parent / "cgroup.procs").write_text(str(server.pid))
        found = door(inside.view(), server["port"])
    assert found.owners[0].cgroup == f"/{unit.parent.name}/web.service"
    assert found.owners[0].unit is None


@pytest.mark.usefixtures("root")
def test_a_door_that_closes_during_the_look_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Walk.holding

    with actor(LISTENER) as server:

        def holding(walk: Walk) -> Holding:
            os.kill(server.pid, signal.SIGKILL)
            os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
            return original(walk)

        monkeypatch.setattr(Walk, "holding", holding)
        view = inside.view(method=Method.BPF)
    assert doors_of(view, server.pid) == []


def test_a_namespace_that_goes_during_the_look_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    original = namespaces.survey

    with actor("space = own_network(); ready(space=space)") as builder:

        def survey(pids: list[int]) -> namespaces.Survey:
            found = original(pids)
            os.kill(builder.pid, signal.SIGKILL)
            os.waitid(os.P_PID, builder.pid, os.WEXITED | os.WNOWAIT)
            return found

        monkeypatch.setattr(namespaces, "survey", survey)
        view = inside.view()
    assert builder["space"] not in [space.inode for space in view.namespaces]


@pytest.mark.peers("ss")
def test_the_doors_are_those_of_ss() -> None:
    body = """
held = [listener() for _ in range(20)] + [listener("::1") for _ in range(20)]
for address in ("127.0.0.1", "::1"):
    for _ in range(10):
        one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                            socket.SOCK_DGRAM)
        one.bind((address, 0))
        held.append(one)
both = listener("::")
shared = listener("0.0.0.0", SO_REUSEPORT=1)
again = listener("0.0.0.0", shared.getsockname()[1], SO_REUSEPORT=1)
ready()
"""
    with actor(body) as server:
        theirs = set(ss_doors(server.pid))
        view = inside.view()
    ours = {
        (
            each.endpoint.transport.value,
            each.endpoint.address,
            each.endpoint.port,
            owner.pid,
            descriptor,
        )
        for each in view.listeners
        for owner in each.owners
        if owner.pid == server.pid
        for descriptor in owner.descriptors
    }
    assert len(theirs) == 63
    assert ours == theirs


def ss_doors(pid: int) -> Iterator[tuple[str, str, int, int, int]]:
    """Transport, address, port, process and descriptor of every door of a process, by ss."""
    text = subprocess.run(["ss", "-Htulnp"], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        transport, _, _, _, local, *_ = line.split()
        address, _, port = local.rpartition(":")
        plain = address.strip("[]").partition("%")[0].replace("*", "::")
        for holder, descriptor in re.findall(r"pid=(\d+),fd=(\d+)", line):
            if int(holder) == pid:
                yield transport, plain, int(port), pid, int(descriptor)


@pytest.mark.parametrize(
    ("error", "expected"), [(PermissionError, PrivilegeError), (FileNotFoundError, HostError)]
)
def test_a_kernel_that_shows_no_table_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError], expected: type[TojimariError]
) -> None:
    def refuse(*, connections: bool) -> Table:
        del connections
        raise error(errno.EPERM, "no way")

    monkeypatch.setattr(table, "read", refuse)
    with pytest.raises(expected, match="no way"):
        inside.view()


def test_a_method_that_is_asked_for_and_not_permitted_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(command: int, attributes: bytearray) -> int:
        del command, attributes
        raise PermissionError(errno.EPERM, "no way")

    monkeypatch.setattr(libc, "bpf", refuse)
    with pytest.raises(PrivilegeError, match="not permitted"):
        inside.view(method=Method.BPF)
    assert inside.view().method == "procfs"
    assert inside.view(complete=False).method == "cgroup"


def test_what_the_tables_could_not_tell_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    original = table.read

    def read(*, connections: bool) -> Table:
        found = original(connections=connections)
        found.plain, found.changing, found.sctp = True, 1, 2
        return found

    monkeypatch.setattr(table, "read", read)
    told = {each.message.code: each for each in inside.view(namespaces=False).unseen}
    assert told["sctp-not-read"].count == 2
    assert {"table-changing", "no-socket-diagnosis"} <= set(told)


def test_a_shared_conversation_has_all_its_holders() -> None:
    body = """
a = listener()
b = socket.create_connection(a.getsockname())
c, _ = a.accept()
child = os.fork()
if not child:
    sys.stdin.readline()
    os._exit(0)
ready(port=b.getsockname()[1], fd=b.fileno(), child=child)
"""
    with actor(body) as program:
        view = inside.view(connections=True)
    (found,) = [
        each
        for each in view.connections
        if program.pid in [owner.pid for owner in each.owners]
        and each.local.port == program["port"]
    ]
    assert [owner.pid for owner in found.owners] == [program.pid, program["child"]]
    assert found.descriptors == ((program["fd"],), (program["fd"],))


def test_garbage_is_collected_afterwards_as_before() -> None:
    gc.disable()
    inside.view()
    assert not gc.isenabled()
    gc.enable()
    inside.view()
    assert gc.isenabled()
