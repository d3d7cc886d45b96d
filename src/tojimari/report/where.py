"""``tojimari where``: the lines that make a door, as people and programs read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.message import Message, mark
from tojimari.core.plan import Target
from tojimari.core.socket import Owner
from tojimari.core.text import printable
from tojimari.report.encodable import text
from tojimari.report.style import Style
from tojimari.report.view import View

SCHEMA: Final = "tojimari.where/1"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that makes a door.

    Attributes:
        target: Which door.
        service: Whose file it is: ``sshd``.
        path: The file.
        number: The line, from 1; 0 where no line says it and it is so by default.
        text: What stands there.
        addresses: At which addresses; empty for every one.
        can_move: Whether another number can be written there.
        owner: The process that holds the door; None where none does.
    """

    target: Target
    service: str
    path: str
    number: int
    text: str
    addresses: tuple[str, ...]
    can_move: bool
    owner: Owner | None


@dataclass(slots=True)
class LineDocument:
    """A line that makes a door.

    Attributes:
        transport: ``tcp`` or ``udp``.
        port: The number.
        service: Whose file it is.
        path: The file.
        line: The line, from 1; 0 where no line says it and it is so by default.
        text: What stands there.
        addresses: At which addresses; empty for every one.
        can_move: Whether another number can be written there.
        pid: The process that holds the door; null where none does.
        unit: Its unit.
    """

    transport: str
    port: int
    service: str
    path: str
    line: int
    text: str
    addresses: Sequence[str]
    can_move: bool
    pid: int | None
    unit: str | None


@dataclass(slots=True)
class WhereDocument:
    """The lines that make some doors.

    Attributes:
        schema: Name and version of this form.
        lines: By door.
    """

    schema: Literal["tojimari.where/1"]
    lines: Sequence[LineDocument]


def document(lines: Sequence[Line]) -> WhereDocument:
    """The document."""
    return WhereDocument(
        SCHEMA,
        [
            LineDocument(
                one.target.transport,
                one.target.port,
                one.service,
                text(one.path),
                one.number,
                text(one.text),
                [text(address) for address in one.addresses],
                one.can_move,
                one.owner.pid if one.owner else None,
                one.owner.unit if one.owner else None,
            )
            for one in lines
        ],
    )


def plain(lines: Sequence[Line]) -> Iterator[str]:
    """One row a line, cells separated by tabs: port/transport, service, file, line, text."""
    for one in lines:
        cells = (str(one.target), one.service, one.path, str(one.number), one.text)
        yield "\t".join(printable(cell) for cell in cells)


def texts(lines: Sequence[Line], view: View) -> Iterator[str]:
    """For a person."""
    language = view.language
    for one in lines:
        place = f"{one.path}:{one.number}" if one.number else one.path
        yield f"{view.paint(str(one.target), Style.STRONG)}  {one.service}  {printable(place)}"
        if one.number:
            yield f"    {printable(one.text)}"
        else:
            yield "    " + language.text(
                mark("no line says it: it is the number that the program takes by itself")
            )
        if one.addresses:
            said = {"addresses": ", ".join(one.addresses)}
            yield "    " + language.say(
                Message("addresses", mark("only at these addresses: {addresses}"), dict(said))
            )
        if one.owner is None:
            yield "    " + language.text(mark("no program holds that door now"))
        elif not one.can_move:
            yield "    " + language.text(mark("the number cannot be changed there"))


def nothing(targets: Sequence[Target], view: View) -> str:
    """That no file was found that makes a door."""
    said = {"doors": ", ".join(map(str, targets))}
    return view.language.say(
        Message(
            "no-line",
            mark("No configuration that tojimari understands makes the door {doors}."),
            dict(said),
        )
    )
