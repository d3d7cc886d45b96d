"""Sets as ``ipset save`` gives them.

Source: ipset(8), and net/netfilter/ipset for what ``nomatch`` means.
"""

import re
import shlex
from collections.abc import Iterator

from tojimari.core.errors import UsageError
from tojimari.firewall.dialect import AddressSet, Dialect, Sets
from tojimari.firewall.intervals import (
    IPV4,
    IPV6,
    Intervals,
    difference,
    interval,
    parse_address,
    parse_network,
    union,
)
from tojimari.firewall.ruleset import PROTOCOLS, TCP, Element, NamedSet, Ruleset, Span

_CREATE = re.compile(
    r"^(?:ipset )?(?:create|-N|-exist create) \S+"
    r" (?:hash|bitmap|list|\w*(?:hash|map)\b|iptree|setlist)",
    re.MULTILINE,
)
_MAX_MEMBERS = 64  # list:set holds no more than its size says; ours bounds loops of lists


def read(text: str, sets: Sets, name: str) -> Ruleset:
    """Sets alone decide nothing."""
    del text, sets, name
    return Ruleset()


def read_sets(text: str, name: str = "ipset save") -> Sets:
    """The sets that a dump describes.

    Args:
        text: Lines that create sets and add elements.
        name: The file, for what is said of a broken line.

    Raises:
        UsageError: A line is none of these.
    """
    found: dict[str, _Building] = {}
    for number, line in _commands(text):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise UsageError(
                "{file}:{line}: {why}", file=name, line=number, why=str(error)
            ) from error
        if not words or words[0] in {"COMMIT", "flush", "swap", "destroy"}:
            continue
        if words[0] == "create" and len(words) > 2:  # noqa: PLR2004 - two ends, or two parts
            found[words[1]] = _Building(words[2], words[3:])
        elif words[0] == "add" and len(words) > 2 and words[1] in found:  # noqa: PLR2004 - two ends, or two parts
            found[words[1]].add(words[2], words[3:])
        else:
            raise UsageError(
                "{file}:{line}: this is no line of ipset save: {text}",
                file=name,
                line=number,
                text=line[:200],
            )
    return {name: building.built(found) for name, building in found.items()}


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Every command with its line's number; those of a shell, with semicolons between, too."""
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split(";") if line.lstrip().startswith("ipset ") else [line]
        for part in parts:
            yield number, part.strip().removeprefix("ipset ")


class _Building:
    def __init__(self, kind: str, options: list[str]) -> None:
        _, _, parts = kind.partition(":")
        self.kinds = tuple(parts.split(",")) if parts else (kind,)
        self.family = IPV6 if "inet6" in options else IPV4
        self.readable = True
        self.elements: list[Element] = []
        self.members: list[str] = []
        # Longest prefix first, when it comes to asking: so the shortest is painted first.
        self.painted: list[tuple[int, tuple[int, int], bool]] = []

    def add(self, text: str, options: list[str]) -> None:
        if self.kinds == ("set",):
            self.members.append(text)
            return
        try:
            element = self.element(text)
        except ValueError:
            self.readable = False
            return
        excepted = "nomatch" in options
        if len(element) == 1 and isinstance(element[0], tuple):
            first, last = element[0]
            self.painted.append((last - first, (first, last), excepted))
        elif excepted:
            self.readable = False
        else:
            self.elements.append(element)

    def element(self, text: str) -> Element:
        """One element, in ``AddressSet``'s order.

        Raises:
            ValueError: It does not fit the set's type.
        """
        spans: list[Span] = []
        for kind, part in zip(self.kinds, text.split(","), strict=True):
            if kind in {"ip", "net"}:
                spans.append(self.addresses(part))
            elif kind == "port":
                spans += _port(part)
            elif kind == "mark":
                spans.append((int(part, 0), int(part, 0)))
            elif kind == "iface":
                spans.append(part.removeprefix("physdev:"))
            else:
                raise ValueError(kind)
        return tuple(spans)

    def addresses(self, text: str) -> tuple[int, int]:
        first, dash, last = text.partition("-")
        if dash:
            return parse_address(first, self.family), parse_address(last, self.family)
        return parse_network(text, self.family)

    def built(self, others: dict[str, "_Building"], depth: int = 0) -> AddressSet:
        content = NamedSet(self.elements, readable=self.readable)
        kinds = self.kinds
        if self.painted:
            content.numbers = self.numbers()
        elif len(kinds) == 1 and kinds[0] in {"ip", "net"}:
            content.numbers = []
        if kinds == ("set",):
            return self.joined(others, depth)
        return AddressSet(kinds, self.family, content)

    def numbers(self) -> Intervals:
        if not any(excepted for _, _, excepted in self.painted):
            from_all = sorted(span for _, span, _ in self.painted)
            result: Intervals = []
            for first, last in from_all:
                if result and first <= result[-1]:
                    result[-1] = max(result[-1], last + 1)
                else:
                    result += (first, last + 1)
            return result
        result = []
        for _, span, excepted in sorted(self.painted, key=lambda one: -one[0]):
            change = difference if excepted else union
            result = change(result, interval(*span))
        return result

    def joined(self, others: dict[str, "_Building"], depth: int) -> AddressSet:
        """A list of sets: what is in any of them, where they are of one type."""
        known = [others[name] for name in self.members if name in others]
        whole = len(known) == len(self.members) and depth < _MAX_MEMBERS
        parts = [one.built(others, depth + 1) for one in known] if whole else []
        shapes = {(part.kinds, part.family) for part in parts}
        numeric = all(part.content.numbers is not None for part in parts)
        if len(shapes) != 1 or not all(part.content.readable for part in parts):
            return AddressSet(("ip",), IPV4, NamedSet(readable=False))
        content = NamedSet([one for part in parts for one in part.content.elements])
        if numeric:
            content.numbers = []
            for part in parts:
                content.numbers = union(content.numbers, part.content.numbers or [])
        return AddressSet(parts[0].kinds, parts[0].family, content)


def _port(text: str) -> list[Span]:
    protocol, colon, rest = text.partition(":")
    if not colon:
        protocol, rest = "", text
    number = TCP if not protocol else PROTOCOLS.get(protocol)
    if number is None:
        number = int(protocol)
    first, _, last = rest.partition("-")
    return [(number, number), (int(first), int(last or first))]


DIALECT = Dialect("ipset", "ipset save", lambda text: bool(_CREATE.search(text)), read, read_sets)
