"""Which numbers are knocked at: ``-p 1-65535``, ``-p http,https,8000-8100``, ``-p T:80,U:53``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import UsageError
from tojimari.core.message import mark
from tojimari.core.text import printable

HINT = mark("tojimari scan -p 22,80,8000-8100,https,53/udp, or -p- for every number")
RANKING = Path(__file__).parent / "ranking.tsv"
EVERY = (1, MAX_PORT)  # 0 is reserved (RFC 6335, section 6); it is knocked at when it is asked for
SHOWN = 80
_PREFIXES = {"T:": Transport.TCP, "U:": Transport.UDP}
KNOCKABLE = (Transport.TCP, Transport.UDP)

Ports = Mapping[Transport, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place in our ranking.

    Attributes:
        transport: How it is knocked at.
        port: The number.
        why: Why it stands where it stands, one of the words of the file's heading.
    """

    transport: Transport
    port: int
    why: str


def parse(text: str, transports: Sequence[Transport] = (Transport.TCP,)) -> Ports:
    """The numbers that a word asks for.

    Args:
        text: Numbers, ranges and names with commas between; ``-`` for 1 to 65535. ``T:`` or ``U:``
            holds for what follows it, as nmap has it; ``/tcp`` or ``/udp`` for what it follows.
        transports: How to knock where the word does not say.

    Returns:
        By transport, ascending, each once.

    Raises:
        UsageError: A part of it is no number, range or name.
    """
    found: dict[Transport, set[int]] = {}
    ways = tuple(transports)
    for given in text.split(","):
        part = given.strip()
        if part[:2].upper() in _PREFIXES:
            ways = (_PREFIXES[part[:2].upper()],)
            part = part[2:]
        body, slash, word = part.rpartition("/")
        chosen = ways
        if slash:
            chosen = tuple(one for one in KNOCKABLE if one == word.lower())
            if not chosen:
                raise _error(mark("After the slash stands tcp or udp: {text}"), part)
        for transport in chosen:
            found.setdefault(transport, set()).update(_numbers(body if slash else part, transport))
    return {one: tuple(sorted(found[one])) for one in KNOCKABLE if one in found}


def _numbers(part: str, transport: Transport) -> Iterator[int]:
    first, dash, last = part.partition("-")
    if dash and all(not end or end.isdecimal() for end in (first, last)):
        low, high = _number(first or str(EVERY[0]), part), _number(last or str(EVERY[1]), part)
        if high < low:
            raise _error(mark("The range of numbers runs backwards: {text}"), part)
        yield from range(low, high + 1)
    elif part.isdecimal():
        yield _number(part, part)
    else:
        yield from _named(part, transport)


def _number(digits: str, part: str) -> int:
    short = digits.lstrip("0") or "0"
    if not digits.isascii() or len(short) > len(str(MAX_PORT)) or int(short) > MAX_PORT:
        raise _error(mark("The numbers of doors go from 0 to 65535: {text}"), part)
    return int(short)


def _named(name: str, transport: Transport) -> tuple[int, ...]:
    from tojimari.registry import number  # noqa: PLC0415 - 10 ms, for those who use names

    found = number.named(name, transport) if name else ()
    if not found:
        raise _error(mark("Nothing that is known goes by this name: {text}"), name)
    return found


def top(count: int, transport: Transport) -> tuple[int, ...]:
    """The numbers at which something is met most often, by our own ranking, ascending.

    Args:
        count: How many.
        transport: How it is knocked at.

    Raises:
        UsageError: The ranking is shorter.
    """
    ranked = [one.port for one in ranking() if one.transport is transport]
    if not 1 <= count <= len(ranked):
        raise UsageError(
            "The ranking has {most} numbers of {transport}.",
            hint="tojimari scan -p-",
            most=len(ranked),
            transport=transport,
        )
    return tuple(sorted(ranked[:count]))


@cache
def ranking() -> tuple[Ranked, ...]:
    """Our own ranking, the most met first; of each transport by itself."""
    found: list[Ranked] = []
    for line in RANKING.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        transport, why, numbers = line.split("\t")
        found += [Ranked(Transport(transport), int(one), why) for one in numbers.split()]
    return tuple(found)


def shown(numbers: Sequence[int]) -> str:
    """Ascending numbers as a person writes them: ``22,80,8000-8100``."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in runs)


def _error(template: str, part: str) -> UsageError:
    return UsageError(template, text=printable(part, SHOWN), hint=HINT)
