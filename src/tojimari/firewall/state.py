"""A packet on its way: everything about it that is one value and not a set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tojimari.firewall.intervals import Intervals, difference, universe
from tojimari.firewall.machine import Machine
from tojimari.firewall.ruleset import STATES, Field

NEW, INVALID, UNTRACKED = STATES["new"], STATES["invalid"], STATES["untracked"]
SYN = 0x02  # RFC 9293, section 3.1

UNSEEN, TRACKED, LEFT_ALONE = 0, 1, 2  # what connection tracking did so far


@dataclass(slots=True)
class State:
    """One packet, at one place of its way.

    Attributes:
        machine: What is around it.
        family: 4 or 6.
        protocol: IANA number.
        input: The interface it came in by; None where it is not known.
        output: The interface it will leave by; None where there is none, or none is known.
        leaving: Whether it will leave at all.
        destination: The address, after translation.
        port: The destination port, after translation; None where it is one of several.
        source_port: Chosen by the sender.
        original_destination: The address before translation.
        original_port: The port before translation.
        mark: Of the packet; None where it is not known.
        ct_mark: Of the conversation; None where it is not known.
        tracking: ``UNSEEN``, ``TRACKED`` or ``LEFT_ALONE``.
        status: Bits of ``STATUSES``.
        translated: Whether the destination's translation is settled.
        moved: Whether the source was rewritten: then rules about it say nothing that we know.
        vague: Whether the destination is one of several.
    """

    machine: Machine
    family: int
    protocol: int
    input: str | None
    destination: int
    port: int | None
    source_port: int | None
    output: str | None = None
    leaving: bool = False
    original_destination: int = 0
    original_port: int | None = 0
    mark: int | None = 0
    ct_mark: int | None = 0
    tracking: int = UNSEEN
    status: int = 0
    translated: bool = False
    moved: bool = False
    vague: bool = False

    def copy(self) -> "State":
        """The same, to be changed."""
        return State(
            self.machine,
            self.family,
            self.protocol,
            self.input,
            self.destination,
            self.port,
            self.source_port,
            self.output,
            self.leaving,
            self.original_destination,
            self.original_port,
            self.mark,
            self.ct_mark,
            self.tracking,
            self.status,
            self.translated,
            self.moved,
            self.vague,
        )

    @property
    def key(self) -> tuple[object, ...]:
        """What rules can change about a packet; equal keys have one future."""
        return (
            self.mark,
            self.ct_mark,
            self.destination,
            self.port,
            self.tracking,
            self.status,
            self.translated,
            self.moved,
            self.vague,
            self.output,
        )

    @property
    def ct_state(self) -> int:
        """One bit; what no conversation was found for is invalid (nft_ct_get_eval)."""
        if self.tracking == TRACKED:
            return NEW
        return UNTRACKED if self.tracking == LEFT_ALONE else INVALID


Value: TypeAlias = "int | str | None"


def _destination(state: State) -> Value:
    return None if state.vague else state.destination


def _output(state: State) -> Value:
    # A packet that does not leave has no interface there, and no name is equal to none.
    return state.output if state.leaving else ""


def _kind(state: State) -> Value:
    return None if state.vague else state.machine.kind(state.family, state.destination)


def _kind_here(state: State) -> Value:
    if state.vague:
        return None
    return state.machine.kind_here(state.family, state.destination, state.input)


GETTERS: dict[Field, Callable[[State], Value]] = {
    Field.DESTINATION: _destination,
    Field.FAMILY: lambda state: state.family,
    Field.PROTOCOL: lambda state: state.protocol,
    Field.SOURCE_PORT: lambda state: state.source_port,
    Field.DESTINATION_PORT: lambda state: state.port,
    Field.INPUT: lambda state: state.input,
    Field.OUTPUT: _output,
    Field.MARK: lambda state: state.mark,
    Field.CT_MARK: lambda state: state.ct_mark,
    Field.CT_STATE: lambda state: state.ct_state,
    Field.CT_STATUS: lambda state: state.status,
    Field.CT_DIRECTION: lambda _: 0,
    Field.ORIGINAL_DESTINATION: lambda state: state.original_destination,
    Field.ORIGINAL_PORT: lambda state: state.original_port,
    Field.DESTINATION_KIND: _kind,
    Field.DESTINATION_KIND_HERE: _kind_here,
    Field.TCP_FLAGS: lambda _: SYN,
    Field.PACKET_KIND: lambda _: 0,
    Field.CHANCE: lambda _: None,
    Field.UNKNOWN: lambda _: None,
}

# Fields of the conversation, which a packet without one does not have.
OF_CONVERSATION = frozenset(
    {
        Field.CT_MARK,
        Field.CT_STATUS,
        Field.CT_DIRECTION,
        Field.ORIGINAL_DESTINATION,
        Field.ORIGINAL_PORT,
    }
)
# Fields that are sets of sources and not values.
SYMBOLIC = frozenset({Field.SOURCE, Field.SOURCE_KIND, Field.SOURCE_ROUTE, Field.SOURCE_ROUTE_HERE})


def symbolic(state: State, what: Field, first: int, last: int) -> Intervals | None:
    """The sources for which a symbolic field is between two numbers; None: not known."""
    if what is Field.SOURCE:
        return None if state.moved else [first, last + 1]
    machine, family = state.machine, state.family
    if what is Field.SOURCE_KIND:
        return machine.of_kind(family, first) if first == last else None
    here = what is Field.SOURCE_ROUTE_HERE
    if here and state.input is None:
        return None
    routed = machine.routed(family, state.input if here else None)
    if routed is None or first != last:
        return None
    return routed if first else difference(universe(family), routed)
