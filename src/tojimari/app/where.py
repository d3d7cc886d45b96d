"""Where the number of a door is written: the file, the line, and who reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.app import identify, look
from tojimari.close import configuration
from tojimari.close.disk import Disk
from tojimari.close.grammar import Files
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.plan import Target
from tojimari.registry.query import parse
from tojimari.report.where import Line


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    Attributes:
        targets: The numbers that were asked for, each with the way of speaking.
        doors: Those of them that are open.
        lines: The lines that make them.
    """

    targets: tuple[Target, ...]
    doors: tuple[Door, ...]
    lines: tuple[Line, ...]


def where(words: Sequence[str], files: Files | None = None) -> Answer:
    """Find the lines that make doors.

    Args:
        words: ``22``, ``53/udp``.
        files: Where to look; None for this machine's.

    Raises:
        UsageError: A word is no number.
        HostError: The kernel's sockets cannot be read.
    """
    wanted = targets(words)
    seen = look.view()
    ours = identify.own_namespace(seen.namespaces)
    host = [one for one in look.doors(seen) if one.namespace.inode == ours and one.is_server]
    return answer(wanted, host, files or Disk())


def answer(wanted: Sequence[Target], doors: Sequence[Door], files: Files) -> Answer:
    """The same, from what was seen.

    Args:
        wanted: The numbers.
        doors: Every door of the machine itself.
        files: Where to look.
    """
    lines: list[Line] = []
    mine: list[Door] = []
    for target in wanted:
        open_ = at(doors, target)
        mine += open_
        lines += [
            Line(
                target,
                found.service.name,
                one.path,
                one.line,
                one.text,
                one.addresses,
                bool(one.numbers),
                found.owner,
            )
            for found in configuration.found(files, target, open_)
            for one in found.settings
        ]
    return Answer(tuple(wanted), tuple(mine), tuple(dict.fromkeys(lines)))


def at(doors: Sequence[Door], target: Target) -> list[Door]:
    """The doors with a number."""
    return [
        one
        for one in doors
        if (one.endpoint.transport, one.endpoint.port) == (target.transport, target.port)
    ]


def targets(words: Sequence[str]) -> tuple[Target, ...]:
    """The numbers that words mean; without a transport, both of them.

    Raises:
        UsageError: A word is no single number from 1 on.
    """
    found: dict[Target, None] = {}
    for word in words:
        asked = parse(word)
        transports = (asked.transport,) if asked.transport else (Transport.TCP, Transport.UDP)
        if not asked.port or asked.transport not in {None, Transport.TCP, Transport.UDP}:
            raise UsageError(
                "{word} is no number of a door that can be closed",
                hint="tojimari where 22, tojimari where 53/udp",
                word=word,
            )
        for one in transports:
            found[Target(one, asked.port)] = None
    return tuple(found)
