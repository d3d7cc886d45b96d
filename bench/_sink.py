"""A machine that is millions: a program in its kernel drops what is sent to 99 addresses of 100.

Runs in the far machine's namespace, until it is killed: _sink.py INTERFACE FIRST_PORT tc|xdp. What
is sent to an address that 100 divides goes on to the machine's own TCP, which takes every address
of the network for its own.
"""

import signal
import socket
import sys

from tojimari.linux import bpf
from tojimari.linux.assembler import R0, R1, R2, R3, R4, R6, Assembler

ONE_IN = 100
_SCHED_CLS, _XDP = 3, 6  # enum bpf_prog_type
_TCX_INGRESS, _ON_XDP = 46, 37  # enum bpf_attach_type
_PASS, _SHOT = 0, 2  # linux/pkt_cls.h
_XDP_DROP, _XDP_PASS = 1, 2  # enum xdp_action
_IPV4, _TARGET = 0x0800, 30  # of a frame: its type, and where the target's address is
_SYN = 0x02


def tc() -> bytes:
    """For frames that have become packets of the kernel's."""
    code = Assembler().move(R6, R1)
    code.load_packet(2, 12).jump_unless(R0, _IPV4, "on")
    code.load_packet(4, _TARGET)
    _divided(code, R0)
    return _ends(code, _PASS, _SHOT)


def xdp() -> bytes:
    """For frames that have not."""
    code = Assembler().load(4, R2, R1, 0).load(4, R3, R1, 4)
    code.move(R4, R2).add_value(R4, 54).jump_over(R4, R3, "on")
    code.load(1, R0, R2, 12).jump_unless(R0, _IPV4 >> 8, "on")
    code.load(1, R0, R2, 13).jump_unless(R0, _IPV4 & 0xFF, "on")
    code.set(R0, 0)
    for at in range(_TARGET, _TARGET + 4):
        code.shift_left(R0, 8).load(1, R4, R2, at).join(R0, R4)
    _divided(code, R0)
    return _ends(code, _XDP_PASS, _XDP_DROP)


def _divided(code: Assembler, address: int) -> None:
    """Go on where ``ONE_IN`` divides it; r1 to r3 are lost."""
    code.move(R1, address).divide(R1, ONE_IN)
    for at, bits in enumerate((6, 5, 2)):  # 64 + 32 + 4
        code.move(R3, R1).shift_left(R3, bits)
        if at:
            code.add(R2, R3)
        else:
            code.move(R2, R3)
    code.subtract(R2, address).jump_if(R2, 0, "on")


def _ends(code: Assembler, on: int, away: int) -> bytes:
    code.set(R0, away).exit()
    return code.label("on").set(R0, on).exit().build()


def main() -> None:
    """Attach it, say so, and stay."""
    interface, how = sys.argv[1:]
    index = socket.if_nametoindex(interface)
    kind, attach, code = (
        (_XDP, _ON_XDP, xdp()) if how == "xdp" else (_SCHED_CLS, _TCX_INGRESS, tc())
    )
    program = bpf.load(code, kind, attach=attach if how == "xdp" else 0)
    bpf.link(program, attach, index)
    print("ready", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
