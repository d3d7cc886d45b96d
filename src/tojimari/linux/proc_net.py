"""Sockets from ``/proc/net``, for kernels that were built without socket diagnosis.

These files know neither the control group nor whether an IPv6 socket refuses IPv4.

Source: proc_pid_net(5); get_tcp4_sock in net/ipv4/tcp_ipv4.c: addresses are written as 32-bit
words in the machine's byte order, everything in hexadecimal but user and inode.
"""

import os
import sys
from _socket import AF_INET
from collections.abc import Iterable, Iterator

from tojimari.linux.sock_diag import LISTEN, Row

_WORD = 8  # hexadecimal digits
_UNIX_INODE = 6  # which column
_SCTP_STATE = 3  # which column
_FIELDS = 10  # slot, local, remote, state, queues, timer, retransmissions, user, timeout, inode


def rows(transport: str, family: int, states: int) -> Iterator[Row]:
    """The sockets of this thread's network namespace; none where there is no such file.

    Args:
        transport: ``tcp`` or ``udp``.
        family: ``AF_INET`` or ``AF_INET6``.
        states: Bit n for state n.
    """
    suffix = "" if family == AF_INET else "6"
    try:
        # "self" would be the first thread, which may be in another namespace.
        with open(f"/proc/thread-self/net/{transport}{suffix}", "rb") as file:
            yield from parse(os.fsdecode(file.read()).splitlines(), family, states)
    except FileNotFoundError:
        return


def parse(lines: Iterable[str], family: int, states: int) -> Iterator[Row]:
    """Read the lines of one file; those that are no sockets are passed over."""
    for line in lines:
        fields = line.split()
        if len(fields) < _FIELDS or not fields[0].endswith(":"):
            continue
        try:
            row = _row(fields, family)
        except ValueError:
            continue
        if states >> row.state & 1:
            yield row


def unix_inodes() -> set[int]:
    """Inodes of the unix sockets of this thread's network namespace; empty where none is told."""
    try:
        with open("/proc/thread-self/net/unix", "rb") as file:
            return set(parse_unix(file.read().splitlines()))
    except OSError:
        return set()


def parse_unix(lines: Iterable[bytes]) -> Iterator[int]:
    """The inodes in ``unix`` (unix_seq_show in net/unix/af_unix.c), a socket a line."""
    for line in lines:
        fields = line.split(None, _UNIX_INODE + 1)
        if len(fields) > _UNIX_INODE and fields[_UNIX_INODE].isdigit():
            yield int(fields[_UNIX_INODE])


def sctp_doors() -> int:
    """How many SCTP sockets of this thread's network namespace listen; 0 without SCTP."""
    try:
        with open("/proc/thread-self/net/sctp/eps", "rb") as file:
            return count_sctp(os.fsdecode(file.read()).splitlines())
    except OSError:
        return 0


def count_sctp(lines: Iterable[str]) -> int:
    """The listening sockets among the lines of ``eps`` (net/sctp/proc.c; SST is the state)."""
    return sum(line.split()[_SCTP_STATE : _SCTP_STATE + 1] == [str(LISTEN)] for line in lines)


def _row(fields: list[str], family: int) -> Row:
    """One socket.

    Raises:
        ValueError: It is no number.
    """
    address, port = _end(fields[1])
    peer, peer_port = _end(fields[2])
    state = int(fields[3], 16)
    sending, _, receiving = fields[4].partition(":")
    return Row(
        family=family,
        state=state,
        port=port,
        peer_port=peer_port,
        address=address,
        peer=peer,
        interface=0,
        queued=int(receiving, 16),
        # The length of a listener's queue is not told.
        backlog=0 if state == LISTEN else int(sending, 16),
        uid=int(fields[7]),
        inode=int(fields[9]),
        cgroup=0,
        v6only=None,
    )


def _end(text: str) -> tuple[bytes, int]:
    """Address and port, from ``0100007F:0050``."""
    words, _, port = text.partition(":")
    packed = b"".join(
        int(words[start : start + _WORD], 16).to_bytes(4, sys.byteorder)
        for start in range(0, len(words), _WORD)
    )
    return packed, int(port, 16)
