"""The kernel's own description of its types: where a member lies, which number a function has.

Programs for the kernel are written against these offsets at run time, so the same tojimari fits
every kernel that has BTF (since about 5.4, where the distribution built it in).

Source: Documentation/bpf/btf.rst; linux/btf.h.
"""

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from tojimari.core.errors import HostError
from tojimari.core.message import mark

KERNEL = "/sys/kernel/btf/vmlinux"
_MAGIC = 0xEB9F
_HEADER = struct.Struct("=HBBIIIII")
_TYPE = struct.Struct("=III")  # name, info, size or type
_NAMED = struct.Struct("=II")
_MEMBER = struct.Struct("=III")  # name, type, offset
MAX_DEPTH = 16  # modifiers and anonymous members nested in each other; the kernel has five


class Kind(IntEnum):
    """Kinds of types that we look for."""

    STRUCT = 4
    UNION = 5
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNCTION = 12
    TYPE_TAG = 18


_MODIFIERS = frozenset({Kind.TYPEDEF, Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG})
_COMPOUND = frozenset({Kind.STRUCT, Kind.UNION})

# Bytes that follow the twelve of each type: a fixed part, and one for each member (linux/btf.h).
_FIXED = {1: 4, 3: 12, 14: 4, 17: 4}
_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}


class BtfError(HostError):
    """The description is broken, or lacks what is looked for."""


class Member(NamedTuple):
    """Where a member of a structure lies.

    Attributes:
        bits: From the start of the structure.
        kind: Number of its type.
    """

    bits: int
    kind: int


class Btf:
    """One description, read once."""

    def __init__(self, data: bytes) -> None:
        """Find where each type begins.

        Args:
            data: As in ``KERNEL``.

        Raises:
            BtfError: It is none.
        """
        try:
            magic, _, _, header, type_offset, type_size, text_offset, text_size = (
                _HEADER.unpack_from(data)
            )
        except struct.error as error:
            raise BtfError(_BROKEN) from error
        start, end = header + type_offset, header + type_offset + type_size
        text = header + text_offset
        if magic != _MAGIC or max(end, text + text_size) > len(data):
            raise BtfError(_BROKEN)
        self._data = data
        self._strings = data[text : text + text_size]
        self._starts = _starts(data, start, end)

    def find(self, wanted: Iterable[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        """Numbers of types by kind and name, in one pass; what is not there is left out."""
        names: dict[tuple[int, int], tuple[Kind, str]] = {}
        for kind, name in wanted:
            offset = self._strings.find(b"\0" + name.encode() + b"\0")
            if offset >= 0:
                names[kind, offset + 1] = (kind, name)
        found: dict[tuple[Kind, str], int] = {}
        unpack, data, get = _NAMED.unpack_from, self._data, names.get
        for number, start in enumerate(self._starts):
            name_offset, info = unpack(data, start)
            match = get((info >> 24 & 31, name_offset))
            if match is not None and number:
                found.setdefault(match, number)
        return found

    def member(self, number: int, path: str) -> Member:
        """A member, also of members: ``__sk_common.skc_family``.

        Args:
            number: Of the structure.
            path: Names joined by dots; anonymous structures between them are looked through.

        Raises:
            BtfError: It has no such member.
        """
        bits = 0
        for name in path.split("."):
            found = self._member(self._plain(number), name, MAX_DEPTH)
            if found is None:
                raise BtfError(mark("this kernel's type description has no {member}"), member=path)
            bits += found.bits
            number = found.kind
        return Member(bits, number)

    def _member(self, number: int, name: str, depth: int) -> Member | None:
        start, kind, count, has_bitfields = self._head(number)
        if kind not in _COMPOUND or not depth:
            return None
        for position in range(start + _TYPE.size, start + _TYPE.size + 12 * count, 12):
            name_offset, kind_, offset = _MEMBER.unpack_from(self._data, position)
            bits = offset & 0xFFFFFF if has_bitfields else offset
            if name_offset:
                if self._text(name_offset) == name:
                    return Member(bits, kind_)
            else:
                inner = self._member(self._plain(kind_), name, depth - 1)
                if inner is not None:
                    return Member(bits + inner.bits, inner.kind)
        return None

    def _plain(self, number: int) -> int:
        """The type behind names and modifiers."""
        for _ in range(MAX_DEPTH):
            start, kind, _, _ = self._head(number)
            if kind not in _MODIFIERS:
                break
            number = _TYPE.unpack_from(self._data, start)[2]
        return number

    def _head(self, number: int) -> tuple[int, int, int, bool]:
        """Where a type begins, its kind, how many members, and how their offsets are written.

        Raises:
            BtfError: There is no such type.
        """
        if not 0 <= number < len(self._starts):
            raise BtfError(_BROKEN)
        start = self._starts[number]
        info: int = _TYPE.unpack_from(self._data, start)[1] if number else 0
        return start, info >> 24 & 31, info & 0xFFFF, bool(info >> 31)

    def _text(self, offset: int) -> str:
        end = self._strings.find(b"\0", offset)
        return self._strings[offset:end].decode("utf-8", "replace")


_BROKEN = mark("this kernel's type description cannot be read")


def _starts(data: bytes, start: int, end: int) -> list[int]:
    """Where each type begins; number 0 is "nothing" and has no place of its own.

    Raises:
        BtfError: A type reaches beyond the end.
    """
    starts: list[int] = [start]
    add, unpack = starts.append, _NAMED.unpack_from
    extra = [12 + _FIXED.get(kind, 0) for kind in range(32)]
    each = [_EACH.get(kind, 0) for kind in range(32)]
    while start < end:
        if end - start < _TYPE.size:
            raise BtfError(_BROKEN)
        add(start)
        info: int = unpack(data, start)[1]
        kind = info >> 24 & 31
        start += extra[kind] + (info & 0xFFFF) * each[kind]
    if start != end:
        raise BtfError(_BROKEN)
    return starts


def kernel() -> Btf:
    """The running kernel's.

    Raises:
        OSError: It has none.
        BtfError: It cannot be read.
    """
    with open(KERNEL, "rb") as file:
        return Btf(file.read())
