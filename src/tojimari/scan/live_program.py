"""The programs that make probes inside the kernel: they lay records over a constant frame.

The area that they share with us: for each lane a head (how many frames it has made; what the device
said when it took no more; the constant part of a frame) and a row of the numbers of the records
whose turn it is; then the records.
"""

from tojimari.linux.assembler import R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, Assembler
from tojimari.linux.copied_frames import CLONE_REDIRECT, DATA, DATA_END
from tojimari.linux.live_frames import DROP, TX
from tojimari.scan.bulk_frames import LAYOUT, PIECES, RECORD

QUEUE = 1 << 12  # probes of one turn at most
REFUSED = 8  # where in a head it is what the device said
TEMPLATE = 64  # where in a head the constant part of a frame is
HEAD = 128  # bytes
LANE = HEAD + 4 * QUEUE  # bytes
_RECORD_BITS = 4
_WORD = 8

assert 2 * RECORD == 1 << _RECORD_BITS  # noqa: S101 - what the shift below relies on


def size(lanes: int, records: int) -> int:
    """Bytes of the area."""
    return LANE * lanes + (records << _RECORD_BITS)


def for_device(area: int, lane: int, lanes: int, records: int) -> bytes:
    """Write the one whose frames are given to a device as they are (``linux.live_frames``).

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
    _lay(code, area, lane, lanes, records)
    code.set(R0, TX).exit()
    return code.label("away").set(R0, DROP).exit().build()


def for_copies(area: int, lane: int, lanes: int, records: int, device: int) -> bytes:
    """Write the one that has copies sent (``linux.copied_frames``), until one is not taken.

    Args:
        area: Descriptor of the map.
        lane: Which lane it is for.
        lanes: How many there are.
        records: How many records there are, a power of two.
        device: The index of what the copies leave by.
    """
    code = Assembler().move(R7, R1)
    code.load_map_value(R9, area, LANE * lane)
    code.load(8, R1, R9, REFUSED).jump_unless(R1, 0, "away")
    code.load(4, R6, R7, DATA).load(4, R3, R7, DATA_END)
    code.move(R2, R6).add_value(R2, LAYOUT.length).jump_over(R2, R3, "away")
    code.load(8, R1, R9, 0)
    _lay(code, area, lane, lanes, records)
    code.move(R1, R7).set(R2, device).set(R3, 0).call(CLONE_REDIRECT)
    code.jump_unless(R0, 0, "refused")
    code.load(8, R1, R9, 0).add_value(R1, 1).store(8, R9, 0, R1)
    code.label("away").set(R0, 0).exit()
    return code.label("refused").store(8, R9, REFUSED, R0).set(R0, 0).exit().build()


def _lay(code: Assembler, area: int, lane: int, lanes: int, records: int) -> None:
    """Write the frame at r6 whose number in the row r1 holds; r9 holds the lane's head."""
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
