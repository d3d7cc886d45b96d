"""The three ranges of port numbers, and what they mean (RFC 6335, section 6)."""

from dataclasses import dataclass
from enum import StrEnum

from tojimari.core.endpoint import MAX_PORT
from tojimari.core.intent import PortRange
from tojimari.core.message import mark


class RangeName(StrEnum):
    """Which of the three; in the RFC's words system, user and dynamic ports."""

    WELL_KNOWN = "well-known"
    REGISTERED = "registered"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """One of the three ranges.

    Attributes:
        name: Which.
        ports: Its first and last number.
        title: English template: what people call it.
        meaning: English template: who gives its numbers to whom.
    """

    name: RangeName
    ports: PortRange
    title: str
    meaning: str


WELL_KNOWN = NumberRange(
    RangeName.WELL_KNOWN,
    PortRange(0, 1023),
    mark("Well-known numbers"),
    mark(
        "IANA keeps these numbers for the services that everybody knows, and gives them out only"
        " after a review in public. On most systems a program needs privileges to open one."
    ),
)
REGISTERED = NumberRange(
    RangeName.REGISTERED,
    PortRange(1024, 49151),
    mark("Registered numbers"),
    mark(
        "Whoever makes a program can ask IANA to write down a number for it here. Nobody is made to"
        " keep to the list, and many popular programs use a number that is another's."
    ),
)
DYNAMIC = NumberRange(
    RangeName.DYNAMIC,
    PortRange(49152, MAX_PORT),
    mark("Dynamic numbers, free for anybody"),
    mark(
        "These numbers are never registered. Anybody may use them, mostly for a short time: a"
        " program that calls out gets such a number for its own end of the conversation."
    ),
)
RANGES = (WELL_KNOWN, REGISTERED, DYNAMIC)


def of(port: int) -> NumberRange:
    """The range that holds a number.

    Args:
        port: 0 to 65535.

    Raises:
        ValueError: It is no port.
    """
    for one in RANGES:
        if port in one.ports:
            return one
    msg = f"port must be 0-65535: {port}"
    raise ValueError(msg)


def named(name: RangeName) -> NumberRange:
    """The range of that name."""
    return next(one for one in RANGES if one.name is name)
