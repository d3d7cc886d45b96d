"""What ``tojimari port`` says to a person: a number in full, or many numbers a row each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.core.meaning import Advice
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.linux.sysctl import PortSettings
from tojimari.registry import ranges
from tojimari.registry.answer import Answer, ListAnswer, MeaningAnswer, NumberAnswer
from tojimari.registry.assignments import Assignment, Status
from tojimari.registry.defacto import User
from tojimari.registry.number import Entry, Number
from tojimari.registry.words import Encryption, Plain, Words
from tojimari.report import columns
from tojimari.report.columns import Cell
from tojimari.report.language import Language
from tojimari.report.style import Paint, Style, unpainted

WIDEST = 100  # columns of a paragraph; the eye loses the line in longer ones
INDENT = 2  # columns before what stands under a heading


@dataclass(frozen=True, slots=True)
class View:
    """How it is shown.

    Attributes:
        language: What the reader reads.
        columns: Width of the terminal.
        paint: Gives styled text.
        plain: Whether each thing is one line, for ``grep``.
        sources: Whether the sources of every fact are named.
    """

    language: Language
    columns: int = 80
    paint: Paint = unpainted
    plain: bool = False
    sources: bool = False

    def say(self, text: str, **values: str | int) -> str:
        """A sentence in the reader's language."""
        return self.language.say(Message("", text, values))


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it.

    Attributes:
        title: The heading, translated.
        paragraphs: Translated; one a thought.
        style: Of the heading.
    """

    title: str
    paragraphs: Sequence[str]
    style: Style = Style.STRONG


def text(answers: Sequence[Answer], machine: PortSettings, view: View) -> Iterator[str]:
    """All answers, line by line, an empty line between two."""
    for at, answer in enumerate(answers):
        if at:
            yield ""
        match answer:
            case NumberAnswer():
                for position, number in enumerate(answer.numbers):
                    if position:
                        yield ""
                    yield from _number(number, machine, view)
            case ListAnswer():
                yield from _list(answer, view)
            case MeaningAnswer():
                yield from _meaning(answer, machine, view)


def _number(number: Number, machine: PortSettings, view: View) -> Iterator[str]:
    title = _title(number, view)
    if view.plain:
        yield f"{_door(number)}\t{title}"
    else:
        yield view.paint(f"{_door(number)}  {title}".rstrip(), Style.STRONG)
    sections = [
        _range(number, view),
        _iana(number, view),
        *_use(number, view),
        *_plain_words(number.words, view),
        *_here(number, machine, view),
        *_sources(number, view),
    ]
    for section in sections:
        if view.plain:
            yield f"{_door(number)}\t{section.title}\t{' '.join(section.paragraphs)}"
        else:
            yield from _section(section, view)
    if not view.plain:
        yield from _next(number, view)


def _door(number: Number) -> str:
    return str(number.port) if number.transport is None else f"{number.port}/{number.transport}"


def _title(number: Number, view: View) -> str:
    if number.words is not None:
        return _words(number.words, view).title
    name = next((one.name for one in number.assignments if one.name), "")
    return printable(number.users[0].name if number.users else name)


def _range(number: Number, view: View) -> Section:
    one = ranges.of(number.port)
    told = [_range_sentence(one, view)]
    if number.port == 0:
        told.append(
            view.say(
                mark(
                    "0 is no door: a program that asks for 0 gets any free number from the system."
                )
            )
        )
    return Section(view.say(mark("The range")), told)


def _range_sentence(one: ranges.NumberRange, view: View) -> str:
    return view.say(
        mark("{title}, {first}-{last}. {meaning}"),
        title=view.say(one.title),
        first=one.ports.first,
        last=one.ports.last,
        meaning=view.say(one.meaning),
    )


def _iana(number: Number, view: View) -> Section:
    told = [_named(same, view) for same in _by_name(number.assignments)]
    if told:
        told.append(view.say(mark("A convention, not a law: any program may use any number.")))
    elif any(one.status is Status.RESERVED for one in number.assignments):
        told.append(view.say(mark("IANA keeps this number back; nobody has it.")))
    elif number.range is ranges.RangeName.DYNAMIC:
        told.append(view.say(mark("None: IANA gives the numbers of this range to nobody.")))
    else:
        told.append(
            view.say(
                mark("None: IANA has given this number to nobody. Anybody may use it all the same.")
            )
        )
    return Section(view.say(mark("IANA's name")), told)


def _by_name(those: Iterable[Assignment]) -> list[list[Assignment]]:
    """The assignments that say the same under several transports, together."""
    found: dict[tuple[str, str], list[Assignment]] = {}
    for one in those:
        if one.status is Status.ASSIGNED:
            found.setdefault((one.name, one.description), []).append(one)
    return list(found.values())


def _named(same: Sequence[Assignment], view: View) -> str:
    under = ", ".join(one.transport for one in same)
    name, description = printable(same[0].name), printable(same[0].description)
    if not name:
        return f"({under}) {description}"
    if not description or description.casefold() == name.casefold():
        return f"{name} ({under})"
    return view.say(
        mark("{name} ({under}): {description}"), name=name, under=under, description=description
    )


def _use(number: Number, view: View) -> Iterator[Section]:
    title = view.say(mark("Who really uses it"))
    # One user only, of whom the plain words speak already, would be said twice.
    if number.users and (number.words is None or len(number.users) > 1):
        yield Section(title, [_user(user, number, view) for user in number.users])
    elif not number.is_known:
        yield Section(title, [view.say(mark("Nobody that is known. Ask the machine: see below."))])


def _user(user: User, number: Number, view: View) -> str:
    told = printable(user.japanese if view.language is Language.JAPANESE else user.english)
    others = {one for other in number.users for one in other.transports} - set(user.transports)
    if others:
        told = view.say(mark("{told} ({under})"), told=told, under=", ".join(user.transports))
    if view.sources:
        told = f"{told} [{printable(user.source)}]"
    return told


def _words(words: Words, view: View) -> Plain:
    return words.ja if view.language is Language.JAPANESE else words.en


def _plain_words(words: Words | None, view: View) -> Iterator[Section]:
    if words is None:
        return
    told = _words(words, view)
    warned = Style.ALARM if words.internet is Advice.NEVER else Style.STRONG
    yield Section(view.say(mark("What comes through this door")), [told.what])
    yield Section(view.say(mark("Which programs open it")), [told.programs])
    yield Section(
        view.say(mark("Can it be read on the way?")), [view.say(_ENCRYPTED[words.encrypted])]
    )
    yield Section(view.say(mark("May it face the internet?")), [told.internet], warned)
    if told.instead:
        yield Section(view.say(mark("Better")), [told.instead])
    yield Section(view.say(mark("What an attacker wants here")), [told.attacker])


_ENCRYPTED = {
    Encryption.YES: mark("No, it is encrypted."),
    Encryption.NO: mark("Yes, whoever sits on the way can read all of it."),
    Encryption.OPTIONAL: mark(
        "That depends on how it is set up: encryption is there, but optional."
    ),
}


def _here(number: Number, machine: PortSettings, view: View) -> Iterator[Section]:
    told: list[str] = []
    if machine.is_privileged(number.port) and number.port:
        told.append(
            view.say(
                mark(
                    "Below {start} only root may open a door here, or a program with"
                    " CAP_NET_BIND_SERVICE."
                ),
                start=machine.unprivileged_start or 0,
            )
        )
    if machine.hands_out(number.port) and machine.ephemeral is not None:
        told.append(
            view.say(
                mark(
                    "The kernel hands this number out ({first}-{last}): a program that calls out"
                    " may have it for a while, and a server that wants it then finds it taken."
                ),
                first=machine.ephemeral.first,
                last=machine.ephemeral.last,
            )
        )
    elif machine.ephemeral is not None and number.port in machine.ephemeral:
        told.append(
            view.say(
                mark(
                    "It lies among the numbers that the kernel hands out ({first}-{last}), but is"
                    " kept out (ip_local_reserved_ports)."
                ),
                first=machine.ephemeral.first,
                last=machine.ephemeral.last,
            )
        )
    if told:
        yield Section(view.say(mark("On this machine")), told)


def _sources(number: Number, view: View) -> Iterator[Section]:
    found = [source for one in _main(number) for source in one.references]
    if number.words is not None:
        found += number.words.sources
    elif not view.sources:
        found += [user.source for user in number.users]
    if found:
        said = "; ".join(printable(one) for one in dict.fromkeys(found))
        yield Section(view.say(mark("Read on")), [said])


def _main(number: Number) -> Sequence[Assignment]:
    """The assignments under TCP and UDP; what SCTP and DCCP are would be read on every page."""
    usual = [one for one in number.assignments if one.transport in {Transport.TCP, Transport.UDP}]
    return usual or number.assignments


def _next(number: Number, view: View) -> Iterator[str]:
    """What to type next, with what it does."""
    better = number.words.instead if number.words is not None else ()
    rows = [
        (f"> tojimari look {number.port}", view.say(mark("who has it open on this machine"))),
        *((f"> tojimari port {name}", view.say(mark("what to use instead"))) for name in better),
        *(
            (f"> tojimari port {name}", view.say(mark("is met at this number, too")))
            for name in number.also
        ),
    ]
    yield from columns.aligned(rows)


def _section(section: Section, view: View) -> Iterator[str]:
    yield view.paint(section.title, section.style)
    for paragraph in section.paragraphs:
        yield from columns.wrapped(paragraph, min(view.columns, WIDEST), INDENT)


def _list(answer: ListAnswer, view: View) -> Iterator[str]:
    yield from _paragraph(_list_sentence(answer, view), view, Style.STRONG)
    for name in answer.ranges:
        yield from _paragraph(_range_sentence(ranges.named(name), view), view)
    yield from _rows(answer.entries, view)
    if answer.unknown and answer.entries:
        yield from _paragraph(
            view.say(mark("Of the rest ({count}) nothing is known."), count=answer.unknown), view
        )


def _list_sentence(answer: ListAnswer, view: View) -> str:
    asked = printable(answer.query)
    if answer.kind == "search":
        return view.say(mark("What fits {words}, the best first:"), words=asked)
    if answer.kind == "name":
        return view.say(mark("The numbers that are called {name}:"), name=asked)
    known = sum(len(entry.ports) for entry in answer.entries)
    return view.say(
        mark("{range}: {count} numbers; something is known of {known}."),
        range=asked,
        count=known + answer.unknown,
        known=known,
    )


def _meaning(answer: MeaningAnswer, machine: PortSettings, view: View) -> Iterator[str]:
    one = ranges.named(answer.range)
    title = view.say(
        mark("{title}: {first}-{last}"),
        title=view.say(one.title),
        first=one.ports.first,
        last=one.ports.last,
    )
    yield from _paragraph(title, view, Style.STRONG)
    yield from _paragraph(view.say(one.meaning), view)
    for sentence in _range_here(one.ports, machine, view):
        yield from _paragraph(sentence, view)
    if answer.entries:
        yield from _paragraph(view.say(mark("What people meet most here:")), view, Style.STRONG)
        yield from _rows(answer.entries, view)


def _range_here(ports: PortRange, machine: PortSettings, view: View) -> Iterator[str]:
    start, handed = machine.unprivileged_start, machine.ephemeral
    if start and ports.first < start:
        yield view.say(
            mark("On this machine only root may open a door below {start}."), start=start
        )
    if handed is not None and handed.first <= ports.last and ports.first <= handed.last:
        yield view.say(
            mark("This machine's kernel hands out {first}-{last} to programs that call out."),
            first=handed.first,
            last=handed.last,
        )


def _rows(entries: Sequence[Entry], view: View) -> Iterator[str]:
    if view.plain:
        for entry in entries:
            cells = (
                str(entry.ports),
                " ".join(entry.transports),
                entry.name,
                entry.assigned or "-",
                _said(entry, view),
            )
            yield "\t".join(printable(cell) for cell in cells)
        return
    rows = [_row(entry, view) for entry in entries]
    yield from columns.aligned(rows, paint=view.paint, indent=INDENT, limit=view.columns)


def _row(entry: Entry, view: View) -> list[Cell | str]:
    told = printable(_said(entry, view))
    if entry.assigned and entry.assigned != entry.name:
        told = view.say(mark("{told} (IANA: {name})"), told=told, name=entry.assigned)
    return [
        Cell(str(entry.ports), Style.STRONG),
        " ".join(entry.transports),
        printable(entry.name),
        told,
    ]


def _said(entry: Entry, view: View) -> str:
    return entry.japanese if view.language is Language.JAPANESE else entry.english


def _paragraph(said: str, view: View, style: Style = Style.PLAIN) -> Iterator[str]:
    lines = [said] if view.plain else columns.wrapped(said, min(view.columns, WIDEST))
    yield from (line if style is Style.PLAIN else view.paint(line, style) for line in lines)
