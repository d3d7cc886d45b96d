"""Where a file says at which number a service listens, to the byte: pure.

Nothing is written but the value itself. So comments, the order of lines, their ends and whatever no
grammar here knows stay as they are, and undoing gives back the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Transport

TCP = frozenset({Transport.TCP})
UDP = frozenset({Transport.UDP})
BOTH = frozenset({Transport.TCP, Transport.UDP})
VALUE = "{}"  # in a form, where the value is written


@dataclass(frozen=True, slots=True)
class Slot:
    """Characters of a file that can be replaced.

    Attributes:
        path: The file; it need not be there yet.
        start: Offset of the first character.
        end: Offset behind the last; ``start`` where something is put in.
        form: What is written, the value at ``{}``.
    """

    path: str
    start: int
    end: int
    form: str = VALUE


@dataclass(frozen=True, slots=True)
class Binding:
    """Characters that say at which addresses a service listens.

    Attributes:
        slot: Where.
        family: 4 or 6 where only such an address can stand there; 0 for both.
        ipv4: How an IPv4 address is written.
        ipv6: How an IPv6 address is written.
        join: What stands between several; None where only one can stand there.
    """

    slot: Slot
    family: int = 0
    ipv4: str = VALUE
    ipv6: str = VALUE
    join: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One place that makes a door.

    Attributes:
        path: The file.
        line: Number of the line, from 1; 0 where no line says it and it is so by default.
        text: The line; empty where there is none.
        port: The number.
        transports: How one speaks there.
        addresses: At which addresses, as they are written; empty for every one.
        numbers: Where the number is written; empty where it cannot be changed here.
        bindings: Where the addresses are written; empty where they cannot be changed here.
    """

    path: str
    line: int
    text: str
    port: int
    transports: frozenset[Transport] = TCP
    addresses: tuple[str, ...] = ()
    numbers: tuple[Slot, ...] = ()
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What is written where; sorts by place."""

    path: str
    start: int
    end: int
    text: str


def moved(settings: Iterable[Setting], port: int) -> list[Edit]:
    """The edits that write another number; none where a setting cannot be changed.

    Args:
        settings: Everything that makes the door.
        port: The new number.
    """
    return _distinct(
        Edit(slot.path, slot.start, slot.end, slot.form.replace(VALUE, str(port)))
        for setting in settings
        for slot in setting.numbers
    )


def bound(settings: Iterable[Setting], addresses: Sequence[str]) -> list[Edit] | None:
    """The edits that write other addresses; None where one of the places can hold none of them.

    Args:
        settings: Everything that makes the door.
        addresses: IPv4 and IPv6 addresses, the preferred first.
    """
    edits: list[Edit] = []
    for setting in settings:
        for binding in setting.bindings:
            fitting = [one for one in addresses if binding.family in {0, _family(one)}]
            if not fitting:
                return None
            chosen = fitting if binding.join is not None else fitting[:1]
            written = (binding.join or "").join(
                (binding.ipv6 if _family(one) == _IPV6 else binding.ipv4).replace(VALUE, one)
                for one in chosen
            )
            slot = binding.slot
            edits.append(Edit(slot.path, slot.start, slot.end, slot.form.replace(VALUE, written)))
    return _distinct(edits)


def edited(texts: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """The texts of the files that change, after the edits.

    Args:
        texts: By path; a file that is missing is empty.
        edits: None overlaps another.

    Raises:
        ValueError: Two overlap; a mistake of a grammar.
    """
    result: dict[str, str] = {}
    last: Edit | None = None
    for edit in sorted(edits, reverse=True):
        if last is not None and last.path == edit.path and edit.end > last.start:
            msg = f"edits overlap at {edit.path}:{edit.start}"
            raise ValueError(msg)
        text = result.get(edit.path, texts.get(edit.path, ""))
        result[edit.path] = text[: edit.start] + edit.text + text[edit.end :]
        last = edit
    return result


_IPV6 = 6


def _family(address: str) -> int:
    return _IPV6 if ":" in address else 4


def _distinct(edits: Iterable[Edit]) -> list[Edit]:
    return list(dict.fromkeys(edits))
