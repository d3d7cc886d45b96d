import numpy as np

from tojimari.scan import probe
from tojimari.scan.bulk_frames import LAYOUT, Stencil, veil


def test_columns_make_the_frames_that_are_made_one_by_one() -> None:
    rng = np.random.default_rng(5)
    count = 500
    addresses = rng.integers(0, 1 << 32, count, np.uint32)
    ports = rng.integers(0, 1 << 16, count, np.uint16)
    numbers = rng.integers(0, 1 << 32, count, np.uint32)
    sources = rng.integers(61440, 61504, count).astype(np.uint16)
    rows = np.zeros((count, 64), np.uint8)
    stencil = Stencil(0xC0000201, b"\2\0\0\0\0\1", b"\2\0\0\0\0\2")
    stencil.lay(rows)
    stencil.fill(rows.view(">u2"), addresses, ports, numbers, sources)
    for row, address, port, number, source in zip(
        rows, addresses.tolist(), ports.tolist(), numbers.tolist(), sources.tolist(), strict=True
    ):
        frame = row.tobytes()[: LAYOUT.length]
        packed = address.to_bytes(4, "big")
        head = probe.syn(4, b"\xc0\0\2\1", packed, source, number)
        assert frame[:14] == b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
        assert frame[14:34] == head[:20]
        assert frame[34:36] == head[20:22]
        assert frame[36:38] == port.to_bytes(2, "big")
        assert frame[38:42] == head[24:28]
        pseudo = b"\xc0\0\2\1" + packed + b"\0\6\0\x18"
        assert probe.checksum(pseudo + frame[34:]) == 0


def test_the_veil_depends_on_address_port_and_key() -> None:
    addresses = np.array([1, 2, 1, 1], np.uint32)
    ports = np.array([80, 80, 81, 80], np.uint16)
    one, two, three, four = veil(addresses, ports, (1, 2)).tolist()
    assert len({one, two, three}) == 3
    assert one == four
    assert veil(addresses, ports, (1, 3)).tolist()[0] != one
