"""Small machines and rulesets to ask, and what they answer in a line."""

from pathlib import Path

from tojimari.firewall import intervals
from tojimari.firewall.answer import pieces
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.machine import Address, Machine, Route
from tojimari.firewall.reading import from_texts
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP

GOLDEN = Path(__file__).parent.parent / "golden" / "firewall"
HERE = {4: "192.168.0.2", 6: "2001:db8::2"}
MACHINE = Machine(
    tuple(
        Address(family, intervals.parse_address(text, family), 24 if family == 4 else 64, "eth0")
        for family, text in HERE.items()
    ),
    (
        Route(4, 0, 0, "eth0"),
        Route(4, intervals.parse_ipv4("192.168.0.0"), 24, "eth0"),
        Route(4, intervals.parse_ipv4("192.0.2.0"), 24, "bridge1"),
        Route(6, 0, 0, "eth0"),
        Route(6, intervals.parse_address("2001:db8::", 6), 64, "eth0"),
    ),
    {4: True, 6: True},
)


def golden(*names: str) -> Reasoner:
    """The reasoner of golden rulesets, on ``MACHINE``."""
    texts = [(GOLDEN / name).read_text(encoding="utf-8") for name in names]
    return Reasoner(compile_ruleset(from_texts(texts)), MACHINE)


def reasoner(*texts: str) -> Reasoner:
    """The reasoner of rulesets written in a test."""
    return Reasoner(compile_ruleset(from_texts(texts)), MACHINE)


def dump(*rules: str, table: str = "filter", policy: str = "ACCEPT") -> str:
    """An iptables dump of one table."""
    chains = {"filter": "INPUT FORWARD OUTPUT", "nat": "PREROUTING INPUT OUTPUT POSTROUTING"}
    every = chains.get(table, "PREROUTING INPUT FORWARD OUTPUT POSTROUTING").split()
    head = [f":{name} {policy if name == 'INPUT' else 'ACCEPT'} [0:0]" for name in every]
    return "\n".join([f"*{table}", *head, *rules, "COMMIT", ""])


def ask(
    asked: Reasoner,
    port: int,
    source: str = "8.8.8.8",
    *,
    protocol: int = TCP,
    to: str = "",
    interface: str | None = "eth0",
    source_port: int = 40000,
) -> str:
    """What becomes of one packet: certainty, what decided, where it ends, limits, doubts."""
    family = 6 if ":" in source else 4
    number = intervals.parse_address(source, family)
    target = intervals.parse_address(to or HERE[family], family)
    question = Question(
        family, protocol, port, target, interface, [number, number + 1], source_port
    )
    (piece,) = pieces(asked.program, asked.ask(question))
    rule = piece.place.rule if piece.place else None
    policy = f"policy of {piece.place.chain.name}" if piece.place else piece.reason or "nothing"
    parts = [str(piece.certainty), rule.text if rule else policy]
    state = piece.state
    if (state.destination, state.port) != (target, port) and piece.certainty != "certainly-not":
        address = next(intervals.networks([state.destination, state.destination + 1], family))
        parts.append(f"to {address}:{state.port}")
    parts += [f"limit {one}" for one in piece.limits]
    parts += [f"doubt {one.doubt.text}" for one in piece.doubts]
    return " | ".join(parts)
