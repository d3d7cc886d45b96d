"""TCP connections ended by the kernel: both ends learn at once that it is over (RST).

Each socket is named by the cookie that the kernel has just told. Named by its addresses alone, a
connection that has ended meanwhile would stand for the listening socket behind it, which would then
be closed instead.

Source: linux/sock_diag.h (SOCK_DESTROY), linux/inet_diag.h; net/ipv4/tcp_diag.c. It takes a kernel
with CONFIG_INET_DIAG_DESTROY, since Linux 4.5.
"""

import errno
import struct
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, inet_ntop
from collections.abc import Callable

from tojimari.linux import sock_diag
from tojimari.linux.netlink import NLM_F_ACK, NetlinkSocket, messages

SOCK_DESTROY = 21
# struct inet_diag_req_v2: family, protocol, extensions, padding, states; then the identity of one
# socket (struct inet_diag_sockid), as the answer to a dump has it behind its own four bytes.
_REQUEST = struct.Struct("=BBBBI48s")
_IDENTITY = struct.Struct("!4xHH16s16s12x")
_START, _SIZE = 4, 48
_GONE = {errno.ENOENT, errno.ESTALE, errno.EINVAL}
_ADDRESS = {AF_INET: 4, AF_INET6: 16}
_STATES = sock_diag.TCP_CONNECTIONS & ~(1 << sock_diag.TIME_WAIT)  # there nobody holds it any more

End = tuple[str, int]


def destroy(netlink: NetlinkSocket, wanted: Callable[[End, End], bool]) -> list[tuple[End, End]]:
    """End every connection that is wanted.

    Args:
        netlink: A conversation with ``NETLINK_SOCK_DIAG``, in the network namespace that is meant.
        wanted: Given address and port of this end and of the other, whether it is to be ended. IPv4
            addresses of a socket for both families come as ``::ffff:192.0.2.1``.

    Returns:
        Those that were ended.

    Raises:
        OSError: We may not, or the kernel cannot (EOPNOTSUPP).
        NetlinkError: What came is no netlink message.
    """
    ended: list[tuple[End, End]] = []
    for family, size in _ADDRESS.items():
        for datagram in sock_diag.raw(netlink, family, IPPROTO_TCP, _STATES):
            for kind, body in messages(datagram):
                if kind != sock_diag.SOCK_DIAG_BY_FAMILY or len(body) < _START + _SIZE:
                    continue
                port, peer_port, address, peer = _IDENTITY.unpack_from(body)
                local = inet_ntop(family, address[:size]), port
                remote = inet_ntop(family, peer[:size]), peer_port
                identity = bytes(body[_START : _START + _SIZE])
                if wanted(local, remote) and _end(netlink, family, identity):
                    ended.append((local, remote))
    return ended


def _end(netlink: NetlinkSocket, family: int, identity: bytes) -> bool:
    request = _REQUEST.pack(family, IPPROTO_TCP, 0, 0, _STATES, identity)
    try:
        netlink.ask(SOCK_DESTROY, request, NLM_F_ACK)
    except OSError as error:
        if error.errno in _GONE:
            return False
        raise
    return True
