"""The open doors of a machine as a table, by number."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tojimari.core.door import Door
from tojimari.core.look import Look
from tojimari.core.meaning import Meaning
from tojimari.core.message import Message, Value, mark
from tojimari.core.sighting import Sighting
from tojimari.core.socket import Evidence, Listener, Namespace, Owner, Role
from tojimari.core.text import printable
from tojimari.registry.words import Plain, Words
from tojimari.report import columns
from tojimari.report.columns import Cell
from tojimari.report.folding import Fold, folded
from tojimari.report.language import Language
from tojimari.report.naming import SHOWN_NAME, home, program, service, target
from tojimari.report.since import since
from tojimari.report.style import Style
from tojimari.report.tables import Column, fitted
from tojimari.report.unseen import unseen
from tojimari.report.view import View

if TYPE_CHECKING:
    from tojimari.core.change import Change

NOTE_INDENT = 4
FEW = 0.5  # of the room in a queue: above it, visitors may soon be turned away

HEADINGS = (
    mark("Door"),
    mark("Address"),
    mark("What it is"),
    mark("Program"),
    mark("PID"),
    mark("Belongs to"),
    mark("User"),
    mark("Running"),
)
SHAPE = (
    Column(),
    Column(least=11),
    Column(least=10),
    Column(least=15),
    Column(leave=3),
    Column(least=16, leave=4),
    Column(least=8, leave=2),
    Column(leave=1),
)


def text(found: Look, view: View) -> Iterator[str]:
    """The whole list, line by line."""
    yield view.paint(_opening(found, view.language), Style.STRONG)
    if found.doors:
        yield from _table(found, view)
    for line in _asides(found):
        yield ""
        yield from columns.wrapped(view.language.say(line), view.columns)
    yield from unseen(found.unseen, view)


class Asked(NamedTuple):
    """A door that somebody asked for.

    Attributes:
        text: As it was typed.
        meaning: What the number usually is.
        words: The plain words of that.
    """

    text: str
    meaning: Meaning
    words: Words | None


def nothing(found: Look, asked: Sequence[Asked], view: View) -> Iterator[str]:
    """That nobody waits where somebody was asked for, and what usually is there."""
    language = view.language
    values: dict[str, Value] = {"asked": ", ".join(one.text for one in asked)}
    if found.is_whole:
        said = Message("nothing-there", "Nobody waits at {asked}: the door is shut.", values)
    else:
        said = Message(
            "nobody-seen", "Nobody was seen at {asked}, but not everything could be seen.", values
        )
    yield from columns.wrapped(language.say(said), view.columns)
    for one in asked:
        name = usual(one.meaning, one.words, language)
        if name:
            known: dict[str, Value] = {"asked": one.text, "name": name}
            said = Message("usually", "The usual thing at {asked} is {name}.", known)
            yield from columns.wrapped(language.say(said), view.columns)
    yield from unseen(found.unseen, view)


def usual(said: Meaning, words: Words | None, language: Language) -> str:
    """What a number or a program usually is: its name, and a title for people."""
    name = said.service or said.usual or said.assignment or ""
    return f"{name}: {plain_words(words, language).title}" if words is not None else name


def plain_words(words: Words, language: Language) -> Plain:
    """The words in the reader's language."""
    return words.ja if language is Language.JAPANESE else words.en


def plain(found: Look) -> Iterator[str]:
    """A row for each door and each of its holders, in ASCII, its cells separated by tabs.

    The cells: port/transport, address, namespace, what it is, program, pid, unit or container,
    user, since when (RFC 3339), role, how the holder was found. What is not known is ``-``.
    """
    for door in found.doors:
        for owner in door.owners or (None,):
            yield "\t".join(_ascii(cell) for cell in _plain_cells(door, owner))
    for one in found.unseen:
        yield "\t".join(("unseen", _ascii(Language.ENGLISH.say(one.message))))


def plain_change(change: "Change") -> str:
    """One change as a row: when (RFC 3339), what became of it, then the cells of ``plain``."""
    door = change.door
    cells = _plain_cells(door, door.owners[0] if door.owners else None)
    return "\t".join((_moment(change.at), change.turn, *(_ascii(cell) for cell in cells)))


def _opening(found: Look, language: Language) -> str:
    if not found.doors:
        return language.say(
            Message("no-open-door", "No door of {host} is open.", {"host": found.host})
        )
    # A person counts rows: a program at its IPv4 and its IPv6 door is one of them.
    rows = folded(found.doors)
    inside = sum(1 for row in rows if not row.doors[0].namespace.is_host)
    values: dict[str, Value] = {"host": found.host, "doors": len(rows), "inside": inside}
    if inside:
        return language.say(
            Message(
                "open-doors-inside",
                "Open doors of {host}: {doors}. Of these in other network namespaces: {inside}.",
                values,
            )
        )
    return language.say(Message("open-doors", "Open doors of {host}: {doors}.", values))


def _table(found: Look, view: View) -> Iterator[str]:
    """One part a namespace, all with the same columns."""
    folds = folded(found.doors)
    heads = [Cell(view.language.text(one), Style.FAINT) for one in HEADINGS]
    cells = [_cells(fold, found.at, view.language) for fold in folds]
    table = fitted(heads, cells, SHAPE, view.columns)
    heading, *lines = columns.aligned(table, paint=view.paint)
    spaces = {fold.door.namespace.inode: fold.door.namespace for fold in folds}
    parts = sorted(spaces.values(), key=lambda one: (not one.is_host, one.name))
    only_host = len(parts) == 1 and parts[0].is_host
    for space in parts:
        yield ""
        if not only_host:
            yield view.paint(_title(space, view.language), Style.STRONG)
        yield heading
        for fold, line in zip(folds, lines, strict=True):
            if fold.door.namespace.inode == space.inode:
                yield line
                yield from _notes(fold, view)


def _title(space: Namespace, language: Language) -> str:
    if space.is_host:
        return language.text(mark("This machine"))
    return language.say(
        Message("in-namespace", "In the network namespace {name}", {"name": space.name})
    )


def _cells(fold: Fold, now: float, language: Language) -> list[Cell | str]:
    door = fold.door
    first = door.owners[0] if door.owners else None
    started = first.started if first else None
    return [
        Cell(door.number, Style.STRONG),
        fold.address(language),
        service(door),
        program(door, language),
        str(first.pid) if first and first.pid is not None else "",
        home(first) if first else "",
        printable(first.user, SHOWN_NAME) if first and first.user else "",
        since(started, now, language) if started is not None else "",
    ]


def _notes(fold: Fold, view: View) -> Iterator[str]:
    """What is worth a word beyond the columns."""
    for message in notes(fold):
        said = columns.wrapped(view.language.say(message), view.columns, NOTE_INDENT)
        yield from (view.paint(line, Style.FAINT) for line in said)


def notes(fold: Fold) -> Iterator[Message]:
    """What is unusual about a door."""
    heard, sent = fold.door.listener, fold.door.forwarding
    if sent is not None:
        by = sent.to.decider
        yield Message(
            "sent-on",
            "What arrives from outside is sent on to {target}, by a rule of {owner}.",
            {"target": target(sent.to), "owner": by.owner if by is not None else "?"},
        )
    if fold.sightings:
        yield _seen_from_outside(fold.sightings)
    if heard is not None:
        yield from _of_listener(fold, heard)


def _seen_from_outside(sightings: Sequence[Sighting]) -> Message:
    found: dict[str, list[str]] = {}
    for one in sightings:
        found.setdefault(one.state, []).append(one.address)
    states = "; ".join(
        f"{state} ({', '.join(dict.fromkeys(addresses))})" for state, addresses in found.items()
    )
    return Message("seen-from-outside", "From outside: {states}.", {"states": states})


def _of_listener(fold: Fold, heard: Listener) -> Iterator[Message]:
    if fold.sockets > 1:
        yield Message(
            "shared-door",
            "{count} sockets share this door (SO_REUSEPORT).",
            {"count": fold.sockets},
        )
    if heard.interface is not None:
        yield Message(
            "one-interface",
            "It takes only what comes in through {interface}.",
            {"interface": heard.interface},
        )
    if heard.multicast:
        yield Message("multicast", "The address is that of a group (multicast).")
    if heard.role is Role.CLIENT:
        yield Message("only-a-client", "It only waits for an answer to what its program sent.")
    if heard.role is Role.UNSURE:
        yield Message(
            "role-unsure", "It may be a server, or only wait for an answer: that cannot be told."
        )
    if heard.backlog and fold.queued > heard.backlog * FEW:
        yield Message(
            "queue-fills",
            "Visitors that wait to be let in: {queued}; there is room for {backlog}.",
            {"queued": fold.queued, "backlog": heard.backlog},
        )
    if any(owner.deleted for owner in fold.door.owners):
        yield Message(
            "program-replaced",
            "The program's file was removed or replaced since it was started.",
        )


def _asides(found: Look) -> Iterator[Message]:
    """What to know of the list as a whole."""
    firsts = [door.owners[0] for door in found.doors if door.owners]
    if any(first.evidence is Evidence.CGROUP and first.name for first in firsts):
        yield Message(
            "by-control-group",
            "A ? behind a program: its control group opened the door, but whether this process"
            " holds it could not be seen.",
        )
    if found.clients:
        yield Message(
            "clients-left-out",
            "UDP sockets that only wait for an answer and are not listed: {count}."
            " --all lists them.",
            {"count": found.clients},
        )


def _plain_cells(door: Door, owner: Owner | None) -> Iterator[str | None]:
    yield door.number
    yield door.endpoint.address
    yield door.namespace.name
    yield service(door)
    yield owner.name if owner else None
    yield str(owner.pid) if owner and owner.pid is not None else None
    yield home(owner) if owner else None
    yield owner.user if owner else None
    yield _moment(owner.started) if owner and owner.started is not None else None
    yield door.listener.role if door.listener else None
    yield owner.evidence if owner else None


def _moment(at: float) -> str:
    """Seconds since the epoch as RFC 3339 has it, in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ascii(cell: str | None) -> str:
    return printable(cell).encode("ascii", "backslashreplace").decode("ascii") if cell else "-"
