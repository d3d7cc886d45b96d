import numpy as np

from tojimari.scan import probe
from tojimari.scan.bulk_frames import LAYOUT, RECORD, Stencil, veil

OURS = b"\xc0\0\2\1"
FIRST_PORT = 61440


def test_records_make_the_frames_that_are_made_one_by_one() -> None:
    rng = np.random.default_rng(5)
    count = 500
    addresses = rng.integers(0, 1 << 32, count, np.uint32)
    ports = rng.integers(0, 1 << 16, count, np.uint16)
    numbers = rng.integers(0, 1 << 32, count, np.uint32)
    slots = rng.integers(0, 64, count).astype(np.uint16)
    stencil = Stencil(int.from_bytes(OURS, "big"), b"\2\0\0\0\0\1", b"\2\0\0\0\0\2", FIRST_PORT)
    records = np.zeros((count, RECORD), ">u2")
    stencil.record(records, addresses, ports, numbers)
    rows = np.zeros((count, 64), np.uint8)
    stencil.lay(rows)
    stencil.fill(rows.view(">u2"), records, slots)
    for row, address, port, number, slot in zip(
        rows, addresses.tolist(), ports.tolist(), numbers.tolist(), slots.tolist(), strict=True
    ):
        frame = row.tobytes()[: LAYOUT.length]
        packed = address.to_bytes(4, "big")
        head = probe.syn(4, OURS, packed, FIRST_PORT + slot, number)
        assert frame[:14] == b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
        assert frame[14:34] == head[:20]
        assert frame[34:36] == head[20:22]
        assert frame[36:38] == port.to_bytes(2, "big")
        assert frame[38:42] == head[24:28]
        pseudo = OURS + packed + b"\0\6\0\x18"
        assert probe.checksum(pseudo + frame[34:]) == 0


def test_the_constant_part_of_a_try_holds_its_port_and_its_window() -> None:
    stencil = Stencil(1, bytes(6), bytes(6), FIRST_PORT)
    first, second = stencil.frame(0), stencil.frame(1)
    assert len(first) == LAYOUT.length
    assert int.from_bytes(second[34:36], "big") == FIRST_PORT + 1
    assert int.from_bytes(first[48:50], "big") - int.from_bytes(second[48:50], "big") == 1


def test_the_veil_depends_on_address_port_and_key() -> None:
    addresses = np.array([1, 2, 1, 1], np.uint32)
    ports = np.array([80, 80, 81, 80], np.uint16)
    one, two, three, four = veil(addresses, ports, (1, 2)).tolist()
    assert len({one, two, three}) == 3
    assert one == four
    assert veil(addresses, ports, (1, 3)).tolist()[0] != one
