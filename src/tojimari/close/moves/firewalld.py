"""Close the door by rich rules of firewalld's, where it owns the firewall and somebody asks for it.

Each rule is put into every zone that packets can come by, into the rules that run and into those
that are kept, so that ``firewall-cmd --reload`` meanwhile opens nothing. Its priority is the first
of all, which nobody's own rules have: undoing takes out ours alone (firewalld.richlanguage(5)).
"""

import ipaddress
import re
from collections.abc import Iterator

from tojimari.close.move import Move, Situation, dropping, outlasting, refused
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step, Target

NAME = "firewalld"
FIRST = -32768  # the priority of whom is let in; whom is kept out comes right after
_WRITTEN = "/etc/firewalld/zones/{zone}.xml"


def _plan(situation: Situation) -> Step:
    does = dropping(situation)
    if situation.port:
        return refused(NAME, does, Message("no-move", "a rule cannot move a door"))
    if not situation.zones:
        why = Message("no-firewalld", "firewalld does not rule the firewall of this machine")
        return refused(NAME, does, why)
    rules = tuple(_rules(situation))
    known = [zone for zone in situation.zones if _is_there(situation, zone)]
    if known:
        why = Message(
            "firewalld-drops", "the zone {zone} of firewalld drops it already", {"zone": known[0]}
        )
        return refused(NAME, does, why)
    deeds = [deed for zone in situation.zones for rule in rules for deed in _in_zone(zone, rule)]
    return Step(
        NAME,
        does,
        tuple(deeds),
        tuple(outlasting(situation)),
        Message("firewalld-undone", "exactly these rules of firewalld's are taken out"),
        rules=True,
    )


def _rules(situation: Situation) -> Iterator[str]:
    for target in situation.targets:
        for network in situation.allowed:
            yield _rule(FIRST, target, "accept", network)
        for network in situation.sources:
            yield _rule(FIRST + 1, target, "drop", network)
        if not situation.sources:
            yield _rule(FIRST + 1, target, "drop")


def _rule(priority: int, target: Target, action: str, network: str = "") -> str:
    source = ""
    if network:
        version = ipaddress.ip_network(network).version
        source = f' family="ipv{version}" source address="{network}"'
    # The language wants the family right after the priority, and the source before the port.
    port = f'port port="{target.port}" protocol="{target.transport}"'
    return f'rule priority="{priority}"{source} {port} {action}'


def _in_zone(zone: str, rule: str) -> Iterator[Deed]:
    # What is kept comes first: firewalld takes it up at the next reload even if we end here.
    for kept in (("--permanent",), ()):
        words = ("firewall-cmd", "--quiet", *kept, f"--zone={zone}")
        yield Deed(
            Kind.RUN, (*words, f"--add-rich-rule={rule}"), (*words, f"--remove-rich-rule={rule}")
        )


def _is_there(situation: Situation, zone: str) -> bool:
    """Whether an earlier change of ours stands there: undoing this one would take that out."""
    text = situation.files.text(_WRITTEN.format(zone=zone)) or ""
    return any(
        re.search(
            rf'<rule priority="{FIRST + 1}"(?: family="ipv[46]")?>\s*(?:<source [^>]*>\s*)?'
            rf'<port port="{one.port}" protocol="{one.transport}"/>',
            text,
        )
        for one in situation.targets
    )


MOVE = Move(NAME, size=6, plan=_plan, asked=True)
