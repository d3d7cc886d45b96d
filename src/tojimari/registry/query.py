"""What a person types when they ask for a number: ``443``, ``53/udp``, ``8000-8100``, ``https``."""

import re
import unicodedata
from dataclasses import dataclass

from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.core.text import printable

_NUMBERS = re.compile(r"([0-9]+)(?:(-)([0-9]*))?")
_SHOWN = 60  # characters of a mistaken word that are said back


@dataclass(frozen=True, slots=True)
class Query:
    """One question.

    Attributes:
        text: As it was typed, made even: half-width, no space around it.
        ports: The number or range that is asked for; None where it is a name.
        name: The name that is asked for; empty where it is a number.
        transport: Only under this one; None for all.
    """

    text: str
    ports: PortRange | None = None
    name: str = ""
    transport: Transport | None = None

    @property
    def port(self) -> int | None:
        """The number, where just one is asked for."""
        return self.ports.first if self.ports and len(self.ports) == 1 else None


def parse(text: str) -> Query:
    """One question from one word.

    Args:
        text: A number, a range or a name, perhaps with a transport: ``53/udp``. Full-width
            characters are taken for what they look like (Unicode's NFKC).

    Raises:
        UsageError: It is none of these.
    """
    even = unicodedata.normalize("NFKC", text).strip()
    head, slash, tail = even.rpartition("/")
    transport = _transport(tail) if slash else None
    body = head if transport else even
    match = _NUMBERS.fullmatch(body)
    if match is None:
        return _name(even, body, transport)
    first = _port(match[1])
    if match[2] is None:
        return Query(even, PortRange(first, first), transport=transport)
    if not match[3]:
        raise UsageError(
            "the range {range} has no end",
            hint="tojimari port {first}-{last}",
            range=_shown(body),
            first=first,
            last=MAX_PORT,
        )
    last = _port(match[3])
    if last < first:
        raise UsageError(
            "the range {range} runs backwards",
            hint="tojimari port {last}-{first}",
            range=_shown(body),
            first=first,
            last=last,
        )
    return Query(even, PortRange(first, last), transport=transport)


def _name(even: str, body: str, transport: Transport | None) -> Query:
    number, slash, other = body.partition("/")
    if slash and _NUMBERS.fullmatch(number):
        raise UsageError(
            "{word} is no transport",
            hint="tojimari port {number}/tcp, or /udp, /sctp, /dccp",
            word=_shown(other),
            number=_shown(number),
        )
    if not body:
        raise UsageError("an empty word is no port", hint="tojimari port 443")
    return Query(even, name=body, transport=transport)


def _transport(word: str) -> Transport | None:
    return next((one for one in Transport if one == word.lower()), None)


def _port(digits: str) -> int:
    short = digits.lstrip("0") or "0"
    if len(short) > len(str(MAX_PORT)) or int(short) > MAX_PORT:
        raise UsageError(
            "{number} is no port: the numbers go from 0 to 65535",
            hint="tojimari port 0-1023, or tojimari port --search WORD",
            number=_shown(digits),
        )
    return int(short)


def _shown(word: str) -> str:
    return printable(word, _SHOWN)
