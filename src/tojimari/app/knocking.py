"""A knock from outside, before a change and after it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

from tojimari.close import probe
from tojimari.close.segment import Answer, Flow
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, PrivilegeError
from tojimari.core.message import Message
from tojimari.core.plan import Plan
from tojimari.firewall import intervals
from tojimari.firewall.machine import Machine
from tojimari.linux.outside import SOURCES

MOST = 16  # knocks; whoever closes more doors at once is told of the first


def flows(machine: Machine, thought: Plan) -> tuple[str, list[Flow]]:
    """Whom to play, and where to knock: at the interface of the default route.

    Only doors of TCP are knocked at, since silence at one of datagrams says nothing.

    Args:
        machine: Its addresses and routes.
        thought: What is to be closed, and to whom.

    Returns:
        The interface, and the knocks; none where no default route is known.
    """
    found: list[Flow] = []
    outside = ""
    for family in intervals.WIDTHS:
        interface = _default(machine, family)
        destination = _own(machine, family, interface)
        if interface is None or destination is None or outside not in {"", interface}:
            continue
        source = _source(machine, family, thought)
        if source is not None:
            outside = interface
            found += [
                probe.flow(destination, one.port, source)
                for one in thought.targets
                if one.transport is Transport.TCP
            ]
    return outside, found[:MOST]


def knock(outside: str, those: Sequence[Flow]) -> list[Answer]:
    """What the knocks meet; nothing where they cannot be tried."""
    try:
        return probe.knock(outside, those) if those else []
    except (HostError, PrivilegeError):
        return []


def compared(outside: str, before: Sequence[tuple[Flow, Answer]], moved: int) -> list[Message]:
    """Knock again where somebody was heard before.

    Args:
        outside: The interface.
        before: The knocks and what they met.
        moved: The number to which the doors were moved; 0 for none.

    Raises:
        HostError: A door is still open.
    """
    heard = [flow for flow, answer in before if answer is Answer.OPEN]
    if not heard:
        return [_nothing()]
    again = knock(outside, heard)
    if not again:
        return [_nothing()]
    doors = ", ".join(dict.fromkeys(f"{flow.port}/tcp" for flow in heard))
    if Answer.OPEN in again:
        raise HostError(
            "a knock at {interface} from outside is still answered: {doors}",
            interface=outside,
            doors=doors,
        )
    families = ", ".join(dict.fromkeys(f"IPv{flow.family}" for flow in heard))
    result = [
        Message(
            "knocked",
            "knock at {interface} from outside ({families}): {doors} was open, and is not any more",
            {"interface": outside, "families": families, "doors": doors},
        )
    ]
    if moved and Answer.OPEN not in knock(outside, [replace(one, port=moved) for one in heard]):
        result.append(
            Message(
                "not-opened",
                "knock at {interface} from outside: {port}/tcp does not answer; a firewall is open"
                " for the old number alone",
                {"interface": outside, "port": moved},
            )
        )
    return result


def _nothing() -> Message:
    return Message(
        "not-knocked", "knock from outside: nothing can be said, since nobody answered before"
    )


def _default(machine: Machine, family: int) -> str | None:
    for route in machine.routes or ():
        if route.family == family and route.length == 0:
            return route.interface
    return None


def _own(machine: Machine, family: int, interface: str | None) -> str | None:
    for own in machine.addresses:
        if own.family == family and own.interface == interface:
            text = next(intervals.networks([own.number, own.number + 1], family))
            if not ipaddress.ip_address(text).is_link_local:
                return text
    return None


def _source(machine: Machine, family: int, thought: Plan) -> str | None:
    """Somebody to whom the door is closed, and whom the machine answers by its default route."""
    allowed = thought.step is not None and thought.step.does.code == "shut-but"
    usual = SOURCES[family]
    wanted = [] if allowed and _is_in(usual, thought) else [usual]
    if thought.sources and not allowed:
        wanted = [
            str(next(network.hosts(), network.network_address))
            for network in map(ipaddress.ip_network, thought.sources)
            if network.version == family
        ]
    for text in wanted:
        number = intervals.parse_address(text, family)
        near = any(
            intervals.contains(route.network, number)
            for route in machine.routes or ()
            if route.family == family and route.length
        )
        if not near:
            return text
    return None


def _is_in(address: str, thought: Plan) -> bool:
    one = ipaddress.ip_address(address)
    return any(one in ipaddress.ip_network(network) for network in thought.sources)
