"""How findings are mended: by closing a door to all, to some, or to all but those who are meant."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.finding import Finding
from tojimari.core.mend import Mend

Mending = Callable[[Finding, str], Mend | None]

_TRANSPORTS = {Transport.TCP, Transport.UDP}  # those that can be closed
_OUTSIDE = {Zone.INTERNET, Zone.LAN, Zone.CONTAINERS}
_STDIN = "-"  # a policy without a file


def nothing(_: Finding, port: str) -> None:
    """No door is to be closed."""
    del port


def close(_: Finding, port: str) -> Mend:
    """Closed in the smallest way."""
    return Mend(port)


def drop(_: Finding, port: str) -> Mend:
    """Closed by the firewall: the program is as it is meant to be, the way to it is not."""
    return Mend(port, by="firewall")


def keep_out(finding: Finding, port: str) -> Mend | None:
    """Closed to the farthest who come in."""
    zone = finding.door.exposure.widest if finding.door is not None else None
    return Mend(port, (str(zone),), "firewall") if zone in _OUTSIDE else None


def narrow(finding: Finding, port: str) -> Mend:
    """Left open to those alone whom the policy names; closed where it names nobody."""
    meant = finding.intent
    sources = () if meant is None else tuple(
        one for one in meant.sources if one != Zone.THIS_MACHINE
    )  # fmt: skip
    if meant is None or not sources or Zone.INTERNET in sources:
        return Mend(port)
    return Mend(port, sources, why=meant.why)


def mended(finding: Finding, how: Mending, doors: Iterable[Door], policy: str = "") -> Finding:
    """A finding with the command that mends it, where there is one.

    Args:
        finding: What was found.
        how: How its check has such things mended.
        doors: Every door, for those that share a number.
        policy: The policy file that was asked for; empty for the usual one.
    """
    door = finding.door
    if door is None or not finding.is_grave or not door.namespace.is_host:
        return finding
    if door.endpoint.transport not in _TRANSPORTS:
        return finding
    mend = how(finding, _word(door, doors))
    if mend is not None and mend.why:
        if policy == _STDIN:
            return finding
        mend = replace(mend, policy=policy)
    return replace(finding, mend=mend)


def _word(door: Door, doors: Iterable[Door]) -> str:
    """How it is typed: with its transport where the number alone would mean another door, too."""
    transport, port = door.endpoint.transport, door.endpoint.port
    shared = any(
        one.endpoint.port == port and one.endpoint.transport is not transport for one in doors
    )
    return f"{port}/{transport}" if shared or transport is not Transport.TCP else str(port)
