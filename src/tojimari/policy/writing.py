"""A door as TOML: the text of one ``[[door]]``."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange

WIDTH = 100  # characters of a line before a list is written with an item a line

# What a basic string of TOML needs escaped, beside control characters (TOML 1.0.0, "String").
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Line:
    """One ``[[door]]``, as it is to be written.

    Attributes:
        ports: At least one.
        sources: At least one; zones, networks and groups by their names.
        why: The reason.
        transports: At least one.
        addresses: Empty for any.
        service: None where nothing is said, as for all that follow.
    """

    ports: tuple[PortRange, ...]
    sources: tuple[str, ...]
    why: str
    transports: tuple[Transport, ...] = (Transport.TCP,)
    addresses: tuple[str, ...] = ()
    service: str | None = None
    unit: str | None = None
    exe: str | None = None
    user: str | None = None
    container: str | None = None
    optional: bool = False
    until: dt.date | None = None


def line(intents: Sequence[Intent]) -> Line:
    """The ``[[door]]`` that some intents were read from.

    Args:
        intents: All intents of one table, in their order.
    """
    first = intents[0]
    return Line(
        ports=tuple(dict.fromkeys(one.ports for one in intents)),
        sources=first.written or first.sources,
        why=first.why,
        transports=tuple(dict.fromkeys(one.transport for one in intents)),
        addresses=tuple(dict.fromkeys(one.address for one in intents if one.address is not None)),
        service=first.service,
        unit=first.unit,
        exe=first.exe,
        user=first.user,
        container=first.container,
        optional=first.optional,
        until=first.until,
    )


def table(line: Line) -> str:
    """The text of a door, heading and all, with a line feed at its end."""
    return "".join(f"{text}\n" for text in ("[[door]]", *(f"{k} = {v}" for k, v in pairs(line))))


def pairs(line: Line) -> Iterator[tuple[str, str]]:
    """The keys of a door, each with its value as TOML, in the order of the reference.

    What is not said is left out; so is the transport where it is TCP alone.
    """
    yield "port", one_or_several(_port(ports) for ports in line.ports)
    if line.transports != (Transport.TCP,):
        yield "transport", one_or_several(quoted(each) for each in line.transports)
    if line.addresses:
        yield "address", one_or_several(quoted(each) for each in line.addresses)
    if line.service is not None:
        yield "service", quoted(line.service)
    yield "from", _list([quoted(each) for each in line.sources])
    for name, value in (
        ("unit", line.unit),
        ("exe", line.exe),
        ("user", line.user),
        ("container", line.container),
    ):
        if value is not None:
            yield name, quoted(value)
    if line.optional:
        yield "optional", "true"
    if line.until is not None:
        yield "until", line.until.isoformat()
    yield "why", quoted(line.why)


def one_or_several(values: Iterable[str]) -> str:
    """A single value as it is, several as a list."""
    found = list(values)
    return found[0] if len(found) == 1 else _list(found)


def is_writable(text: str) -> bool:
    """Whether TOML has a form for a text: not where it holds an undecodable byte (PEP 383)."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def quoted(text: str) -> str:
    """Text as a basic string of TOML.

    Raises:
        ValueError: TOML has no form for it; see ``is_writable``.
    """
    if not is_writable(text):
        msg = f"TOML cannot hold {text!r}"
        raise ValueError(msg)
    return f'"{"".join(_escaped(char) for char in text)}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}"


def _port(ports: PortRange) -> str:
    return str(ports) if len(ports) == 1 else quoted(str(ports))


def _list(values: Sequence[str]) -> str:
    short = f"[{', '.join(values)}]"
    if len(short) <= WIDTH:
        return short
    return "[\n" + "".join(f"    {value},\n" for value in values) + "]"
