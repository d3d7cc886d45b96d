import pytest

from tojimari.linux import assembler
from tojimari.linux.assembler import FRAME, R0, R1, R2, R3, Assembler


def test_instructions_are_eight_bytes_each() -> None:
    assert Assembler().set(R0, -1).exit().build().hex(" ", 8) == (
        "b7000000ffffffff 9500000000000000"
    )


def test_registers_share_a_byte() -> None:
    assert Assembler().move(R1, FRAME).build().hex() == "bfa1000000000000"


def test_on_the_other_byte_order_they_are_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assembler, "_LITTLE", False)
    assert Assembler().move(R1, FRAME).build()[1] == 0x1A


@pytest.mark.parametrize(("size", "operation"), [(1, 0x71), (2, 0x69), (4, 0x61), (8, 0x79)])
def test_loads_have_a_size(size: int, operation: int) -> None:
    code = Assembler().load(size, R1, R2, -8).build()
    assert (code[0], code[1], code[2:4]) == (operation, 0x21, b"\xf8\xff")


def test_stores_are_of_a_register_or_a_value() -> None:
    code = Assembler().store(4, FRAME, -8, R1).store_value(8, FRAME, -16, 5).build()
    assert code.hex(" ", 8) == "631af8ff00000000 7a0af0ff05000000"


def test_sums_masks_and_shifts() -> None:
    code = Assembler().add(R1, R2).add_value(R1, 2).mask(R1, 3).shift_left(R1, 4).shift_right(R1, 5)
    assert [code.build()[8 * line] for line in range(5)] == [0x0F, 0x07, 0x57, 0x67, 0x77]


def test_a_map_takes_two_instructions() -> None:
    code = Assembler().load_map(R1, 9).call(130).build()
    assert code.hex(" ", 8) == "1811000009000000 0000000000000000 8500000082000000"


def test_jumps_go_to_their_labels_forwards_and_back() -> None:
    code = (
        Assembler()
        .label("start")
        .jump_if(R3, 1, "end")
        .jump_unless(R3, 2, "end")
        .jump_above(R3, 3, "end")
        .jump_over(R3, R1, "end")
        .jump("start")
        .label("end")
        .exit()
        .build()
    )
    distances = [int.from_bytes(code[8 * line + 2 : 8 * line + 4], "little") for line in range(5)]
    assert distances == [4, 3, 2, 1, 0xFFFB]
    assert [code[8 * line] for line in range(5)] == [0x15, 0x55, 0x25, 0x2D, 0x05]


def test_a_jump_to_nowhere_is_an_error() -> None:
    with pytest.raises(KeyError):
        Assembler().jump("nowhere").build()
