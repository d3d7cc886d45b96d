"""Packets steered from one interface to another, by programs at traffic control's hooks.

Since Linux 6.6 a program is tied to a descriptor (TCX): others at the same hook are left as they
are, and whatever ends this process takes the program away. Before, it is a filter of the queueing
discipline ``clsact``, which stays until somebody removes it; its name says who made it, so that
the next one can.

Source: linux/bpf.h, linux/pkt_sched.h, linux/pkt_cls.h; RFC 826; RFC 4861, section 4.3.
"""

import contextlib
import errno
import ipaddress
import os
import struct
import sys
from _socket import AF_UNSPEC
from collections.abc import Callable, Collection
from enum import IntEnum
from pathlib import Path

from tojimari.linux import bpf
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, R4, R5, R6, Assembler
from tojimari.linux.netlink import (
    NETLINK_ROUTE,
    NLM_F_ACK,
    NLM_F_CREATE,
    NetlinkSocket,
    attribute,
    attributes,
    messages,
)

_STORE_BYTES, _REDIRECT = 9, 23  # helpers of linux/bpf.h
_INWARDS = 1  # BPF_F_INGRESS
_FIRST = 1 << 3  # BPF_F_BEFORE, with nothing named: before all others
_NEXT, _DROP = -1, 2  # TCX_NEXT = TC_ACT_UNSPEC, TCX_DROP = TC_ACT_SHOT

# Where things stand in a frame of Ethernet.
_FRAME = 14  # bytes of its header
_TYPE, _IPV4, _ARP, _IPV6 = 12, 0x0800, 0x0806, 0x86DD
_FROM = {4: 26, 6: 22}
_TO = {4: 30, 6: 38}
_OPERATION, _REPLY, _ASKER, _ASKED = 20, 2, 28, 38  # of ARP
_FOLLOWS, _ICMP6, _SORT, _SOLICITATION, _SOUGHT = 20, 58, 54, 135, 62

# Messages and attributes of traffic control (linux/rtnetlink.h, linux/pkt_cls.h).
_NEW_DISCIPLINE, _DEL_DISCIPLINE = 36, 37
_NEW_FILTER, _DEL_FILTER, _GET_FILTER = 44, 45, 46
_TC = struct.Struct("=BxxxiIII")  # struct tcmsg: family, interface, handle, parent, info
_CLSACT, _HANDLE = 0xFFFFFFF1, 0xFFFF0000
_KIND, _OPTIONS = 1, 2
_BPF_DESCRIPTOR, _BPF_NAME, _BPF_FLAGS, _DIRECT = 6, 7, 8, 1
_EXCLUSIVE = 0x200  # NLM_F_EXCL
_EVERY = 0x0003  # ETH_P_ALL
_RANK = 1  # the first of all filters
_OWNER = "tojimari"


class Hook(IntEnum):
    """Where a program stands (enum bpf_attach_type)."""

    INGRESS = 46
    EGRESS = 47


_PARENTS = {Hook.INGRESS: 0xFFFFFFF2, Hook.EGRESS: 0xFFFFFFF3}  # of clsact


def inwards(addresses: Collection[str], index: int) -> bytes:
    """A program that has what comes from some addresses come in by another interface.

    Everything else is dropped; of ARP, everything but answers.

    Args:
        addresses: One of each version at most.
        index: Of the interface by which it then comes in.
    """
    program = Assembler().move(R6, R1).load_packet(2, _TYPE)
    program.jump_if(R0, _IPV4, "4").jump_if(R0, _ARP, "arp").jump_if(R0, _IPV6, "6")
    program.label("drop").set(R0, _DROP).exit()
    program.label("arp").load_packet(2, _OPERATION).jump_unless(R0, _REPLY, "drop")
    for version, starts in ((4, _FROM[4]), (6, _FROM[6])):
        if version == 4:  # noqa: PLR2004 - IPv4
            _equal(program, _of(addresses, 4), _ASKER, "in", "drop")
        program.label(str(version))
        _equal(program, _of(addresses, version), starts, "in", "drop")
    program.label("in").set(R1, index).set(R2, _INWARDS).call(_REDIRECT).exit()
    return program.build()


def aside(addresses: Collection[str], index: int, hardware: bytes) -> bytes:
    """A program that takes what goes out to some addresses, and sends it by another interface.

    Questions for their link addresses go the same way. Everything else is left to whoever comes
    next.

    Args:
        addresses: One of each version at most.
        index: Of the interface by which it goes out instead.
        hardware: Link address of who takes it there, 6 bytes.
    """
    program = Assembler().move(R6, R1).load_packet(2, _TYPE)
    program.jump_if(R0, _IPV4, "4").jump_if(R0, _ARP, "arp").jump_if(R0, _IPV6, "6")
    program.label("pass").set(R0, _NEXT).exit()
    program.label("4")
    _equal(program, _of(addresses, 4), _TO[4], "take", "pass")
    program.label("arp")
    _equal(program, _of(addresses, 4), _ASKED, "take", "pass")
    program.label("6")
    _equal(program, _of(addresses, 6), _TO[6], "take", "sought")
    program.label("sought").load_packet(1, _FOLLOWS).jump_unless(R0, _ICMP6, "pass")
    program.load_packet(1, _SORT).jump_unless(R0, _SOLICITATION, "pass")
    _equal(program, _of(addresses, 6), _SOUGHT, "take", "pass")
    program.label("take")
    for at, byte in enumerate(hardware):
        program.store_value(1, FRAME, at - 8, byte)
    program.move(R1, R6).set(R2, 0).move(R3, FRAME).add_value(R3, -8)
    program.set(R4, len(hardware)).set(R5, 0).call(_STORE_BYTES)
    program.set(R1, index).set(R2, 0).call(_REDIRECT).exit()
    return program.build()


def stop(addresses: Collection[str]) -> bytes:
    """A program that drops what goes out to some addresses by an interface without frames.

    Args:
        addresses: One of each version at most.
    """
    program = Assembler().move(R6, R1).load_packet(1, 0).shift_right(R0, 4)
    program.jump_if(R0, 4, "4").jump_if(R0, 6, "6")
    program.label("pass").set(R0, _NEXT).exit()
    for version in (4, 6):
        program.label(str(version))
        _equal(program, _of(addresses, version), _TO[version] - _FRAME, "drop", "pass")
    program.label("drop").set(R0, _DROP).exit()
    return program.build()


def _of(addresses: Collection[str], version: int) -> bytes:
    found = (ipaddress.ip_address(one) for one in addresses)
    return next((one.packed for one in found if one.version == version), b"")


def _equal(program: Assembler, wanted: bytes, start: int, yes: str, no: str) -> None:
    """Go on at ``yes`` where the packet holds these bytes, else at ``no``."""
    if not wanted:
        program.jump(no)
        return
    # By halves: a comparison extends the sign of what has 32 bits.
    for at in range(0, len(wanted), 2):
        half = int.from_bytes(wanted[at : at + 2], "big")
        program.load_packet(2, start + at).jump_unless(R0, half, no)
    program.jump(yes)


def attach(program: bytes, index: int, hook: Hook) -> Callable[[], None]:
    """Have a program see every packet at an interface's hook, before all others there.

    Args:
        program: As ``inwards`` and ``aside`` make them.
        index: Of the interface.
        hook: Where.

    Returns:
        What takes it away.

    Raises:
        OSError: Not permitted, or this kernel cannot.
    """
    descriptor = bpf.load(program, bpf.SCHED_CLS, attach=0, name="tojimari_steer")
    try:
        try:
            held = bpf.link(descriptor, hook, index, _FIRST)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:
                raise
            return _filtered(descriptor, index, hook)
        return lambda: os.close(held)
    finally:
        os.close(descriptor)


def _filtered(descriptor: int, index: int, hook: Hook) -> Callable[[], None]:
    """The same before Linux 6.6."""
    clear(index)
    ours = _discipline(index)
    name = f"{_OWNER}:{os.getpid()}:{_born(os.getpid())}:{int(ours)}"
    options = attribute(_BPF_DESCRIPTOR, struct.pack("=I", descriptor))
    options += attribute(_BPF_NAME, name.encode() + b"\0")
    options += attribute(_BPF_FLAGS, struct.pack("=I", _DIRECT))
    body = _place(index, hook) + attribute(_KIND, b"bpf\0") + attribute(_OPTIONS, options)
    try:
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            netlink.ask(_NEW_FILTER, body, NLM_F_CREATE | _EXCLUSIVE | NLM_F_ACK)
    except OSError:
        if ours:
            _remove_discipline(index)
        raise

    def away() -> None:
        _remove(index, hook, ours=ours)

    return away


def clear(index: int) -> None:
    """Take away what processes left at an interface that were killed before Linux 6.6.

    Raises:
        OSError: The kernel refused.
    """
    for hook in Hook:
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            request = _TC.pack(AF_UNSPEC, index, 0, _PARENTS[hook], 0)
            try:
                found = netlink.dump(_GET_FILTER, request).datagrams
            except OSError:  # there is no such discipline, or no such interface
                continue
        for datagram in found:
            for kind, body in messages(datagram):
                if kind != _NEW_FILTER or len(body) < _TC.size:
                    continue
                values = attributes(attributes(body, _TC.size).get(_OPTIONS, b""))
                name = bytes(values.get(_BPF_NAME, b"")).rstrip(b"\0").decode("ascii", "replace")
                if name.startswith(f"{_OWNER}:") and not _lives(name):
                    _remove(index, hook, ours=name.endswith(":1"))


def _lives(name: str) -> bool:
    """Whether the process that gave a filter its name is still there."""
    _, pid, born, _ = (name + ":::").split(":")[:4]
    return pid.isdigit() and _born(int(pid)) == born


def _born(pid: int) -> str:
    """When a process began, in the kernel's ticks (proc_pid_stat(5), field 22)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def _discipline(index: int) -> bool:
    """See that an interface has the discipline; whether it had none."""
    body = _TC.pack(AF_UNSPEC, index, _HANDLE, _CLSACT, 0) + attribute(_KIND, b"clsact\0")
    try:
        with NetlinkSocket(NETLINK_ROUTE) as netlink:
            netlink.ask(_NEW_DISCIPLINE, body, NLM_F_CREATE | _EXCLUSIVE | NLM_F_ACK)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
        return False
    return True


def _remove_discipline(index: int) -> None:
    body = _TC.pack(AF_UNSPEC, index, _HANDLE, _CLSACT, 0)
    with contextlib.suppress(OSError), NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.ask(_DEL_DISCIPLINE, body, NLM_F_ACK)


def _remove(index: int, hook: Hook, *, ours: bool) -> None:
    with contextlib.suppress(OSError), NetlinkSocket(NETLINK_ROUTE) as netlink:
        netlink.ask(_DEL_FILTER, _place(index, hook), NLM_F_ACK)
    if ours:
        _remove_discipline(index)


def _place(index: int, hook: Hook) -> bytes:
    protocol = int.from_bytes(struct.pack("!H", _EVERY), sys.byteorder)
    return _TC.pack(AF_UNSPEC, index, 0, _PARENTS[hook], _RANK << 16 | protocol)
