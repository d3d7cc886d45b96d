"""Calls of Sun RPC (RFC 5531): the list of programs that a portmapper keeps (RFC 1833)."""

import struct
from collections.abc import Iterator

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Peer
from tojimari.services.octets import Cursor

QUIC_LONG_HEADER = 0xC0000000  # RFC 9000, section 17.2
PORTMAPPER, VERSION, DUMP = 100000, 2, 4
REPLY, ACCEPTED, SUCCESS = 1, 0, 0
NAMES = {
    100000: "portmapper",
    100003: "nfs",
    100005: "mountd",
    100021: "nlockmgr",
    100024: "status",
    100227: "nfs_acl",
    100004: "ypserv",
    100001: "rstatd",
    100002: "rusersd",
}
MOST = 200  # entries


def number(peer: Peer) -> int:
    """A call's number over UDP; its first two bits are those of a long header of QUIC's."""
    return peer.number() | QUIC_LONG_HEADER


def dump(number: int) -> bytes:
    """The call that asks for every registered program."""
    call = (number, 0, 2, PORTMAPPER, VERSION, DUMP, 0, 0, 0, 0)
    return struct.pack(">10I", *call)


def service(message: bytes, number: int) -> Service | None:
    """The portmapper, by its answer.

    Raises:
        DamagedError: It ends too soon.
    """
    cursor = Cursor(message)
    if cursor.big(4) != number or cursor.big(4) != REPLY:
        return None
    details: dict[str, Value] = {}
    if cursor.big(4) == ACCEPTED:
        cursor.skip(4)
        cursor.skip(cursor.big(4))
        if cursor.big(4) != SUCCESS:
            return None
        details["programs"] = ", ".join(sorted(set(_programs(cursor))))
    return Service("rpcbind", evidence="RPC reply", details=details)


def _programs(cursor: Cursor) -> Iterator[str]:
    for _ in range(MOST):
        if not cursor or cursor.big(4) != 1:
            return
        program, version, protocol, port = (cursor.big(4) for _ in range(4))
        transport = {6: "tcp", 17: "udp"}.get(protocol, str(protocol))
        yield f"{NAMES.get(program, program)} {version} {transport}/{port}"
