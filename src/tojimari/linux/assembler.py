"""BPF programs, written out instruction by instruction: no compiler is needed at run time.

An instruction is eight bytes: operation, destination and source register, offset, immediate value.
Registers: r0 is a result, r1 to r5 are arguments and lost by a call, r6 to r9 are kept, r10 is the
end of the stack frame.

Source: Documentation/bpf/standardization/instruction-set.rst (RFC 9669).
"""

import struct
import sys
from typing import Self

R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FRAME = range(11)

_LITTLE = sys.byteorder == "little"
_INSTRUCTION = struct.Struct("=BBhi")

# Sizes in bytes to the size bits of the operation (BPF_B, BPF_H, BPF_W, BPF_DW).
_SIZE = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
_LDX, _ST, _STX = 0x61, 0x62, 0x63  # with BPF_MEM, size bits still to be added
_MOV, _MOV_IMMEDIATE = 0xBF, 0xB7
_ADD, _ADD_IMMEDIATE = 0x0F, 0x07
_SUB, _OR, _XOR = 0x1F, 0x4F, 0xAF
_AND_IMMEDIATE, _LSH_IMMEDIATE, _RSH_IMMEDIATE = 0x57, 0x67, 0x77
_MOV_32, _DIV_IMMEDIATE = 0xBC, 0x37
_JA, _JEQ_IMMEDIATE, _JNE_IMMEDIATE, _JGT_IMMEDIATE = 0x05, 0x15, 0x55, 0x25
_JGT = 0x2D
_JSET_IMMEDIATE, _JSGE_IMMEDIATE = 0x45, 0x75
_LD_ABSOLUTE = 0x20  # with the size bits: a number out of the packet, into r0
_ATOMIC, _FETCH_ADD = 0xC3, 0x01  # BPF_STX | BPF_ATOMIC; BPF_ADD | BPF_FETCH
_CALL, _EXIT = 0x85, 0x95
_LD_IMMEDIATE_64 = 0x18
_PSEUDO_MAP_FD = 1  # BPF_PSEUDO_MAP_FD
_PSEUDO_MAP_VALUE = 2  # BPF_PSEUDO_MAP_VALUE


class Assembler:
    """A program in the making; every method adds one instruction and returns the assembler."""

    def __init__(self) -> None:
        self._instructions: list[tuple[int, int, int, int, int]] = []
        self._labels: dict[str, int] = {}
        self._jumps: list[tuple[int, str]] = []

    def _add(
        self, operation: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0
    ) -> Self:
        self._instructions.append((operation, target, source, offset, value))
        return self

    def move(self, target: int, source: int) -> Self:
        """``target = source``."""
        return self._add(_MOV, target, source)

    def set(self, target: int, value: int) -> Self:
        """``target = value``."""
        return self._add(_MOV_IMMEDIATE, target, value=value)

    def add(self, target: int, source: int) -> Self:
        """``target += source``."""
        return self._add(_ADD, target, source)

    def add_value(self, target: int, value: int) -> Self:
        """``target += value``."""
        return self._add(_ADD_IMMEDIATE, target, value=value)

    def subtract(self, target: int, source: int) -> Self:
        """``target -= source``."""
        return self._add(_SUB, target, source)

    def join(self, target: int, source: int) -> Self:
        """``target |= source``."""
        return self._add(_OR, target, source)

    def differ(self, target: int, source: int) -> Self:
        """``target ^= source``."""
        return self._add(_XOR, target, source)

    def narrow(self, target: int) -> Self:
        """Keep the lower 32 bits of ``target``."""
        return self._add(_MOV_32, target, target)

    def divide(self, target: int, value: int) -> Self:
        """``target /= value``, both without a sign."""
        return self._add(_DIV_IMMEDIATE, target, value=value)

    def mask(self, target: int, value: int) -> Self:
        """``target &= value``."""
        return self._add(_AND_IMMEDIATE, target, value=value)

    def shift_left(self, target: int, bits: int) -> Self:
        """``target <<= bits``."""
        return self._add(_LSH_IMMEDIATE, target, value=bits)

    def shift_right(self, target: int, bits: int) -> Self:
        """``target >>= bits``, zeros following."""
        return self._add(_RSH_IMMEDIATE, target, value=bits)

    def load(self, size: int, target: int, source: int, offset: int) -> Self:
        """``target = *(source + offset)``, ``size`` bytes, zeros before them."""
        return self._add(_LDX | _SIZE[size], target, source, offset)

    def store(self, size: int, target: int, offset: int, source: int) -> Self:
        """``*(target + offset) = source``, ``size`` bytes."""
        return self._add(_STX | _SIZE[size], target, source, offset)

    def store_value(self, size: int, target: int, offset: int, value: int) -> Self:
        """``*(target + offset) = value``, ``size`` bytes."""
        return self._add(_ST | _SIZE[size], target, offset=offset, value=value)

    def load_packet(self, size: int, offset: int) -> Self:
        """``r0`` = the number at an offset in the packet, out of network byte order.

        r6 must hold the program's context; r1 to r5 are lost. Where the packet is shorter, the
        program ends with 0.
        """
        return self._add(_LD_ABSOLUTE | _SIZE[size], value=offset)

    def fetch_add(self, size: int, target: int, offset: int, source: int) -> Self:
        """``*(target + offset) += source``, of 4 or 8 bytes, and ``source`` = what was there.

        Nobody sees half of it, and what was stored before is seen before it.
        """
        operation = _ATOMIC | _SIZE[size]
        return self._add(operation, target, source, offset, _FETCH_ADD)

    def load_map_value(self, target: int, descriptor: int, offset: int) -> Self:
        """``target`` = the address of a byte in the one element of an array map."""
        self._add(_LD_IMMEDIATE_64, target, _PSEUDO_MAP_VALUE, value=descriptor)
        return self._add(0, value=offset)

    def load_map(self, target: int, descriptor: int) -> Self:
        """``target`` = the map that the descriptor refers to."""
        self._add(_LD_IMMEDIATE_64, target, _PSEUDO_MAP_FD, value=descriptor)
        return self._add(0)

    def call(self, helper: int) -> Self:
        """Call a helper of the kernel by its number in linux/bpf.h."""
        return self._add(_CALL, value=helper)

    def exit(self) -> Self:
        """Leave with what r0 holds."""
        return self._add(_EXIT)

    def jump(self, label: str) -> Self:
        """Go on at a label."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JA)

    def jump_if(self, register: int, value: int, label: str) -> Self:
        """Go on at a label where the register holds the value."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JEQ_IMMEDIATE, register, value=value)

    def jump_unless(self, register: int, value: int, label: str) -> Self:
        """Go on at a label where the register holds another value."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JNE_IMMEDIATE, register, value=value)

    def jump_above(self, register: int, value: int, label: str) -> Self:
        """Go on at a label where the register, without a sign, holds more than the value."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JGT_IMMEDIATE, register, value=value)

    def jump_over(self, register: int, other: int, label: str) -> Self:
        """Go on at a label where the register, without a sign, holds more than the other."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JGT, register, other)

    def jump_if_any(self, register: int, value: int, label: str) -> Self:
        """Go on at a label where the register has some bit of the value."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JSET_IMMEDIATE, register, value=value)

    def jump_unless_negative(self, register: int, label: str) -> Self:
        """Go on at a label where the register, with a sign, holds 0 or more."""
        self._jumps.append((len(self._instructions), label))
        return self._add(_JSGE_IMMEDIATE, register)

    def label(self, name: str) -> Self:
        """Name the next instruction."""
        self._labels[name] = len(self._instructions)
        return self

    def build(self) -> bytes:
        """The program.

        Raises:
            KeyError: A jump goes to a label that is nowhere.
        """
        for position, label in self._jumps:
            operation, target, source, _, value = self._instructions[position]
            distance = self._labels[label] - position - 1
            self._instructions[position] = (operation, target, source, distance, value)
        return b"".join(
            _INSTRUCTION.pack(operation, _registers(target, source), offset, value)
            for operation, target, source, offset, value in self._instructions
        )


def _registers(target: int, source: int) -> int:
    """Both register numbers in one byte; which half is which depends on the machine."""
    return source << 4 | target if _LITTLE else target << 4 | source
