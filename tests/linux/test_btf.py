import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import btf
from tojimari.linux.btf import Btf, BtfError, Kind

INT, STRUCT, UNION, TYPEDEF, CONST, FUNCTION, ENUM = 1, 4, 5, 8, 10, 12, 6


class Writer:
    """Makes a description by hand."""

    def __init__(self) -> None:
        self.types = b""
        self.strings = b"\0"

    def text(self, name: str) -> int:
        """Where a name is; each is written once, as the kernel's tools do."""
        found = self.strings.find(b"\0" + name.encode() + b"\0")
        if not name or found >= 0:
            return found + 1 if name else 0
        self.strings += name.encode() + b"\0"
        return len(self.strings) - len(name) - 1

    def add(
        self, kind: int, name: str, size: int, extra: bytes = b"", *, count: int = 0, flag: int = 0
    ) -> None:
        info = flag << 31 | kind << 24 | count
        self.types += struct.pack("=III", self.text(name), info, size) + extra

    def struct(
        self, name: str, *members: tuple[str, int, int], kind: int = STRUCT, flag: int = 0
    ) -> None:
        packed = b"".join(struct.pack("=III", self.text(one), *rest) for one, *rest in members)
        self.add(kind, name, 64, packed, count=len(members), flag=flag)

    def build(self) -> bytes:
        head = struct.pack(
            "=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings)
        )
        return head + self.types + self.strings


def description() -> Btf:
    made = Writer()
    made.add(INT, "int", 4, bytes(4))  # 1
    made.struct("inner", ("first", 1, 0), ("second", 1, 32))  # 2
    made.add(TYPEDEF, "inner_t", 2)  # 3
    made.add(CONST, "", 3)  # 4
    made.struct("", ("hidden", 1, 64), kind=UNION)  # 5
    made.struct("outer", ("plain", 1, 0), ("", 5, 128), ("nested", 4, 256))  # 6
    made.struct("flags", ("one", 1, 3 << 24 | 9), flag=1)  # 7
    made.add(FUNCTION, "outer", 1)  # 8
    made.add(ENUM, "colour", 4, bytes(16), count=2)  # 9
    made.struct("last")  # 10
    return Btf(made.build())


def test_types_are_found_by_kind_and_name() -> None:
    wanted = [
        (Kind.STRUCT, "outer"),
        (Kind.FUNCTION, "outer"),
        (Kind.TYPEDEF, "inner_t"),
        (Kind.STRUCT, "last"),
    ]
    assert list(description().find(wanted).values()) == [3, 6, 8, 10]


def test_what_is_not_there_is_left_out() -> None:
    assert description().find([(Kind.STRUCT, "nowhere"), (Kind.UNION, "outer")]) == {}


@pytest.mark.parametrize(
    ("number", "path", "bits"),
    [
        (6, "plain", 0),
        (6, "hidden", 192),
        (6, "nested.second", 288),
        (3, "second", 32),
        (7, "one", 9),
    ],
)
def test_members_are_found_through_names_and_anonymous_unions(
    number: int, path: str, bits: int
) -> None:
    assert description().member(number, path).bits == bits


@pytest.mark.parametrize(
    ("number", "path"), [(6, "nowhere"), (6, "plain.deeper"), (1, "first"), (99, "first")]
)
def test_a_member_that_is_not_there_is_an_error(number: int, path: str) -> None:
    with pytest.raises(BtfError):
        description().member(number, path)


def test_types_that_contain_themselves_come_to_an_end() -> None:
    made = Writer()
    made.struct("", ("", 1, 0))
    made.add(TYPEDEF, "round", 2)
    found = Btf(made.build())
    for number in (1, 2):
        with pytest.raises(BtfError):
            found.member(number, "x")


def broken(change: int, value: int) -> bytes:
    made = Writer()
    made.struct("one", ("first", 1, 0))
    data = bytearray(made.build())
    struct.pack_into("=I", data, change, value)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(24),
        broken(12, 1000),
        broken(12, 20),
        broken(12, 30),
        broken(20, 1000),
    ],
)
def test_what_is_no_description_is_an_error(data: bytes) -> None:
    with pytest.raises(BtfError):
        Btf(data)


@given(st.integers(0, 150), st.integers(0, 255))
def test_no_flipped_byte_crashes_the_reader(position: int, value: int) -> None:
    made = Writer()
    made.struct("outer", ("first", 1, 0), ("", 1, 128))
    made.add(CONST, "", 1)
    data = bytearray(made.build())
    data[position % len(data)] = value
    try:
        found = Btf(bytes(data))
        found.find([(Kind.STRUCT, "outer")])
        found.member(2, "first.second")
    except BtfError:
        return


def test_the_kernels_own_is_read() -> None:
    found = btf.kernel()
    (number,) = found.find([(Kind.STRUCT, "sock")]).values()
    assert found.member(number, "__sk_common.skc_family").bits == 128
