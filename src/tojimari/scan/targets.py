"""What somebody wants scanned, out of words, lists and the reports of nmap.

A word is an address, a network (``192.0.2.0/24``), a range (``192.0.2.1-20``,
``2001:db8::1-2001:db8::9``; for IPv4 in any part, ``10.0-3.0.1-254``), or a name. Names are only
recognised here: to look them up is the caller's matter.
"""

import ipaddress
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.core.errors import UsageError
from tojimari.core.message import mark
from tojimari.core.text import printable
from tojimari.scan.intervals import BITS, Intervals, merged

HINT = mark("tojimari scan 192.0.2.7 192.0.2.0/24 192.0.2.1-20 '2001:db8::7' example.org")
MOST_RANGES = 1 << 16  # intervals that one word may stand for
SHOWN = 80  # characters of a mistaken word that are said back
DOTS = 3  # of a whole IPv4 address

_OCTET = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?|\*")
_NUMERIC = re.compile(r"[0-9.*/-]+")
# Letters, digits and hyphens (RFC 1123, section 2.1), underscores as they are met; other letters
# are encoded when the name is looked up (RFC 5891).
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_LONGEST_NAME = 253  # characters (RFC 1035, section 2.3.4)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a word stands.

    Attributes:
        file: Name of the list; empty for the command line.
        line: From 1; 0 for the command line.
    """

    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """One word.

    Attributes:
        text: As it was written.
        version: 4 or 6; 0 for a name.
        numbers: Addresses; empty for a name.
        name: What must be looked up; empty for addresses.
        zone: The interface of a link-local address (RFC 4007); empty elsewhere.
        origin: Where it stands.
    """

    text: str
    version: int = 0
    numbers: Intervals = ()
    name: str = ""
    zone: str = ""
    origin: Origin = Origin()

    @property
    def hosts(self) -> int:
        """How many machines it stands for, as far as the word says: a name stands for one."""
        return sum(last - first + 1 for first, last in self.numbers) or 1


def parse(word: str, origin: Origin = Origin()) -> Target:
    """One word.

    Raises:
        UsageError: It is none of the kinds.
    """
    body = word[1:-1] if word.startswith("[") and word.endswith("]") else word
    if "://" in body:
        inner = body.split("://", 1)[1].split("/", 1)[0]
        raise _error(
            origin,
            mark("This is the address of a page, not of a machine: {text}"),
            word,
            hint=f"tojimari scan {inner}",
        )
    if ":" in body:
        return _ipv6(word, body, origin)
    if _NUMERIC.fullmatch(body):
        return Target(word, 4, _ipv4(word, body, origin), origin=origin)
    labels = body.rstrip(".").split(".")
    if len(body) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise _error(origin, mark("This names no machine and no network: {text}"), word)
    return Target(word, name=body, origin=origin)


def _ipv4(word: str, body: str, origin: Origin) -> Intervals:
    if "/" in body:
        return (_network(word, body, origin),)
    first, _, last = body.partition("-")
    if first.count(".") == last.count(".") == DOTS:
        return (_range(word, first, last, origin),)
    octets = [_OCTET.fullmatch(part) for part in body.split(".")]
    if len(octets) != 4:  # noqa: PLR2004 - bytes of an IPv4 address
        raise _error(
            origin, mark("An IPv4 address has four numbers with dots between: {text}"), word
        )
    bounds: list[tuple[int, int]] = []
    for octet in octets:
        low, high = (
            (0, 255)
            if octet is not None and octet[0] == "*"
            else (int(octet[1]), int(octet[2] or octet[1]))
            if octet is not None
            else (1, 0)
        )
        if not low <= high <= 255:  # noqa: PLR2004 - the largest of 8 bits
            raise _error(
                origin, mark("A part of an IPv4 address is 0 to 255, or FIRST-LAST: {text}"), word
            )
        bounds.append((low, high))
    return _product(word, bounds, origin)


def _product(word: str, bounds: list[tuple[int, int]], origin: Origin) -> Intervals:
    """The addresses whose four parts lie within bounds."""
    tail = 0  # parts at the end that are whole, and so belong to one interval
    while tail < 3 and bounds[3 - tail] == (0, 255):  # noqa: PLR2004 - the last of four
        tail += 1
    head, edge = bounds[: 3 - tail], bounds[3 - tail]
    runs = 1
    for low, high in head:
        runs *= high - low + 1
    if runs > MOST_RANGES:
        raise _error(
            origin, mark("This word stands for too many ranges; use a network: {text}"), word
        )
    found: list[tuple[int, int]] = []
    for parts in itertools.product(*(range(low, high + 1) for low, high in head)):
        start = 0
        for part in parts:
            start = start << 8 | part
        size = 1 << 8 * tail
        found.append(((start << 8 | edge[0]) * size, (start << 8 | edge[1]) * size + size - 1))
    return merged(found)


def _ipv6(word: str, body: str, origin: Origin) -> Target:
    body, percent, zone = body.partition("%")
    if percent and not zone:
        raise _error(origin, mark("After the % stands the name of an interface: {text}"), word)
    first, dash, last = body.partition("-")
    if dash:
        numbers = _range(word, first, last, origin)
    elif "/" in body:
        numbers = _network(word, body, origin)
    else:
        number = int(_address(word, body, origin))
        numbers = (number, number)
    if numbers[0] >> 32 == 0xFFFF and numbers[1] >> 32 == 0xFFFF:  # noqa: PLR2004 - ::ffff:0:0/96
        mapped = (numbers[0] & 0xFFFFFFFF, numbers[1] & 0xFFFFFFFF)
        return Target(word, 4, (mapped,), origin=origin)  # RFC 4291, section 2.5.5.2: it is IPv4
    return Target(word, 6, (numbers,), zone=zone, origin=origin)


def _address(word: str, text: str, origin: Origin) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise _error(origin, mark("This is no IP address: {text}"), word) from error


def _network(word: str, text: str, origin: Origin) -> tuple[int, int]:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise _error(
            origin, mark("A network is an address, a slash and a number of bits: {text}"), word
        ) from error
    return int(found.network_address), int(found.broadcast_address)


def _range(word: str, first: str, last: str, origin: Origin) -> tuple[int, int]:
    low, high = _address(word, first, origin), _address(word, last, origin)
    if low.version != high.version or int(high) < int(low):
        raise _error(origin, mark("The range runs backwards: {text}"), word)
    return int(low), int(high)


def read(text: str, file: str) -> Iterator[Target]:
    """The targets of a list, or of a report that nmap wrote (``-oX``).

    Args:
        text: Words with white space between; ``#`` begins a remark. Or XML.
        file: What the list is called in errors.

    Raises:
        UsageError: A word is no target, with its place; or the XML is broken.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        yield from _nmap(text, file)
        return
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        for word in line.partition("#")[0].split():
            yield parse(word, Origin(file, number))


def _nmap(text: str, file: str) -> Iterator[Target]:
    """The machines that a report of nmap says are up.

    Source: nmap.dtd: nmaprun > host > status (state), address (addr, addrtype).
    """
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - for those who have XML

    from defusedxml import DefusedXmlException  # noqa: PLC0415 - the same
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415 - the same

    origin = Origin(file)
    try:
        root = fromstring(text, forbid_dtd=False)
    except ParseError as error:
        raise UsageError(
            "{file}, line {line}: the XML is broken", file=file, line=error.position[0]
        ) from error
    except (DefusedXmlException, ValueError) as error:
        raise UsageError(
            "{file}: the XML declares entities, which is refused", file=file
        ) from error
    if root.tag != "nmaprun":
        raise UsageError(
            "{file}: this is XML, but not a report of nmap (-oX)", file=file, hint=HINT
        )
    for host in root.iter("host"):
        status = host.find("status")
        if status is not None and status.get("state") != "up":
            continue
        for address in host.iter("address"):
            if address.get("addrtype") in {"ipv4", "ipv6"}:
                yield parse(address.get("addr", ""), origin)


def _error(origin: Origin, template: str, word: str, hint: str = HINT) -> UsageError:
    shown = printable(word, SHOWN)
    error = UsageError(template, text=shown, hint=hint)
    if not origin.file:
        return error
    return UsageError(
        "{file}, line {line}: no address, network, range or name: {text}",
        file=origin.file,
        line=origin.line,
        text=shown,
        hint=hint,
    )


def whole(version: int) -> tuple[int, int]:
    """Every address of a family."""
    return 0, (1 << BITS[version]) - 1
