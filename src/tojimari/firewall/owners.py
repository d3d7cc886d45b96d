"""Who made a rule, and what that program calls it.

A rule's table and chain have names that its maker chose; nothing else tells. What nobody is known
for is hand-written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.core.exposure import Decider
from tojimari.core.message import Message, mark
from tojimari.firewall import intervals
from tojimari.firewall.program import Place
from tojimari.firewall.ruleset import (
    PROTOCOLS,
    Field,
    Match,
    Rule,
    Span,
    Table,
    Translate,
    Verdict,
    VerdictKind,
    VerdictMap,
)

HAND_WRITTEN = "hand-written"
UFW, FIREWALLD, DOCKER = "ufw", "firewalld", "Docker"

# By the name of the chain, then by the name of the table; the first that matches wins.
_CHAINS = (
    (UFW, re.compile(r"^ufw6?-")),
    (DOCKER, re.compile(r"^DOCKER")),
    ("Podman", re.compile(r"^(?:NETAVARK|CNI-)")),
    ("libvirt", re.compile(r"^LIBVIRT_")),
    ("kube-proxy", re.compile(r"^KUBE-")),
    ("fail2ban", re.compile(r"^f2b-|^fail2ban-")),
    ("CrowdSec", re.compile(r"^(?:crowdsec|CROWDSEC)")),
    ("Calico", re.compile(r"^cali-")),
    ("Cilium", re.compile(r"^(?:OLD_)?CILIUM_")),
    ("Tailscale", re.compile(r"^ts-")),
    (
        FIREWALLD,
        re.compile(r"^(?:IN|FWD[IO]?|PRE|POST|OUT)_\w+|^(?:INPUT|FORWARD)_(?:direct|ZONES)"),
    ),
)
_TABLES = (
    (FIREWALLD, re.compile(r"^firewalld")),
    (DOCKER, re.compile(r"^docker-bridges$")),
    ("Podman", re.compile(r"^netavark$")),
    ("libvirt", re.compile(r"^libvirt_network$")),
    ("kube-proxy", re.compile(r"^kube-proxy$")),
    ("fail2ban", re.compile(r"^f2b-table$")),
    ("CrowdSec", re.compile(r"^crowdsec6?$")),
    ("Incus", re.compile(r"^incus$")),
    ("LXD", re.compile(r"^lxd$")),
    ("Tailscale", re.compile(r"^ts-")),
)
_ZONE = re.compile(
    r"^(?:filter_|nat_|mangle_|raw_)?(?:IN|FWD[IO]?|PRE|POST|OUT)_(?P<policy>policy_)?(?P<name>.+?)"
    r"(?:_(?:allow|deny|pre|post|log))?$"
)
_JAIL = re.compile(r"(?:f2b-|fail2ban-|addr6?-set-)(?P<jail>[\w.-]+)")
_NUMBERS = {number: name for name, number in PROTOCOLS.items() if name in {"tcp", "udp", "sctp"}}
_VERBS = {
    VerdictKind.ACCEPT: mark("allow"),
    VerdictKind.DROP: mark("deny"),
    VerdictKind.REJECT: mark("reject"),
}
# What ufw's own chains behind the user's mean.
_UFW_JUMPS = {"ufw-user-limit-accept": "limit", "ufw6-user-limit-accept": "limit"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a rule asks for, as far as its owner's language says such things.

    Attributes:
        protocol: ``tcp`` or ``udp``; empty for any.
        ports: ``22`` or ``8000:8010``; empty for any.
        source: A network; empty for any.
        interface: The interface that packets come in by; empty for any.
    """

    protocol: str = ""
    ports: str = ""
    source: str = ""
    interface: str = ""


def owner(place: Place) -> str:
    """Who made a rule, or the chain whose policy decides."""
    names = (place.chain.name, *_called(place))
    for name in names:
        for found, pattern in _CHAINS:
            if pattern.search(name):
                return found
    for found, pattern in _TABLES:
        if pattern.search(place.table.name):
            return found
    if place.rule is None:
        return _manager(place.table) or HAND_WRITTEN
    return HAND_WRITTEN


def is_built_in(place: Place) -> bool:
    """Whether a rule's maker brings it along by itself, so that nobody wrote it here."""
    who, chain = owner(place), place.chain.name
    if who == HAND_WRITTEN:
        return False
    if who == UFW:
        return "-user-" not in chain
    if who == FIREWALLD:
        return _ZONE.match(chain) is None or not chain.endswith(("_allow", "_deny"))
    return True


def denies(rule: Rule) -> bool:
    """Whether a rule keeps packets out."""
    return any(
        isinstance(one, Verdict) and one.kind in {VerdictKind.DROP, VerdictKind.REJECT}
        for one in rule.expressions
    )


def owners(tables: list[Table]) -> list[str]:
    """Everybody who has rules in a ruleset, the best known first; nobody twice."""
    found: dict[str, None] = {}
    for table in tables:
        for chain in table.chains.values():
            rules: list[Rule | None] = [*chain.rules] or ([None] if chain.base else [])
            for rule in rules:
                found[owner(Place(table, chain, rule))] = None
    return sorted(found, key=lambda name: (name == HAND_WRITTEN, name))


def decider(place: Place, port: int, protocol: int) -> Decider:
    """A rule as every answer names it.

    Args:
        place: Where it stands.
        port: The port that was asked for, which finds the line that led to a shared chain.
        protocol: Its protocol.
    """
    rule = place.rule
    return Decider(
        place.table.family,
        place.table.name,
        place.chain.name,
        rule.text if rule else "",
        rule.number if rule else 0,
        rule.handle if rule else None,
        owner(place),
        words(place, port, protocol),
    )


def words(place: Place, port: int, protocol: int) -> Message:  # noqa: PLR0911 - one return a kind
    """A rule in its owner's own words."""
    who = owner(place)
    if who == UFW:
        return _ufw(place, port, protocol)
    if who == FIREWALLD:
        return _firewalld(place)
    if who == DOCKER:
        return _docker(place)
    rule = place.rule
    values: dict[str, str | int] = {
        "owner": who,
        "chain": place.chain.name,
        "table": place.table.name,
        "family": place.table.family,
    }
    if rule is None:
        drops = place.chain.base is not None and place.chain.base.drops
        verb = mark("drop") if drops else mark("accept")
        values["verdict"] = verb
        return Message(
            "chain-policy", "policy {verdict} of chain {chain} in {family} {table}", values
        )
    values |= {"text": rule.text, "number": rule.number}
    jail = _JAIL.search(f"{rule.text} {place.chain.name}") if who == "fail2ban" else None
    if jail:
        return Message("fail2ban-jail", "fail2ban jail {jail}", {"jail": jail["jail"]})
    if who == "kube-proxy" and rule.comment:
        return Message("kube-service", "Kubernetes {service}", {"service": rule.comment})
    if who == HAND_WRITTEN:
        return Message(
            "plain-rule", "rule {number} of chain {chain} in {family} {table}: {text}", values
        )
    return Message("owned-rule", "{owner}, chain {chain}: {text}", values)


def shape(rule: Rule) -> Shape:
    """What a rule asks for."""
    protocol = ports = source = interface = ""
    for match in _matches(rule):
        operand = match.operands[0]
        negated = "!" if match.negated else ""
        if operand.what in {Field.DESTINATION_PORT, Field.ORIGINAL_PORT} and match.elements:
            ports = negated + ",".join(_range(one[0]) for one in match.elements)
            if len(operand.protocols) == 1:
                protocol = _NUMBERS.get(next(iter(operand.protocols)), protocol)
        elif operand.what is Field.PROTOCOL and len(match.elements) == 1:
            span = match.elements[0][0]
            number = span[0] if isinstance(span, tuple) else 0
            protocol = _NUMBERS.get(number, protocol)
        elif operand.what is Field.SOURCE and len(match.elements) == 1 and operand.family:
            span = match.elements[0][0]
            if isinstance(span, tuple):
                run = intervals.interval(*span)
                source = negated + ",".join(intervals.networks(run, operand.family))
        elif operand.what is Field.INPUT and len(match.elements) == 1:
            interface = negated + str(match.elements[0][0])
    return Shape(protocol, ports, source, interface)


def _matches(rule: Rule) -> Iterator[Match]:
    for expression in rule.expressions:
        if isinstance(expression, Match) and len(expression.operands) == 1:
            yield expression


def _range(span: Span) -> str:
    if isinstance(span, str):
        return span
    first, last = span
    return str(first) if first == last else f"{first}:{last}"


def _called(place: Place) -> Iterator[str]:
    return targets(place.rule) if place.rule is not None else iter(())


def targets(rule: Rule) -> Iterator[str]:
    """The chains that a rule itself names; those of a named map are not among them."""
    for expression in rule.expressions:
        if isinstance(expression, Verdict) and expression.target:
            yield expression.target
        elif isinstance(expression, VerdictMap):
            yield from (verdict.target for _, verdict in expression.entries if verdict.target)


def _manager(table: Table) -> str:
    """Who sets the policies of a table: ufw, where its chains are there."""
    if any(name.startswith(("ufw-", "ufw6-")) for name in table.chains):
        return UFW
    return ""


def _verb(rule: Rule) -> str:
    for expression in rule.expressions:
        if isinstance(expression, Verdict):
            return _UFW_JUMPS.get(expression.target) or _VERBS.get(expression.kind, "")
        if isinstance(expression, Translate):
            return mark("forward")
    return ""


def _ufw(place: Place, port: int, protocol: int) -> Message:
    if place.rule is None:
        drops = place.chain.base is not None and place.chain.base.drops
        verb = _VERBS[VerdictKind.DROP if drops else VerdictKind.ACCEPT]
        return Message(
            "ufw-default",
            "ufw default: {verb} ({chain})",
            {"verb": verb, "chain": place.chain.name},
        )
    rule, chain = place.rule, place.chain.name
    if "-user-limit" in chain:
        found = _ufw_limit(place, port, protocol)
        if found is None:
            return Message("ufw-chain", "ufw, chain {chain}", {"chain": chain})
        rule, chain = found
    if "-user-" not in chain:
        return Message(
            "ufw-before",
            "ufw's own rules, chain {chain}: {text}",
            {"chain": chain, "text": rule.text},
        )
    number = ufw_number(place.table, chain, rule)
    values: dict[str, str | int] = {"rule": ufw_words(rule), "number": number}
    if number:
        return Message("ufw-rule", "ufw rule {number}: {rule}", values)
    return Message("ufw-rule", "ufw: {rule}", values)


def ufw_words(rule: Rule) -> str:
    """A rule as one would type it after ``ufw``."""
    found, verb = shape(rule), _verb(rule)
    where = f"{found.ports}/{found.protocol}" if found.protocol else found.ports
    if not found.source and not found.interface:
        return f"{verb} {where}".strip()
    parts = [verb]
    if found.interface:
        parts.append(f"in on {found.interface}")
    parts.append(f"from {found.source or 'any'}")
    if found.ports:
        parts.append(f"to any port {found.ports}")
    if found.protocol:
        parts.append(f"proto {found.protocol}")
    return " ".join(parts)


def _ufw_limit(place: Place, port: int, protocol: int) -> tuple[Rule, str] | None:
    """The user's rule that leads to ufw's chain of limits."""
    for name, chain in place.table.chains.items():
        if not name.endswith("-user-input"):
            continue
        for rule in chain.rules:
            found = shape(rule)
            jumps = any(
                isinstance(one, Verdict) and one.target in _UFW_JUMPS for one in rule.expressions
            )
            if jumps and found.ports == str(port) and found.protocol == _NUMBERS.get(protocol):
                return rule, name
    return None


def ufw_number(table: Table, chain: str, wanted: Rule) -> int:
    """The number that ``ufw status numbered`` gives a rule; 0 where it cannot be known.

    One line of ufw's may be several rules here: a pair for both protocols, three for a limit. And
    lines for other directions are counted too; where there are such, nothing is sure.
    """
    others = [
        name
        for name, other in table.chains.items()
        if re.match(r"ufw6?-user-(?:input|output|forward)$", name) and name != chain and other.rules
    ]
    if others or table.family == "ip6":
        return 0  # lines for IPv6 follow those for IPv4, which are in another table
    count = 0
    before: Shape | None = None
    for rule in table.chains[chain].rules:
        verb = _verb(rule)
        current = shape(rule)
        if not verb:
            continue  # the first rules of a limit
        pair = Shape("udp", current.ports, current.source, current.interface)
        same = (
            before is not None
            and current == pair
            and before.protocol == "tcp"
            and (before == Shape("tcp", current.ports, current.source, current.interface))
        )
        if (same and verb == _VERBS[VerdictKind.DROP]) or same:
            if rule is wanted:
                return count
            before = None
            continue
        if any(
            isinstance(one, Verdict) and one.target.endswith("user-limit")
            for one in rule.expressions
        ):
            continue
        count += 1
        before = current
        if rule is wanted:
            return count
    return 0


def _firewalld(place: Place) -> Message:
    found = _ZONE.match(place.chain.name)
    text = place.rule.text if place.rule else ""
    if found is None or place.rule is None:
        return Message(
            "firewalld-rule",
            "firewalld, chain {chain}: {text}",
            {"chain": place.chain.name, "text": text},
        )
    values: dict[str, str | int] = {"name": found["name"], "text": text}
    asked = shape(place.rule)
    if asked.ports and asked.protocol:
        values["rule"] = ufw_words(place.rule)
        if found["policy"]:
            return Message("firewalld-policy", "firewalld policy {name}: {rule}", values)
        return Message("firewalld-zone", "firewalld zone {name}: {rule}", values)
    if found["policy"]:
        return Message("firewalld-policy", "firewalld policy {name}: {text}", values)
    return Message("firewalld-zone", "firewalld zone {name}: {text}", values)


def _docker(place: Place) -> Message:
    rule = place.rule
    for expression in rule.expressions if rule else ():
        if (
            isinstance(expression, Translate)
            and expression.address is not None
            and rule is not None
        ):
            asked = shape(rule)
            family = expression.family or intervals.IPV4
            address = next(
                iter(intervals.networks(intervals.interval(*expression.address), family))
            )
            values: dict[str, str | int] = {
                "port": asked.ports,
                "protocol": asked.protocol,
                "address": address,
                "target": expression.port[0] if expression.port else asked.ports,
            }
            return Message(
                "docker-publish",
                "Docker publishes {port}/{protocol} to {address} port {target}",
                values,
            )
    return Message(
        "docker-rule",
        "Docker, chain {chain}: {text}",
        {"chain": place.chain.name, "text": rule.text if rule else mark("its policy")},
    )
