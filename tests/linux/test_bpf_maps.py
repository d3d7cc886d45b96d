import os

import pytest

from tojimari.linux import bpf, packet_socket
from tojimari.linux.assembler import R0, R1, R2, R3, R6, R7, Assembler
from tojimari.linux.bpf_maps import Area, Table

pytestmark = pytest.mark.usefixtures("root")
LOOKUP = 1  # linux/bpf.h


def test_an_area_is_written_by_a_program_and_read_here() -> None:
    """A filter that adds up the lengths of UDP datagrams sent over the loopback interface."""
    area = Area(64)
    table = Table(4, 8, 4)
    table.put((17).to_bytes(4, "little"), (1 << 40).to_bytes(8, "little"))
    code = Assembler().move(R6, R1)
    code.load(4, R7, R6, 4).jump_if(R7, 4, "out")  # what goes out comes in again
    code.load_packet(1, 14 + 9).store(4, 10, -4, R0).jump_unless(R0, 17, "out")
    code.load_map(R1, table.descriptor).move(R2, 10).add_value(R2, -4).call(LOOKUP)
    code.jump_if(R0, 0, "out").load(8, R7, R0, 0)
    code.load_map_value(R3, area.descriptor, 8).fetch_add(8, R3, 0, R7)
    code.load_packet(2, 14 + 20 + 4).load_map_value(R3, area.descriptor, 16)
    code.fetch_add(8, R3, 0, R0)
    code.label("out").set(R0, 0).exit()
    program = bpf.load(code.build(), bpf.SOCKET_FILTER)
    heard = packet_socket.frames("lo", program=program)
    try:
        import socket  # noqa: PLC0415 - the one test that speaks

        with socket.socket(type=socket.SOCK_DGRAM) as one:
            for length in (1, 2, 3):
                one.sendto(bytes(length), ("127.0.0.1", 9))
        counted = int.from_bytes(area.memory[8:16], "little")
        total = int.from_bytes(area.memory[16:24], "little")
    finally:
        heard.close()
        os.close(program)
        table.close()
        area.close()
    assert counted == 3 << 40
    assert total == 3 * 8 + 1 + 2 + 3


def test_an_area_that_cannot_be_mapped_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object, **more: object) -> None:
        del words, more
        raise OSError(12, "no memory")

    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names, not paths
    monkeypatch.setattr("mmap.mmap", refuse)
    with pytest.raises(OSError, match="no memory"):
        Area(64)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208 - the same


def test_a_full_table_takes_no_more() -> None:
    table = Table(4, 4, 1)
    table.put(bytes(4), bytes(4))
    with pytest.raises(OSError, match="Argument list too long"):
        table.put(b"\1\0\0\0", bytes(4))
    table.close()
