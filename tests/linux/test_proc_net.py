import os
import socket

import pytest

from tojimari.linux import proc_net, sock_diag
from tojimari.linux.sock_diag import ESTABLISHED, LISTEN

ALL = 0xFFF

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4321 1 0
   1: 0100007F:0050 0200007F:D431 01 00000005:00000007 00:00000000 00000000     0        0 99 1 0
garbage
   2: XYZ:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4321 1 0
"""


def test_a_listener_is_read() -> None:
    (found,) = proc_net.parse(TCP.splitlines(), socket.AF_INET, 1 << LISTEN)
    assert (found.port, found.queued, found.backlog) == (80, 3, 0)
    assert (found.uid, found.inode, found.cgroup, found.v6only) == (1000, 4321, 0, None)


def test_states_that_nobody_asked_for_are_passed_over() -> None:
    (found,) = proc_net.parse(TCP.splitlines(), socket.AF_INET, 1 << ESTABLISHED)
    assert (found.peer_port, found.queued, found.backlog) == (0xD431, 7, 5)


@pytest.mark.parametrize(
    ("transport", "protocol", "kind"),
    [("tcp", socket.IPPROTO_TCP, socket.SOCK_STREAM), ("udp", 17, socket.SOCK_DGRAM)],
)
@pytest.mark.parametrize(("family", "loopback"), [(socket.AF_INET, "127.0.0.1"), (10, "::1")])
def test_it_agrees_with_the_socket_diagnosis(
    network: None,
    transport: str,
    protocol: int,
    kind: socket.SocketKind,
    family: int,
    loopback: str,
) -> None:
    del network
    with socket.socket(family, kind) as one, sock_diag.connect() as netlink:
        one.bind((loopback, 0))
        if kind is socket.SOCK_STREAM:
            one.listen()
        port = one.getsockname()[1]
        slow = [each for each in proc_net.rows(transport, family, ALL) if each.port == port]
        quick = [
            each._replace(cgroup=0, v6only=None, backlog=0)
            for each in sock_diag.dump(netlink, family, protocol, ALL).rows
            if each.port == port
        ]
    assert len(slow) == 1
    assert slow == quick


def test_a_kernel_without_the_file_has_no_sockets_there() -> None:
    assert list(proc_net.rows("dccp", socket.AF_INET, ALL)) == []


SCTP = """\
 ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
   (ptr)    (ptr) 2   10  29   38412      0 12345 10.0.0.5
   (ptr)    (ptr) 2   7   30   38413      0 12346 10.0.0.5
"""


def test_listening_sctp_sockets_are_counted() -> None:
    assert proc_net.count_sctp(SCTP.splitlines()) == 1


def test_without_sctp_there_are_none() -> None:
    assert proc_net.sctp_doors() == 0


UNIX = b"""\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 1633 @/tmp/x y
0000000000000000: 00000003 00000000 00000000 0001 03 12
short
"""


def test_unix_sockets_are_listed_by_inode() -> None:
    assert list(proc_net.parse_unix(UNIX.splitlines())) == [1633, 12]


def test_a_unix_socket_of_ours_is_listed(network: None) -> None:
    del network
    left, right = socket.socketpair()
    with left, right:
        assert os.fstat(left.fileno()).st_ino in proc_net.unix_inodes()
