"""A compiled ruleset: what the reasoner walks through."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tojimari.firewall import conditions
from tojimari.firewall.classify import PORTS, Classifier
from tojimari.firewall.conditions import BySource, Concrete, Mixed
from tojimari.firewall.intervals import Intervals
from tojimari.firewall.ruleset import (
    Chain,
    Data,
    Doubt,
    DoubtKind,
    Element,
    Hook,
    NoTrack,
    Operand,
    Rule,
    SetMark,
    Table,
    Translate,
    Verdict,
    VerdictKind,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands; what every answer names.

    Attributes:
        table: Its table.
        chain: Its chain.
        rule: The rule; None for the chain's policy.
    """

    table: Table
    chain: Chain
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Fork:
    """A doubt at one place. Its two sides are the numbers ``2 * number`` (not) and one more."""

    doubt: Doubt
    place: Place


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A condition that may hold or not."""

    doubt: Doubt
    number: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition, and the doubt to raise where it cannot say."""

    condition: "Concrete | BySource | Mixed"
    number: int


@dataclass(frozen=True, slots=True)
class Mapped:
    """A verdict by value.

    Attributes:
        operands: What is looked at.
        elements: The values.
        verdicts: One for each.
        lookup: Finds those that can match.
        has: Whether the packet has the fields at all; None where every packet has.
        doubt: Why nothing can be said; None where something can.
        number: The first of the forks for it: one for no match, then one for each element.
        chance: The count of numbers that are drawn from, 0 where nothing is.
    """

    operands: tuple[Operand, ...]
    elements: list[Element]
    verdicts: list[Verdict]
    lookup: conditions.Lookup
    has: conditions.Test | None
    doubt: Doubt | None
    number: int
    chance: int = 0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A translation with its map."""

    what: Translate
    mapped: "tuple[tuple[Operand, ...], list[Element], list[Data], conditions.Lookup] | None"
    has: conditions.Test | None
    readable: bool
    number: int


Step: TypeAlias = "Judged | Doubtful | Verdict | Mapped | Rewrite | SetMark | NoTrack"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, compiled.

    Attributes:
        place: Where it stands.
        steps: Everything, in order.
        tests: For a plain rule: its conditions that say the same of every source.
        sources: For a plain rule: the sources of each family; None for all.
        verdict: For a plain rule: accept, drop, reject or return; None where it is not plain.
    """

    place: Place
    steps: tuple[Step, ...]
    tests: tuple[conditions.Test, ...] = ()
    sources: Mapping[int, Intervals] | None = None
    verdict: VerdictKind | None = None


@dataclass(slots=True)
class Compiled:
    """One chain, compiled.

    Attributes:
        table: Its table.
        chain: The chain itself.
        policy: What the answer names where no rule decided.
        compile_lines: Compiles the rules that change anything.
        classifier: For a long chain: which lines can concern a packet.
        lean: For a long chain: the lines without the conditions that the classifier knows.
    """

    table: Table
    chain: Chain
    policy: Place
    compile_lines: Callable[[], list[Line]]
    classifier: Classifier | None = None
    lean: list[Line] = field(default_factory=list[Line])
    _lines: list[Line] | None = None

    @property
    def lines(self) -> list[Line]:
        """Every rule whole; for a long chain compiled only where somebody asks for it."""
        if self._lines is None:
            self._lines = self.compile_lines()
        return self._lines


@dataclass(slots=True)
class Program:
    """The whole ruleset, compiled.

    Attributes:
        chains: By table's place in the ruleset and name.
        bases: The base chains of each hook, in the order in which they run.
        forks: Every doubt, by number.
        ports: Ascending: where destination ports begin that some rule tells from the ones before.
        source_ports: Source ports that some rule names, and one that none names.
        addresses: By family, ascending: where destination addresses begin that some rule tells
            from the ones before.
        interfaces: Names and patterns of incoming interfaces that rules name.
        bridged: Whether there are base chains of bridges.
    """

    chains: dict[tuple[int, str], Compiled] = field(default_factory=dict[tuple[int, str], Compiled])
    bases: dict[Hook, list[Compiled]] = field(default_factory=dict[Hook, list[Compiled]])
    forks: list[Fork] = field(default_factory=list[Fork])
    ports: list[int] = field(default_factory=list[int])
    source_ports: list[int] = field(default_factory=list[int])
    addresses: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    interfaces: list[str] = field(default_factory=list[str])
    bridged: bool = False

    _by_table: dict[tuple[int, str], Compiled] = field(
        default_factory=dict[tuple[int, str], Compiled]
    )
    _forks: dict[tuple[int, Doubt], int] = field(default_factory=dict[tuple[int, Doubt], int])

    def fork(self, number: int, doubt: Doubt) -> int:
        """The number of a doubt at the place of another fork."""
        if self.forks[number].doubt == doubt:
            return number
        key = number, doubt
        if key not in self._forks:
            self._forks[key] = len(self.forks)
            self.forks.append(Fork(doubt, self.forks[number].place))
        return self._forks[key]

    def add(self, compiled: Compiled) -> None:
        """Make a chain known to those that jump to it."""
        self._by_table[id(compiled.table), compiled.chain.name] = compiled

    def elsewhere(self, place: Place, text: str) -> int:
        """The fork of a rule that hands the packet on, or of a chain that it may miss.

        Args:
            place: The rule, or the chain.
            text: What the doubt says where the place has no rule.
        """
        key = (
            id(place),
            Doubt(DoubtKind.UNKNOWN, place.rule.text if place.rule else text),
        )
        if key not in self._forks:
            self._forks[key] = len(self.forks)
            self.forks.append(Fork(key[1], place))
        return self._forks[key]

    def chain_of(self, table: Table, name: str) -> Compiled | None:
        """A chain of a table, by name."""
        return self._by_table.get((id(table), name))

    def port_classes(self) -> list[tuple[int, int]]:
        """The ports, first and last, in runs that no rule tells apart."""
        starts = self.ports
        ends = [*starts[1:], PORTS]
        return [(first, end - 1) for first, end in zip(starts, ends, strict=True)]

    def address_class(self, family: int, number: int) -> int:
        """Equal for destination addresses that no rule tells apart by their number."""
        return bisect_right(self.addresses[family], number)
