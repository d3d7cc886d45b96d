"""A rule language: how to know it, and how to read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tojimari.firewall.ruleset import NamedSet, Ruleset

PACKAGE = "tojimari.firewall.dialects"


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A set that lives outside the tables (ipset).

    Attributes:
        kinds: What each part of an element is: ``ip``, ``net``, ``port``, ``mac``, ``mark``,
            ``iface``, ``set``.
        family: 4 or 6.
        content: The elements; a ``port`` takes two places, protocol and port.
    """

    kinds: tuple[str, ...]
    family: int
    content: NamedSet


Sets = Mapping[str, AddressSet]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One rule language.

    Attributes:
        name: Its file's name.
        title: What people call it.
        recognises: Whether a text is written in it.
        read: Its rules; the sets are those of ipset, for languages that refer to them. The last
            argument is the text's name, for what is said of a broken one.
        sets: The sets that a text describes, by text and name; for the languages of sets, whose
            ``read`` gives none.
    """

    name: str
    title: str
    recognises: Callable[[str], bool]
    read: Callable[[str, Sets, str], Ruleset]
    sets: Callable[[str, str], Sets] | None = None
