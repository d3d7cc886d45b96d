"""Which program talks with which, as a table: grouped and counted, or one by one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tojimari.core.conversations import Conversations
from tojimari.core.message import Message, mark
from tojimari.core.socket import Connection, Direction, Evidence, Owner, TcpState
from tojimari.core.text import printable
from tojimari.report import columns
from tojimari.report.columns import Cell
from tojimari.report.language import Language
from tojimari.report.naming import SHOWN_NAME, home
from tojimari.report.style import Style
from tojimari.report.tables import Column, fitted
from tojimari.report.unseen import unseen
from tojimari.report.view import View

# Who knocked, as an arrow from the one who did; ASCII, since "→" is two columns wide on some
# terminals.
INCOMING, OUTGOING, UNSURE = Direction.INCOMING, Direction.OUTGOING, Direction.UNSURE
ARROWS = {OUTGOING: "->", INCOMING: "<-", UNSURE: "--"}

GROUP_HEADINGS = (
    mark("Program"),
    mark("PID"),
    mark("Belongs to"),
    "",
    mark("Talks with"),
    mark("Where"),
    mark("At door"),
    mark("How many"),
    mark("State"),
)
GROUP_SHAPE = (
    Column(least=14),
    Column(leave=3),
    Column(least=14, leave=2),
    Column(),
    Column(least=14),
    Column(least=15, leave=1),
    Column(),
    Column(),
    Column(least=12),
)
EACH_HEADINGS = (
    mark("Program"),
    mark("PID"),
    mark("Our end"),
    "",
    mark("Other end"),
    mark("Talks with"),
    mark("PID"),
    mark("State"),
)
EACH_SHAPE = (
    Column(least=14),
    Column(leave=3),
    Column(),
    Column(),
    Column(),
    Column(least=14),
    Column(leave=2),
    Column(leave=1),
)


@dataclass(slots=True)
class Group:
    """Conversations between the same two, at the same door.

    Attributes:
        one: Any of them, for what all have in common.
        states: How many are in which state.
        pids: The processes that hold our ends.
    """

    one: Connection
    states: Counter[TcpState] = field(default_factory=Counter[TcpState])
    pids: set[int] = field(default_factory=set[int])

    @property
    def count(self) -> int:
        """How many they are."""
        return self.states.total()

    @property
    def door(self) -> str:
        """The number that was knocked at; both numbers where it is not known which one was."""
        one = self.one
        match one.direction:
            case Direction.INCOMING:
                port = str(one.local.port)
            case Direction.OUTGOING:
                port = str(one.remote.port)
            case Direction.UNSURE:
                port = f"{one.local.port}-{one.remote.port}"
        return f"{port}/{one.local.transport}"


def text(found: Conversations, view: View, *, each: bool = False) -> Iterator[str]:
    """The whole list, line by line.

    Args:
        found: What was seen.
        view: How it is shown.
        each: Whether every conversation gets a row of its own.
    """
    told, ended = _told(found.connections)
    yield view.paint(_opening(found, len(told), view.language), Style.STRONG)
    if told:
        yield ""
        yield from _each(told, view) if each else _grouped(told, view)
    if ended:
        message = Message(
            "time-wait",
            "Conversations that have ended and are not listed: {count}. The kernel remembers them"
            " for a minute (TIME-WAIT).",
            {"count": ended},
        )
        yield ""
        yield from columns.wrapped(view.language.say(message), view.columns)
    yield from unseen(found.unseen, view)


def plain(found: Conversations, *, each: bool = False) -> Iterator[str]:
    """A row for each group or each conversation, in ASCII, its cells separated by tabs.

    The cells of a group: program, pid, unit or container, who knocked, the other program or ``-``,
    its pid, the other address or ``-`` for this machine, number/transport, how many. Those of a
    conversation: program, pid, our address, our port, who knocked, the other address, its port,
    the other program, its pid, state, transport. What is not known is ``-``.
    """
    told, _ = _told(found.connections)
    cells = map(_each_cells, told) if each else map(_group_cells, groups(told))
    for row in cells:
        yield "\t".join(_ascii(cell) for cell in row)
    for one in found.unseen:
        yield "\t".join(("unseen", _ascii(Language.ENGLISH.say(one.message))))


def groups(connections: Iterable[Connection]) -> list[Group]:
    """The conversations by program, peer and door, the most numerous first."""
    found: dict[tuple[object, ...], Group] = {}
    for one in connections:
        key = (
            _identity(one.owners),
            _identity(one.peers) or one.remote.address,
            one.direction,
            one.local.transport,
            0 if one.direction is OUTGOING else one.local.port,
            0 if one.direction is INCOMING else one.remote.port,
        )
        group = found.get(key)
        if group is None:
            group = found[key] = Group(one)
        group.states[one.state] += 1
        if one.owners and one.owners[0].pid is not None:
            group.pids.add(one.owners[0].pid)
    return sorted(found.values(), key=lambda group: (-group.count, group.door))


def _told(connections: Sequence[Connection]) -> tuple[list[Connection], int]:
    """What is listed, and how many have ended.

    A conversation within this machine has two ends here. It is told once, by the end that knocked.
    """
    knocked = {(one.local, one.remote) for one in connections if one.direction is OUTGOING}
    unsure = {(one.local, one.remote) for one in connections if one.direction is UNSURE}
    told: list[Connection] = []
    ended = 0
    for one in connections:
        if not one.owners and one.state is TcpState.TIME_WAIT:
            ended += 1
            continue
        other = (one.remote, one.local)
        twice = one.direction is INCOMING and other in knocked
        if not twice and not (
            one.direction is UNSURE and other in unsure and one.local > one.remote
        ):
            told.append(one)
    return told, ended


def _identity(owners: Sequence[Owner]) -> tuple[object, ...] | None:
    """What makes two holders the same to a reader: the program and where it is at home."""
    if not owners:
        return None
    first = owners[0]
    return first.name, first.exe, first.unit, first.container


def _opening(found: Conversations, told: int, language: Language) -> str:
    if not told:
        return language.say(
            Message("silence", "Nobody on {host} talks with anybody.", {"host": found.host})
        )
    return language.say(
        Message(
            "conversations",
            "Conversations of {host}: {count}.",
            {"host": found.host, "count": told},
        )
    )


def _grouped(told: Sequence[Connection], view: View) -> Iterator[str]:
    rows = [_group_row(group, view.language) for group in groups(told)]
    yield from _table(GROUP_HEADINGS, rows, GROUP_SHAPE, view)


def _each(told: Sequence[Connection], view: View) -> Iterator[str]:
    rows = [_each_row(one, view.language) for one in told]
    yield from _table(EACH_HEADINGS, rows, EACH_SHAPE, view)


def _table(
    headings: Sequence[str], rows: Sequence[columns.Row], shape: Sequence[Column], view: View
) -> Iterator[str]:
    heads = [Cell(view.language.text(one), Style.FAINT) if one else "" for one in headings]
    yield from columns.aligned(fitted(heads, rows, shape, view.columns), paint=view.paint)


def _group_row(group: Group, language: Language) -> columns.Row:
    one = group.one
    first = one.owners[0] if one.owners else None
    unusual = [
        f"{state} {count}"
        for state, count in group.states.most_common()
        if state is not TcpState.ESTABLISHED
    ]
    return [
        Cell(_program(one.owners, language), Style.STRONG),
        _pids(group, language),
        home(first) if first else "",
        ARROWS[one.direction],
        _program(one.peers, language) if one.peers else printable(one.remote.address),
        language.text(mark("this machine")) if one.peers else "",
        group.door,
        str(group.count),
        ", ".join(unusual),
    ]


def _pids(group: Group, language: Language) -> str:
    """The process, or how many they are."""
    if len(group.pids) > 1:
        return language.say(Message("processes", "{count} processes", {"count": len(group.pids)}))
    return "".join(map(str, group.pids))


def _each_row(one: Connection, language: Language) -> columns.Row:
    return [
        Cell(_program(one.owners, language), Style.STRONG),
        _pid(one.owners) or "",
        _end(one.local.address, one.local.port),
        ARROWS[one.direction],
        _end(one.remote.address, one.remote.port),
        _program(one.peers, language) if one.peers else "",
        _pid(one.peers) or "",
        str(one.state),
    ]


def _program(owners: Sequence[Owner], language: Language) -> str:
    """The program's name; for many holders of one socket the first, and how many more."""
    if not owners or (owners[0].evidence is Evidence.CGROUP and owners[0].name is None):
        return language.text(mark("owner not seen"))
    more = f" +{len(owners) - 1}" if len(owners) > 1 else ""
    return printable(owners[0].name or "?", SHOWN_NAME) + more


def _pid(owners: Sequence[Owner]) -> str | None:
    return str(owners[0].pid) if owners and owners[0].pid is not None else None


def _end(address: str, port: int) -> str:
    """Address and port in one (RFC 3986, section 3.2.2)."""
    shown = printable(address)
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def _group_cells(group: Group) -> Iterator[str | None]:
    one = group.one
    first = one.owners[0] if one.owners else None
    yield first.name if first else None
    yield _pid(one.owners)
    yield home(first) if first else None
    yield one.direction
    yield one.peers[0].name if one.peers else None
    yield _pid(one.peers)
    yield None if one.peers else one.remote.address
    yield group.door
    yield str(group.count)


def _each_cells(one: Connection) -> Iterator[str | None]:
    yield one.owners[0].name if one.owners else None
    yield _pid(one.owners)
    yield one.local.address
    yield str(one.local.port)
    yield one.direction
    yield one.remote.address
    yield str(one.remote.port)
    yield one.peers[0].name if one.peers else None
    yield _pid(one.peers)
    yield one.state
    yield one.local.transport


def _ascii(cell: str | None) -> str:
    return printable(cell).encode("ascii", "backslashreplace").decode("ascii") if cell else "-"
