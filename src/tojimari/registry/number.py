"""One number, and all that the registry says of it; and the short row that a list has of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.intent import PortRange
from tojimari.registry import assignments, defacto, ranges, words
from tojimari.registry.assignments import Assignment
from tojimari.registry.defacto import User
from tojimari.registry.ranges import RangeName
from tojimari.registry.words import Head, Words


@dataclass(frozen=True, slots=True)
class Number:
    """All that is known of one number.

    Attributes:
        port: The number.
        transport: The only transport that was asked for; None for all.
        range: Which of the three ranges holds it.
        assignments: What IANA says of it, the usual name first.
        users: Who really uses it, whom people meet most first.
        words: Plain words; None where nobody has written any.
        also: Short names of further services with plain words that use the number, too.
    """

    port: int
    transport: Transport | None
    range: RangeName
    assignments: tuple[Assignment, ...]
    users: tuple[User, ...]
    words: Words | None
    also: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether IANA has given it to somebody, or anybody is known to use it."""
        given = any(one.status is assignments.Status.ASSIGNED for one in self.assignments)
        return given or bool(self.users) or self.words is not None


class Layer(StrEnum):
    """Where a list's words for a number are from."""

    WORDS = "words"
    USE = "use"
    IANA = "iana"


@dataclass(frozen=True, slots=True)
class Entry:
    """A number, or neighbours of which the same is said, as a list shows them.

    Attributes:
        ports: The number or numbers.
        transports: Under which something is known, in IANA's order.
        assigned: IANA's name; empty where there is none.
        name: Short name of what really is there; the same as ``assigned`` where nothing else is.
        english: What it is, in a few words.
        japanese: The same in Japanese; IANA's own words are in English only.
        layer: Whose words these are.
    """

    ports: PortRange
    transports: tuple[Transport, ...]
    assigned: str
    name: str
    english: str
    japanese: str
    layer: Layer


def of(port: int, transport: Transport | None = None) -> Number:
    """All that is known of a number.

    Args:
        port: 0 to 65535.
        transport: Only under this one; None for all.

    Raises:
        ValueError: It is no port.
    """
    told = words.of(port, transport)
    others = (head.name for head in words.heads_at(port, transport))
    return Number(
        port=port,
        transport=transport,
        range=ranges.of(port).name,
        assignments=assignments.of(port, transport),
        users=defacto.of(port, transport),
        words=told,
        also=tuple(name for name in others if told is None or name != told.name),
    )


def named(name: str, transport: Transport | None = None) -> tuple[int, ...]:
    """The numbers that go by a name, ascending.

    Args:
        name: IANA's name, the short name of a user or of plain words, or the base name of an
            executable that opens a door (``sshd``).
        transport: Only under this one; None for all.

    Returns:
        Empty where nothing goes by that name. Wide ranges are named by their first number.
    """
    found = {one.port for one in assignments.named(name) if transport in {None, one.transport}}
    found |= {
        user.ports.first
        for user in defacto.named(name)
        if transport is None or transport in user.transports
    }
    head = words.head_by_name(name.casefold())
    if not found and head is None:
        head = words.head_by_program(name)
    if head is not None:
        found |= {door.ports.first for door in head.doors if transport in {None, door.transport}}
    return tuple(sorted(found))


def entries(
    first: int = 0, last: int = MAX_PORT, transport: Transport | None = None
) -> tuple[Entry, ...]:
    """The numbers of a range of which something is known, ascending.

    Args:
        first: The lowest number.
        last: The highest number.
        transport: Only under this one; None for all.
    """
    given: dict[int, list[tuple[str, str, str]]] = {}
    for port, transports, name, description in assignments.lines(first, last):
        if name and (transport is None or transport in transports.split(" ")):
            given.setdefault(port, []).append((transports, name, description))
    known = given.keys() | defacto.used_between(first, last)
    known |= words.told_between(first, last)
    rows = (
        entry_of(port, given.get(port, []), transport)
        for port in sorted(known)
        if first <= port <= last
    )
    return tuple(_joined(row for row in rows if row is not None))


def most_met(within: PortRange) -> tuple[Entry, ...]:
    """The numbers of a range that have plain words, ascending."""
    return listed(words.told_between(within.first, within.last))


def listed(ports: Iterable[int], transport: Transport | None = None) -> tuple[Entry, ...]:
    """The rows of some numbers, ascending; those of which nothing is known are left out.

    Args:
        ports: The numbers.
        transport: Only under this one; None for all.
    """
    found = (entry_of(port, _given(port), transport) for port in sorted(set(ports)))
    return tuple(_joined(one for one in found if one is not None))


def entry_of(
    port: int, given: list[tuple[str, str, str]], transport: Transport | None = None
) -> Entry | None:
    """The row of one number; None where nothing is known of it.

    Args:
        port: The number.
        given: IANA's lines for it that name something: transports, name and description.
        transport: Only under this one; None for all.
    """
    users = defacto.of(port, transport)
    head = words.head_of(port, transport)
    under = {one for line in given for one in line[0].split(" ")}
    under |= {one for user in users for one in user.transports}
    if head is not None:
        under |= {door.transport for door in head.doors if port in door.ports}
    if transport is not None:
        under &= {transport}
    if not under:
        return None
    row = Entry(
        ports=PortRange(port, port),
        transports=tuple(one for one in Transport if one in under),
        assigned=given[0][1] if given else "",
        name=given[0][1] if given else "",
        english=given[0][2] if given else "",
        japanese=given[0][2] if given else "",
        layer=Layer.IANA,
    )
    return _told(row, head, users)


def _told(row: Entry, head: Head | None, users: tuple[User, ...]) -> Entry:
    """The row in the best words that there are."""
    if head is not None:
        return replace(
            row,
            name=head.name,
            english=head.title_en,
            japanese=head.title_ja,
            layer=Layer.WORDS,
        )
    if users:
        return replace(
            row,
            name=users[0].name,
            english=users[0].english,
            japanese=users[0].japanese,
            layer=Layer.USE,
        )
    return row


def _given(port: int) -> list[tuple[str, str, str]]:
    return [
        (transports, name, description)
        for _, transports, name, description in assignments.lines(port, port)
        if name
    ]


def _joined(rows: Iterable[Entry]) -> Iterator[Entry]:
    """Neighbours of which the same is said become one row."""
    last: Entry | None = None
    for row in rows:
        if last is None:
            last = row
        elif row.ports.first == last.ports.last + 1 and replace(row, ports=last.ports) == last:
            last = replace(last, ports=PortRange(last.ports.first, row.ports.last))
        else:
            yield last
            last = row
    if last is not None:
        yield last
