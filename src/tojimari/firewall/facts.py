"""What is noteworthy about a firewall, apart from any policy; the audit turns these into findings.

Each fact names the rules that make it true. All functions here are pure.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from tojimari.core.exposure import Certainty
from tojimari.firewall import owners
from tojimari.firewall.answer import Piece, certain_sources, pieces
from tojimari.firewall.intervals import IPV4, IPV6, Intervals, parse_ipv4
from tojimari.firewall.program import Place, Program
from tojimari.firewall.proof import Approach
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import (
    PORT_PROTOCOLS,
    TCP,
    UDP,
    Field,
    Hook,
    Match,
    NamedSet,
    Rule,
    Span,
    Verdict,
    VerdictKind,
)

LOCALHOST = parse_ipv4("127.0.0.1")
_PUBLISHERS = {"Docker", "Podman", "kube-proxy", "libvirt", "Incus", "LXD"}


@dataclass(frozen=True, slots=True)
class PublishedPast:
    """A port is sent on to a container, although the firewall's manager shuts it.

    Attributes:
        packet: A packet that gets through; its sources are all that do.
        by: The rule that sends it on.
        past: The rule or policy that would have stopped it.
    """

    packet: Question
    by: Place
    past: Place


@dataclass(frozen=True, slots=True)
class Ipv6LeftOpen:
    """IPv6 gets in where IPv4 does not.

    Attributes:
        packet: The IPv6 packet.
        opened: What lets it in; None where no rule stands there.
        shut: What stops IPv4.
    """

    packet: Question
    opened: Place | None
    shut: Place


@dataclass(frozen=True, slots=True)
class LoopbackReachable:
    """What was published for this machine alone is reached by neighbours.

    Attributes:
        packet: A packet to 127.0.0.1 from outside that gets through.
        by: The rule that sends it on; None where the kernel takes it (``route_localnet``).
    """

    packet: Question
    by: Place | None


@dataclass(frozen=True, slots=True)
class RuleWithoutListener:
    """A rule lets packets in to ports where nobody listens.

    Attributes:
        place: The rule.
        protocol: IANA number.
        ports: The ports it names.
    """

    place: Place
    protocol: int
    ports: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ShadowedRule:
    """A rule that never matches, because rules before it take all that it asks for.

    Attributes:
        place: The rule.
    """

    place: Place


def published_past(reasoner: Reasoner, packet: Question) -> PublishedPast | None:
    """Whether a port reaches a container past the firewall's manager.

    Args:
        reasoner: Whom to ask.
        packet: The port, from the sources that matter.
    """
    program = reasoner.program
    for piece in pieces(program, reasoner.ask(packet)):
        sent = piece.translation
        if piece.certainty is Certainty.NO or sent is None:
            continue
        if owners.owner(sent) not in _PUBLISHERS:
            continue
        asked = replace(packet, sources=piece.sources)
        for other in pieces(program, reasoner.ask(asked, translate=False)):
            stopper = other.place
            if other.certainty is Certainty.NO and stopper is not None:
                return PublishedPast(replace(packet, sources=other.sources), sent, stopper)
    return None


def ipv6_left_open(reasoner: Reasoner, ipv4: Question, ipv6: Question) -> Ipv6LeftOpen | None:
    """Whether IPv6 gets in where no IPv4 does.

    Args:
        reasoner: Whom to ask.
        ipv4: The port by IPv4, from the sources that matter.
        ipv6: The same by IPv6.
    """
    program = reasoner.program
    shut = _closed_by(pieces(program, reasoner.ask(ipv4)))
    if shut is None:
        return None
    for piece in pieces(program, reasoner.ask(ipv6)):
        if piece.certainty is Certainty.YES:
            return Ipv6LeftOpen(replace(ipv6, sources=piece.sources), piece.place, shut)
    return None


def _closed_by(found: Iterable[Piece]) -> Place | None:
    """The rule that stops everybody; None where somebody gets in, or only the kernel stops."""
    stopper: Place | None = None
    for piece in found:
        if piece.certainty is not Certainty.NO:
            return None
        stopper = stopper or piece.place
    return stopper


def loopback_reachable(reasoner: Reasoner, packet: Question) -> LoopbackReachable | None:
    """Whether a neighbour reaches what stands at 127.0.0.1.

    Args:
        reasoner: Whom to ask.
        packet: The port, by IPv4, from neighbours; its destination is replaced.
    """
    asked = replace(packet, destination=LOCALHOST)
    for piece in pieces(reasoner.program, reasoner.ask(asked)):
        if piece.certainty is not Certainty.NO:
            return LoopbackReachable(replace(asked, sources=piece.sources), piece.translation)
    return None


def rules_without_listener(
    program: Program, listening: Collection[tuple[int, int]]
) -> Iterator[RuleWithoutListener]:
    """Rules on the way in that name ports where nobody listens.

    Args:
        program: The rules.
        listening: Protocol and port of every door.
    """
    for place, rule in _on_the_way_in(program):
        if not any(_accepts(one) for one in rule.expressions):
            continue
        for protocol in (TCP, UDP):
            ports = _ports(rule, protocol, place.table.sets)
            if ports and not any(
                number == protocol and first <= port <= last
                for number, port in listening
                for first, last in ports
            ):
                yield RuleWithoutListener(place, protocol, ports)


def shadowed_rules(
    reasoner: Reasoner,
    approaches: Collection[Approach],
    is_wanted: Callable[[Place], bool] | None = None,
    most: int | None = None,
) -> Iterator[ShadowedRule]:
    """Rules that no packet can ever come to match.

    Only rules are judged that ask for nothing but interface, protocol, ports and source; of the
    others, too little is tried here to say "never".

    Args:
        reasoner: Whom to ask.
        approaches: Every way in.
        is_wanted: Whether a rule is to be judged; None for all.
        most: Questions after which the rest of the rules is let be; None for no limit.
    """
    judged = {
        id(rule): place
        for place, rule in _on_the_way_in(reasoner.program)
        if _is_plain(rule) and (is_wanted is None or is_wanted(place))
    }
    questions = list(_every_question(reasoner.program, approaches))
    asked: set[int] = set()
    matched: set[int] = set()
    for key, place in judged.items():
        if key in matched or place.rule is None:
            continue
        is_tried = False
        for number, question in enumerate(questions):
            if not _asks_for(place, place.rule, question):
                continue
            is_tried = True
            if number not in asked:
                if most is not None and len(asked) >= most:
                    return
                asked.add(number)
                for visit in reasoner.ask(question, path=True).visits:
                    matched.add(id(visit.place.rule))
            if key in matched:
                break
        if is_tried and key not in matched:
            yield ShadowedRule(place)


def wider_sources(reasoner: Reasoner, packet: Question) -> Intervals:
    """The sources that certainly reach a port, of those that a question names.

    Args:
        reasoner: Whom to ask.
        packet: The port, from everybody who should not.
    """
    sure, _ = certain_sources(reasoner.program, reasoner.ask(packet))
    return sure


def _every_question(program: Program, approaches: Collection[Approach]) -> Iterator[Question]:
    for approach in approaches:
        for protocol in (TCP, UDP):
            for first, _ in program.port_classes():
                for source_port in program.source_ports:
                    yield Question(
                        approach.family,
                        protocol,
                        first,
                        approach.destination,
                        approach.interface,
                        None,
                        source_port,
                    )


def _on_the_way_in(program: Program) -> Iterator[tuple[Place, Rule]]:
    """Rules of filter chains that incoming packets for this machine pass."""
    pending = [
        compiled
        for hook in (Hook.PREROUTING, Hook.INPUT)
        for compiled in program.bases.get(hook, [])
        if compiled.chain.base is not None and compiled.chain.base.kind == "filter"
    ]
    seen: set[int] = set()
    while pending:
        compiled = pending.pop()
        if id(compiled) in seen:
            continue
        seen.add(id(compiled))
        for rule in compiled.chain.rules:
            yield Place(compiled.table, compiled.chain, rule), rule
            for target in owners.targets(rule):
                called = program.chain_of(compiled.table, target)
                if called is not None:
                    pending.append(called)


def _accepts(expression: object) -> bool:
    return isinstance(expression, Verdict) and expression.kind is VerdictKind.ACCEPT


def _ports(rule: Rule, protocol: int, sets: dict[str, NamedSet]) -> tuple[tuple[int, int], ...]:
    for expression in rule.expressions:
        if not isinstance(expression, Match) or len(expression.operands) != 1:
            continue
        operand = expression.operands[0]
        if operand.what is not Field.DESTINATION_PORT or expression.negated:
            continue
        if operand.protocols and protocol not in operand.protocols:
            return ()
        if expression.set_name:
            named = sets.get(expression.set_name)
            numbers = (named.numbers or []) if named else []
            return tuple((numbers[at], numbers[at + 1] - 1) for at in range(0, len(numbers), 2))
        return tuple(one[0] for one in expression.elements if isinstance(one[0], tuple))
    return ()


_PLAIN = {
    Field.SOURCE,
    Field.DESTINATION_PORT,
    Field.PROTOCOL,
    Field.INPUT,
    Field.FAMILY,
}


def _is_plain(rule: Rule) -> bool:
    verdicts = [one for one in rule.expressions if isinstance(one, Verdict)]
    return bool(verdicts) and all(
        (
            isinstance(one, Match)
            and len(one.operands) == 1
            and one.operands[0].what in _PLAIN
            and one.operands[0].mask is None
            and one.set_name is None
        )
        or isinstance(one, Verdict)
        for one in rule.expressions
    )


def _asks_for(place: Place, rule: Rule, question: Question) -> bool:
    """Whether a rule's own conditions would let some source of a question match."""
    families = {"ip": IPV4, "ip6": IPV6}
    if families.get(place.table.family, question.family) != question.family:
        return False
    for expression in rule.expressions:
        if isinstance(expression, Match) and not _holds(expression, question):
            return False
    return True


def _holds(match: Match, question: Question) -> bool:
    operand = match.operands[0]
    if operand.family not in {None, question.family}:
        return False
    if operand.protocols and question.protocol not in operand.protocols:
        return False
    if operand.what is Field.SOURCE:
        return True
    if operand.what is Field.DESTINATION_PORT and question.protocol not in PORT_PROTOCOLS:
        return False
    value: int | str | None = {
        Field.DESTINATION_PORT: question.port,
        Field.PROTOCOL: question.protocol,
        Field.FAMILY: question.family,
    }.get(operand.what, question.interface)
    inside = any(_within(value, element[0]) for element in match.elements)
    return inside is not match.negated


def _within(value: int | str | None, span: Span) -> bool:
    if isinstance(span, str) and isinstance(value, str):
        return value.startswith(span[:-1]) if span.endswith("*") else value == span
    if isinstance(span, str) or not isinstance(value, int):
        return False
    return span[0] <= value <= span[1]
