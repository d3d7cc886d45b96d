"""The keys of a door, one reader each: from what TOML holds to what is meant.

Each reader takes anything, tells what is wrong with it, and returns what is right.
"""

import bisect
import datetime as dt
import re
from collections.abc import Iterator
from functools import partial

from tojimari.core.endpoint import MAX_PORT, Transport, canonical_address
from tojimari.core.intent import PortRange
from tojimari.core.message import Message
from tojimari.policy.complaints import Complaints
from tojimari.policy.positions import Path
from tojimari.policy.syntax import Toml

# The ways of speaking that this version of the file knows: those whose sockets tojimari reads.
TRANSPORTS = (Transport.TCP, Transport.UDP)
MIN_PORT = 1  # nobody waits at 0, which bind takes for "any free port" (ip(7))

_DIGITS = re.compile(r"[0-9]{1,5}")
_RANGE = re.compile(r"([1-9][0-9]{0,4})-([1-9][0-9]{0,4})")
# Ranges as people write them elsewhere: iptables' and awk's marks, Japanese dashes, blanks.
_LOOSE_RANGE = re.compile(r"\s*([0-9]{1,5})\s*(?:-|–|—|〜|～|~|:|\.\.|to)\s*([0-9]{1,5})\s*")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9._+-]*")
_WORD = re.compile(r"\S+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(?:%[^\s%/]+)?")

_MANY = 10**18  # longer numbers are not shown
_EXAMPLE_PORTS = Message("try", 'for example 443, [80, 443] or "8000-8100"')


def ports(value: Toml, path: Path, complaints: Complaints) -> list[PortRange]:
    """``443``, ``"8000-8100"``, or a list of these."""
    found: list[PortRange] = []
    taken: list[PortRange] = []  # the same, ascending
    for item, place in _several(value, path, complaints):
        port = _port(item, place, complaints)
        if port is None:
            continue
        at = bisect.bisect(taken, port)
        if any(
            near.first <= port.last and port.first <= near.last
            for near in taken[max(at - 1, 0) : at + 1]
        ):
            complaints.value(
                place,
                Message("repeated-port", "{ports} is in this list already", {"ports": str(port)}),
            )
        else:
            taken.insert(at, port)
            found.append(port)
    return found


def transports(value: Toml, path: Path, complaints: Complaints) -> list[Transport]:
    """``"tcp"``, ``"udp"``, or both in a list."""
    found: list[Transport] = []
    for item, place in _several(value, path, complaints):
        if isinstance(item, str) and item in TRANSPORTS:
            found.append(Transport(item))
            continue
        known = item.lower() if isinstance(item, str) and item.lower() in TRANSPORTS else None
        complaints.value(
            place,
            Message("transport", 'the transport is "tcp" or "udp"'),
            Message("try", 'write "{word}"', {"word": known})
            if known
            else Message("try", 'for both, write ["tcp", "udp"]'),
        )
    return found


def addresses(value: Toml, path: Path, complaints: Complaints) -> list[str]:
    """An address of this machine, or a list of them, in canonical text."""
    found: list[str] = []
    for item, place in _several(value, path, complaints):
        address = _address(item, place, complaints)
        if address is not None and address in found:
            complaints.value(
                place, Message("repeated-address", "{address} is there twice", {"address": address})
            )
        elif address is not None:
            found.append(address)
    return found


def why(value: Toml, path: Path, complaints: Complaints) -> str | None:
    """The reason, which nobody may leave out."""
    if isinstance(value, str) and value.strip():
        return value
    complaints.value(
        path,
        Message("why", "the reason is missing")
        if isinstance(value, str)
        else Message("wrong-type", "the reason is a text in quotes"),
        Message("try", "say in a few words who needs this door, and what for"),
    )
    return None


def service(value: Toml, path: Path, complaints: Complaints) -> str | None:
    """The short name of a protocol."""
    if isinstance(value, str) and _SERVICE.fullmatch(value):
        return value
    lower = value.lower().strip() if isinstance(value, str) else ""
    complaints.value(
        path,
        Message("service-form", "a service is one word in small letters"),
        Message("try", 'write "{word}"', {"word": lower})
        if _SERVICE.fullmatch(lower)
        else Message("try", 'for example "ssh", "https" or "postgresql"'),
    )
    return None


def executable(value: Toml, path: Path, complaints: Complaints) -> str | None:
    """An absolute path, in which ``*`` may stand for a part of a name."""
    if isinstance(value, str) and value.startswith("/"):
        return value
    complaints.value(
        path,
        Message("exe-form", "an executable is an absolute path"),
        Message("try", 'for example "/usr/sbin/sshd"; for the unit\'s name there is unit'),
    )
    return None


def _name(value: Toml, path: Path, complaints: Complaints, *, example: str) -> str | None:
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    complaints.value(
        path,
        Message("name-form", "this is one name in quotes, without blanks"),
        Message("try", 'for example "{example}"', {"example": example}),
    )
    return None


unit = partial(_name, example="ssh.service")
user = partial(_name, example="www-data")
container = partial(_name, example="web")


def optional(value: Toml, path: Path, complaints: Complaints) -> bool:
    """Whether the door may be shut."""
    if isinstance(value, bool):
        return value
    complaints.value(
        path,
        Message("wrong-type", "this is true or false, without quotes"),
        Message("try", "true where the door may be shut at times"),
    )
    return False


def until(value: Toml, path: Path, complaints: Complaints) -> dt.date | None:
    """The last day. Quotes are allowed: a JSON Schema cannot tell them from a date of TOML."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:  # the 30th of February: told below
            pass
    complaints.value(
        path,
        Message("until-form", "this is no date"),
        Message(
            "try", "write the last day as YYYY-MM-DD, for example {day}", {"day": "2027-03-31"}
        ),
    )
    return None


def _several(value: Toml, path: Path, complaints: Complaints) -> Iterator[tuple[Toml, Path]]:
    """One thing, or each thing of a list: where several may stand, one may stand alone."""
    if not isinstance(value, list):
        yield value, path
        return
    if not value:
        complaints.value(path, Message("empty", "the list is empty"))
    seen: set[str | int] = set()
    for number, item in enumerate(value):
        place: Path = (*path, number)
        if not isinstance(item, str | int) or isinstance(item, bool):
            yield item, place
        elif item in seen:
            complaints.value(
                place, Message("repeated-item", '"{word}" is there twice', {"word": _shown(item)})
            )
        else:
            seen.add(item)
            yield item, place


def _port(value: Toml, path: Path, complaints: Complaints) -> PortRange | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return PortRange(value, value) if _is_port(value, path, complaints) else None
    if isinstance(value, str):
        return _range(value, path, complaints)
    complaints.value(
        path,
        Message("wrong-type", "a port is a whole number, or a range in quotes"),
        _EXAMPLE_PORTS,
    )
    return None


def _range(text: str, path: Path, complaints: Complaints) -> PortRange | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        complaints.value(
            path,
            Message("port-form", '"{ports}" is no range of ports', {"ports": text}),
            _range_meant(text),
        )
        return None
    first, last = int(match[1]), int(match[2])
    if not (_is_port(first, path, complaints) and _is_port(last, path, complaints)):
        return None
    if first >= last:
        complaints.value(
            path,
            Message("range-order", "a range goes from a lower number to a higher"),
            Message("try", 'write "{first}-{last}"', {"first": last, "last": first})
            if last < first
            else Message("try", "write {port}", {"port": first}),
        )
        return None
    return PortRange(first, last)


def _is_port(value: int, path: Path, complaints: Complaints) -> bool:
    if MIN_PORT <= value <= MAX_PORT:
        return True
    complaints.value(
        path,
        Message("port-number", "{port} is no port number", {"port": _shown(value)}),
        Message(
            "try", "port numbers go from {first} to {last}", {"first": MIN_PORT, "last": MAX_PORT}
        ),
    )
    return False


def _shown(value: object) -> str:
    """A value to show. Python refuses to write a number of thousands of digits."""
    return str(value) if not isinstance(value, int) or abs(value) < _MANY else "..."


def _range_meant(text: str) -> Message:
    if _DIGITS.fullmatch(text.strip()):
        return Message(
            "try", "write a single number without quotes: {port}", {"port": text.strip()}
        )
    match = _LOOSE_RANGE.fullmatch(text)
    if match is not None:
        return Message("try", 'write "{first}-{last}"', {"first": match[1], "last": match[2]})
    return _EXAMPLE_PORTS


def _address(value: Toml, path: Path, complaints: Complaints) -> str | None:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        complaints.value(
            path,
            Message("address-form", "this is an IP address of this machine, in quotes"),
            Message("try", 'for example "127.0.0.1" or "::1"; leave it out for any'),
        )
        return None
    try:
        address = canonical_address(value)
    except ValueError:
        complaints.value(
            path, Message("bad-address", '"{address}" is no IP address', {"address": value})
        )
        return None
    if address in {"0.0.0.0", "::"}:  # noqa: S104 - compared, never bound
        complaints.value(
            path,
            Message("address-is-any", '"{address}" means every address', {"address": address}),
            Message("try", "leave address out: then any is meant"),
        )
        return None
    return address
