"""The program that makes probes inside the kernel: it lays records over a constant frame.

The area that it shares with us: for each lane a head (how many frames it has made, then the
constant part of a frame) and a row of the numbers of the records whose turn it is; then the
records.
"""

from tojimari.linux.assembler import R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, Assembler
from tojimari.linux.live_frames import DROP, TX
from tojimari.scan.bulk_frames import LAYOUT, PIECES, RECORD

QUEUE = 1 << 12  # probes of one run at most
TEMPLATE = 64  # where in a head the constant part of a frame is
HEAD = 128  # bytes
LANE = HEAD + 4 * QUEUE  # bytes
_RECORD_BITS = 4
_WORD = 8

assert 2 * RECORD == 1 << _RECORD_BITS  # noqa: S101 - what the shift below relies on


def size(lanes: int, records: int) -> int:
    """Bytes of the area."""
    return LANE * lanes + (records << _RECORD_BITS)


def program(area: int, lane: int, lanes: int, records: int) -> bytes:
    """Write it.

    Args:
        area: Descriptor of the map.
        lane: Which lane it is for.
        lanes: How many there are.
        records: How many records there are, a power of two.
    """
    code = Assembler().load(4, R6, R1, 0).load(4, R7, R1, 4)
    code.move(R2, R6).add_value(R2, LAYOUT.length).jump_over(R2, R7, "away")
    code.load_map_value(R9, area, LANE * lane)
    code.load(8, R1, R9, 0).move(R3, R1).add_value(R3, 1).store(8, R9, 0, R3)
    code.mask(R1, QUEUE - 1).shift_left(R1, 2)
    code.load_map_value(R8, area, LANE * lane + HEAD).add(R8, R1).load(4, R3, R8, 0)
    code.mask(R3, records - 1).shift_left(R3, _RECORD_BITS)
    code.load_map_value(R4, area, LANE * lanes).add(R4, R3)
    # The whole frame each time: the kernel uses frames again, and whoever had one may have
    # written into it.
    for at in range(0, LAYOUT.length, _WORD):
        rest = LAYOUT.length - at
        piece = min(_WORD, rest)
        code.load(piece, R5, R9, TEMPLATE + at).store(piece, R6, at, R5)
    for of, length, at in PIECES:
        code.load(length, R5, R4, of).store(length, R6, at, R5)
    code.set(R0, TX).exit()
    return code.label("away").set(R0, DROP).exit().build()
