"""The conditions of an iptables rule.

Source: iptables-extensions(8), section MATCH EXTENSIONS, and net/netfilter/xt_*.c where the manual
does not say what happens without a conversation or a bridge.
"""

from collections.abc import Callable

from tojimari.firewall.dialects import _iptables_values as values
from tojimari.firewall.dialects._iptables_modules import Modules
from tojimari.firewall.intervals import IPV4, parse_address
from tojimari.firewall.ruleset import (
    ICMP,
    ICMP6,
    PACKET_KINDS,
    PORT_PROTOCOLS,
    PROTOCOLS,
    STATES,
    STATUSES,
    TCP,
    TCP_FLAGS,
    Either,
    Field,
    Match,
    Operand,
)

_STATES = {name.upper(): bit for name, bit in STATES.items()}
_CT_STATUSES = {
    "EXPECTED": STATUSES["expected"],
    "SEEN_REPLY": STATUSES["seen-reply"],
    "ASSURED": STATUSES["assured"],
    "CONFIRMED": STATUSES["confirmed"],
}
_SYN = TCP_FLAGS["fin"] | TCP_FLAGS["syn"] | TCP_FLAGS["rst"] | TCP_FLAGS["ack"]
_WITHOUT_CONVERSATION = Match(
    (Operand(Field.CT_STATE, mask=STATES["invalid"] | STATES["untracked"]),),
    (((0, 0),),),
    negated=True,
)


class Conditions(Modules):
    """Reads the words before the target."""

    def knows(self, word: str) -> bool:
        """Whether a word is an option that is read here."""
        return word in _HANDLERS

    def option(self, word: str) -> None:
        """One option, by its name; what nobody knows becomes a doubt."""
        handler = _HANDLERS.get(word)
        if handler is None:
            self.other(word)
            return
        try:
            handler(self)
        except (ValueError, KeyError):
            self.doubt(f"{word} {self.last}")

    # ---- what every rule can say -------------------------------------------------------------

    def source(self) -> None:
        self.network(Field.SOURCE)

    def destination(self) -> None:
        self.network(Field.DESTINATION)

    def network(self, what: Field) -> None:
        text = self.take()
        elements = tuple((values.network(one, self.family),) for one in text.split(","))
        self.add(Operand(what, self.family), *elements)

    def incoming(self) -> None:
        self.interface(Field.INPUT)

    def outgoing(self) -> None:
        self.interface(Field.OUTPUT)

    def interface(self, what: Field) -> None:
        name = self.take()
        pattern = f"{name[:-1]}*" if name.endswith("+") else name
        self.add(Operand(what), (pattern,))

    def with_protocol(self) -> None:
        text = self.take().lower()
        if text in {"all", "0"}:
            return
        number = int(text) if text.isdigit() else PROTOCOLS[text]
        if not self.negated:
            self.protocol = number
        self.add(Operand(Field.PROTOCOL), ((number, number),))

    def fragment(self) -> None:
        # A later fragment; never the packet that begins a conversation.
        self.constant(holds=False)

    def match(self) -> None:
        self.open_module(self.take())

    def counters(self) -> None:
        self.take()
        self.take()

    def with_comment(self) -> None:
        self.comment = self.take()

    # ---- ports ---------------------------------------------------------------------------------

    def ports_operand(self, what: Field) -> Operand:
        protocols = frozenset({self.protocol}) if self.protocol else PORT_PROTOCOLS
        return Operand(what, protocols=protocols & PORT_PROTOCOLS or PORT_PROTOCOLS)

    def source_port(self) -> None:
        self.port(Field.SOURCE_PORT)

    def destination_port(self) -> None:
        self.port(Field.DESTINATION_PORT)

    def port(self, what: Field) -> None:
        text = self.take()
        elements = tuple((values.ports(one),) for one in text.split(","))
        self.add(self.ports_operand(what), *elements)

    def either_port(self) -> None:
        text = self.take()
        elements = tuple((values.ports(one),) for one in text.split(","))
        operands = [
            self.ports_operand(Field.SOURCE_PORT),
            self.ports_operand(Field.DESTINATION_PORT),
        ]
        matches = [Match((one,), elements, negated=self.negated) for one in operands]
        if self.negated:
            self.expressions += matches
        else:
            self.expressions.append(Either(tuple(matches)))

    # ---- tcp, icmp -----------------------------------------------------------------------------

    def tcp_flags(self) -> None:
        mask, value = values.flags(self.take()), values.flags(self.take())
        operand = Operand(Field.TCP_FLAGS, protocols=frozenset({TCP}), mask=mask)
        self.add(operand, ((value, value),))

    def syn(self) -> None:
        operand = Operand(Field.TCP_FLAGS, protocols=frozenset({TCP}), mask=_SYN)
        self.add(operand, ((TCP_FLAGS["syn"], TCP_FLAGS["syn"]),))

    def tcp_option(self) -> None:
        self.doubt(f"--tcp-option {self.take()}", frozenset({TCP}))

    def icmp(self) -> None:
        protocol = ICMP if self.family == IPV4 else ICMP6
        self.doubt(f"--icmp-type {self.take()}", frozenset({protocol}))

    # ---- the conversation ------------------------------------------------------------------

    def states(self) -> None:
        names = self.take().upper().split(",")
        bits = sum({_STATES[name] for name in names if name in _STATES})
        translated = [name for name in names if name in {"DNAT", "SNAT"}]
        if len(translated) + sum(name in _STATES for name in names) < len(names):
            raise ValueError(names)
        matches: list[Match | Either] = []
        if bits:
            operand = Operand(Field.CT_STATE, mask=bits)
            matches.append(Match((operand,), (((0, 0),),), negated=not self.negated))
        if translated:
            status = sum(STATUSES[name.lower()] for name in translated)
            operand = Operand(Field.CT_STATUS, mask=status)
            match = Match((operand,), (((0, 0),),), negated=not self.negated)
            # A packet without a conversation was not translated either (conntrack_mt).
            matches.append(Either((match, _WITHOUT_CONVERSATION)) if self.negated else match)
        if self.negated or len(matches) == 1:
            self.expressions += matches
        else:
            self.expressions.append(Either(tuple(one for one in matches if isinstance(one, Match))))

    def statuses(self) -> None:
        bits = sum(_CT_STATUSES[name] for name in self.take().upper().split(","))
        operand = Operand(Field.CT_STATUS, mask=bits)
        self.expressions.append(Match((operand,), (((0, 0),),), negated=not self.negated))

    def original_port(self) -> None:
        self.add(Operand(Field.ORIGINAL_PORT), (values.ports(self.take()),))

    def original_destination(self) -> None:
        network = values.network(self.take(), self.family)
        self.add(Operand(Field.ORIGINAL_DESTINATION, self.family), (network,))

    def original_source(self) -> None:
        self.network(Field.SOURCE)

    def conversation_protocol(self) -> None:
        text = self.take().lower()
        number = int(text) if text.isdigit() else PROTOCOLS[text]
        self.add(Operand(Field.PROTOCOL), ((number, number),))

    def direction(self) -> None:
        number = {"ORIGINAL": 0, "REPLY": 1}[self.take().upper()]
        self.add(Operand(Field.CT_DIRECTION), ((number, number),))

    def mark(self) -> None:
        value, mask = values.masked(self.take())
        what = Field.CT_MARK if self.module == "connmark" else Field.MARK
        self.add(Operand(what, mask=mask), ((value & mask, value & mask),))

    # ---- addresses -----------------------------------------------------------------------------

    def source_range(self) -> None:
        self.range(Field.SOURCE)

    def destination_range(self) -> None:
        self.range(Field.DESTINATION)

    def range(self, what: Field) -> None:
        first, _, last = self.take().partition("-")
        span = parse_address(first, self.family), parse_address(last or first, self.family)
        self.add(Operand(what, self.family), (span,))

    def source_kind(self) -> None:
        self.address_kinds.append((True, self.take(), self.negated))

    def destination_kind(self) -> None:
        self.address_kinds.append((False, self.take(), self.negated))

    def here(self) -> None:
        self.kinds_here = True

    def packet_kind(self) -> None:
        number = PACKET_KINDS[self.take().lower()]
        self.add(Operand(Field.PACKET_KIND), ((number, number),))

    def in_set(self) -> None:
        name, directions = self.take(), self.take().split(",")
        known = self.sets.get(name)
        operands = values.set_operands(known, directions) if known is not None else None
        if operands is None:
            self.doubt(f"@{name}")
            return
        self.expressions.append(Match(operands, set_name=name, negated=self.negated))


_HANDLERS: dict[str, Callable[[Conditions], None]] = {
    "-s": Conditions.source,
    "--source": Conditions.source,
    "--src": Conditions.source,
    "-d": Conditions.destination,
    "--destination": Conditions.destination,
    "--dst": Conditions.destination,
    "-i": Conditions.incoming,
    "--in-interface": Conditions.incoming,
    "-o": Conditions.outgoing,
    "--out-interface": Conditions.outgoing,
    "-p": Conditions.with_protocol,
    "--protocol": Conditions.with_protocol,
    "--proto": Conditions.with_protocol,
    "-f": Conditions.fragment,
    "--fragment": Conditions.fragment,
    "-m": Conditions.match,
    "--match": Conditions.match,
    "-c": Conditions.counters,
    "--set-counters": Conditions.counters,
    "--comment": Conditions.with_comment,
    "--sport": Conditions.source_port,
    "--sports": Conditions.source_port,
    "--source-port": Conditions.source_port,
    "--source-ports": Conditions.source_port,
    "--dport": Conditions.destination_port,
    "--dports": Conditions.destination_port,
    "--destination-port": Conditions.destination_port,
    "--destination-ports": Conditions.destination_port,
    "--port": Conditions.either_port,
    "--ports": Conditions.either_port,
    "--tcp-flags": Conditions.tcp_flags,
    "--syn": Conditions.syn,
    "--tcp-option": Conditions.tcp_option,
    "--icmp-type": Conditions.icmp,
    "--icmpv6-type": Conditions.icmp,
    "--state": Conditions.states,
    "--ctstate": Conditions.states,
    "--ctstatus": Conditions.statuses,
    "--ctorigdstport": Conditions.original_port,
    "--ctorigdst": Conditions.original_destination,
    "--ctorigsrc": Conditions.original_source,
    "--ctproto": Conditions.conversation_protocol,
    "--ctdir": Conditions.direction,
    "--mark": Conditions.mark,
    "--src-range": Conditions.source_range,
    "--dst-range": Conditions.destination_range,
    "--src-type": Conditions.source_kind,
    "--dst-type": Conditions.destination_kind,
    "--limit-iface-in": Conditions.here,
    "--limit-iface-out": Conditions.here,
    "--pkt-type": Conditions.packet_kind,
    "--match-set": Conditions.in_set,
}
