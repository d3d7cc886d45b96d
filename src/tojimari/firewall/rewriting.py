"""What rules change about a packet: its destination, its marks, its conversation."""

from typing import TypeGuard

from tojimari.firewall import conditions
from tojimari.firewall.machine import LOOPBACK
from tojimari.firewall.program import Rewrite
from tojimari.firewall.ruleset import STATUSES, Field, NoTrack, SetMark, Translation
from tojimari.firewall.state import LEFT_ALONE, TRACKED, UNSEEN, State


def targets(step: Rewrite, state: State) -> list[tuple[State, bool, bool]]:
    """The states that a translation can lead to: each with whether surely, and whether none."""
    what = step.what
    if what.kind is Translation.SOURCE:
        moved = state.copy()
        moved.moved = True
        return [(moved, True, False)]
    if step.mapped is None:
        return [(_translated(state, step, what.address, what.port), True, False)]
    if not step.readable:
        vague = _translated(state, step, (0, 1), (0, 1))
        return [(vague, False, False), (state, False, True)]
    operands, elements, data, lookup = step.mapped
    found: list[tuple[State, bool, bool]] = []
    doubtful = False
    for at in lookup.candidates(state):
        holds = conditions.element_holds(operands, elements[at], state)
        if holds is False:
            continue
        by_source = any(one.what in _BY_SOURCE for one in operands)
        address, port = what.address, what.port
        for name, span in zip(what.gives, data[at], strict=False):
            if isinstance(span, tuple) and name == "address":
                address = span
            elif isinstance(span, tuple):
                port = span
        sure = holds is True and not by_source and not doubtful
        doubtful |= not sure
        found.append((_translated(state, step, address, port), sure, False))
        if sure:
            return found
    return [*found, (state, not doubtful, True)]


_BY_SOURCE = frozenset({Field.SOURCE, Field.SOURCE_KIND})


def _translated(
    state: State, step: Rewrite, address: tuple[int, int] | None, port: tuple[int, int] | None
) -> State:
    """The packet after its destination was rewritten (nf_nat_setup_info)."""
    found = state.copy()
    found.translated = True
    if step.what.kind is Translation.REDIRECT:
        own = state.machine.primary(state.family, state.input or LOOPBACK)
        if own is not None:
            found.destination = own
    elif address is not None:
        if step.what.prefix:
            found.destination = address[0] + (state.destination & (address[1] - address[0]))
        elif address[0] == address[1]:
            found.destination = address[0]
        else:
            found.vague = True  # chosen by a hash of both ends (find_best_ips_proto)
    if port is not None:
        if port[0] == port[1]:
            found.port = port[0]
        elif state.port is None or not port[0] <= state.port <= port[1]:
            found.port = None
    if (found.destination, found.port, found.vague) != (state.destination, state.port, state.vague):
        found.status |= STATUSES["dnat"]
    return found


def lacks_mark(step: SetMark | NoTrack, state: State) -> TypeGuard[SetMark]:
    """Whether a step is about the mark of a conversation that the packet does not have."""
    return (
        isinstance(step, SetMark)
        and Field.CT_MARK in {step.source, step.target}
        and state.tracking != TRACKED
    )


def changed(step: SetMark | NoTrack, state: State) -> State:
    """The packet after a statement that changes it."""
    found = state.copy()
    if isinstance(step, NoTrack):
        if state.tracking == UNSEEN:
            found.tracking = LEFT_ALONE
        return found
    assert isinstance(step, SetMark)  # noqa: S101 - said to the type checker; see above
    marks = {Field.MARK: state.mark, Field.CT_MARK: state.ct_mark}
    held = marks[step.target] if step.hold else 0
    source = marks.get(step.source) if step.keep or step.source is Field.UNKNOWN else 0
    value: int | None = None
    if held is not None and source is not None:
        value = (held & step.hold) ^ (source & step.keep) ^ step.flip
    if step.target is Field.MARK:
        found.mark = value
    else:
        found.ct_mark = value
    return found
