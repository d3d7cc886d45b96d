"""The conditions of an iptables rule.

Source: iptables-extensions(8), section MATCH EXTENSIONS, and net/netfilter/xt_*.c where the manual
does not say what happens without a conversation or a bridge.
"""

from collections.abc import Callable

from tojimari.firewall.dialect import AddressSet, Sets
from tojimari.firewall.intervals import IPV4, parse_address, parse_network
from tojimari.firewall.ruleset import (
    ADDRESS_KINDS,
    ICMP,
    ICMP6,
    PACKET_KINDS,
    PORT_PROTOCOLS,
    PROTOCOLS,
    STATES,
    STATUSES,
    TCP,
    TCP_FLAGS,
    Doubt,
    DoubtKind,
    Either,
    Element,
    Expression,
    Field,
    Match,
    Operand,
)

TARGETS = {"-j", "--jump", "-g", "--goto"}

_RATE = {"limit", "hashlimit", "connlimit", "statistic", "random", "nth", "dstlimit", "iplimit"}
_STATES = {name.upper(): bit for name, bit in STATES.items()}
_CT_STATUSES = {
    "EXPECTED": STATUSES["expected"],
    "SEEN_REPLY": STATUSES["seen-reply"],
    "ASSURED": STATUSES["assured"],
    "CONFIRMED": STATUSES["confirmed"],
}
_TCP_FLAGS = {name.upper(): bit for name, bit in TCP_FLAGS.items() if bit < 64}  # noqa: PLR2004 - two ends, or two parts
_TCP_FLAGS["ALL"] = 63
_TCP_FLAGS["NONE"] = 0
_SYN = TCP_FLAGS["fin"] | TCP_FLAGS["syn"] | TCP_FLAGS["rst"] | TCP_FLAGS["ack"]
_WITHOUT_CONVERSATION = Match(
    (Operand(Field.CT_STATE, mask=STATES["invalid"] | STATES["untracked"]),),
    (((0, 0),),),
    negated=True,
)
# Services that old dumps and hand-written files call by name (IANA).
_SERVICES = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67,
    "bootpc": 68, "tftp": 69, "http": 80, "www": 80, "pop3": 110, "sunrpc": 111, "auth": 113,
    "ident": 113, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139,
    "imap": 143, "imap2": 143, "snmp": 161, "bgp": 179, "ldap": 389, "https": 443,
    "microsoft-ds": 445, "syslog": 514, "ldaps": 636, "imaps": 993, "pop3s": 995,
    "mysql": 3306, "postgresql": 5432, "mdns": 5353,
}  # fmt: skip


class Conditions:
    """Reads the words before the target."""

    def __init__(self, family: int, sets: Sets) -> None:
        """Nothing read yet."""
        self.family = family
        self.sets = sets
        self.expressions: list[Expression] = []
        self.comment = ""
        self.protocol: int | None = None
        self._module = ""
        self._words: list[str] = []
        self._at = 0
        self._negated = False
        self._limits: dict[str, list[str]] = {}
        self._address_kinds: list[tuple[bool, str, bool]] = []
        self._here = False
        self._reverse: set[str] = set()
        self._recent: list[str] = []

    def read(self, words: list[str]) -> list[str]:
        """Read up to the target; returns the target and all behind it."""
        self._words, self._at = words, 0
        while self._at < len(words):
            word = words[self._at]
            if word in TARGETS:
                break
            self._at += 1
            if word == "!":
                self._negated = True
                continue
            self.option(word)
            self._negated = False
        self.close_module()
        return words[self._at :]

    def take(self) -> str:
        """The option's next value; an old-style negation before it is seen."""
        if self._at < len(self._words) and self._words[self._at] == "!":
            self._negated = True
            self._at += 1
        if self._at >= len(self._words):
            return ""
        self._at += 1
        return self._words[self._at - 1]

    def skip(self) -> list[str]:
        """The values of an option that nobody looks at."""
        taken: list[str] = []
        while self._at < len(self._words):
            word = self._words[self._at]
            if word == "!" or (word.startswith("-") and len(word) > 1 and not word[1:].isdigit()):
                break
            taken.append(word)
            self._at += 1
        return taken

    def option(self, word: str) -> None:
        handler = _HANDLERS.get(word)
        if handler is None:
            self.other(word)
            return
        try:
            handler(self)
        except (ValueError, KeyError):
            self.doubt(f"{word} {self._words[self._at - 1]}")

    def add(self, operand: Operand, *elements: Element) -> None:
        self.expressions.append(Match((operand,), elements, negated=self._negated))

    def doubt(self, text: str, protocols: frozenset[int] = frozenset()) -> None:
        """A condition that we do not model, for the protocols that it can concern."""
        shown = f"! {text}" if self._negated else text
        self.expressions.append(Match((Operand(Field.UNKNOWN, protocols=protocols, text=shown),)))

    # ---- what every rule can say -------------------------------------------------------------

    def source(self) -> None:
        self.network(Field.SOURCE)

    def destination(self) -> None:
        self.network(Field.DESTINATION)

    def network(self, what: Field) -> None:
        text = self.take()
        elements = tuple((parse_network(one, self.family),) for one in text.split(","))
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
        if not self._negated:
            self.protocol = number
        self.add(Operand(Field.PROTOCOL), ((number, number),))

    def fragment(self) -> None:
        # A later fragment; never the packet that begins a conversation.
        self.constant(holds=False)

    def constant(self, *, holds: bool) -> None:
        """A condition whose answer is the same for every plain first packet."""
        if holds is self._negated:
            self.expressions.append(Match((Operand(Field.FAMILY),), (((0, 0),),)))

    def match(self) -> None:
        self.close_module()
        self._module = self.take()
        self._recent = []

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
        elements = tuple((_ports(one),) for one in text.split(","))
        self.add(self.ports_operand(what), *elements)

    def either_port(self) -> None:
        text = self.take()
        elements = tuple((_ports(one),) for one in text.split(","))
        operands = [
            self.ports_operand(Field.SOURCE_PORT),
            self.ports_operand(Field.DESTINATION_PORT),
        ]
        matches = [Match((one,), elements, negated=self._negated) for one in operands]
        if self._negated:
            self.expressions += matches
        else:
            self.expressions.append(Either(tuple(matches)))

    # ---- tcp, icmp -----------------------------------------------------------------------------

    def tcp_flags(self) -> None:
        mask, value = _flags(self.take()), _flags(self.take())
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
            matches.append(Match((operand,), (((0, 0),),), negated=not self._negated))
        if translated:
            status = sum(STATUSES[name.lower()] for name in translated)
            operand = Operand(Field.CT_STATUS, mask=status)
            match = Match((operand,), (((0, 0),),), negated=not self._negated)
            # A packet without a conversation was not translated either (conntrack_mt).
            matches.append(Either((match, _WITHOUT_CONVERSATION)) if self._negated else match)
        if self._negated or len(matches) == 1:
            self.expressions += matches
        else:
            self.expressions.append(Either(tuple(one for one in matches if isinstance(one, Match))))

    def statuses(self) -> None:
        bits = sum(_CT_STATUSES[name] for name in self.take().upper().split(","))
        operand = Operand(Field.CT_STATUS, mask=bits)
        self.expressions.append(Match((operand,), (((0, 0),),), negated=not self._negated))

    def original_port(self) -> None:
        self.add(Operand(Field.ORIGINAL_PORT), (_ports(self.take()),))

    def original_destination(self) -> None:
        network = parse_network(self.take(), self.family)
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
        value, mask = _masked(self.take())
        what = Field.CT_MARK if self._module == "connmark" else Field.MARK
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
        self._address_kinds.append((True, self.take(), self._negated))

    def destination_kind(self) -> None:
        self._address_kinds.append((False, self.take(), self._negated))

    def here(self) -> None:
        self._here = True

    def packet_kind(self) -> None:
        number = PACKET_KINDS[self.take().lower()]
        self.add(Operand(Field.PACKET_KIND), ((number, number),))

    def in_set(self) -> None:
        name, directions = self.take(), self.take().split(",")
        known = self.sets.get(name)
        operands = _set_operands(known, directions) if known is not None else None
        if operands is None:
            self.doubt(f"@{name}")
            return
        self.expressions.append(Match(operands, set_name=name, negated=self._negated))

    # ---- everything else -------------------------------------------------------------------

    def other(self, word: str) -> None:
        """An option of a module; most concern only how strict a doubt is."""
        negated, values = self._negated, self.skip()
        shown = " ".join([*(["!"] if negated else []), word, *values])
        module = self._module
        if module in _RATE:
            self._limits.setdefault(module, []).append(" ".join(values) if values else word)
        elif module == "recent":
            if word in {"--set", "--seconds", "--hitcount", "--rcheck", "--update", "--remove"}:
                self._recent.append(shown)
        elif module == "rpfilter":
            self._reverse.add(word)
        elif module == "policy":
            if word == "--pol":
                self._negated = negated
                self.constant(holds=values == ["none"])
        elif module in {"rt", "frag", "hbh", "dst", "ah", "esp", "mh", "ipv6header"}:
            self._limits.setdefault("header", []).append(word)
        elif module not in {"comment", "nfacct", "addrtype"}:
            self._negated = negated
            self.doubt(f"{'-m ' + module + ' ' if module else ''}{word} {' '.join(values)}".strip())

    def close_module(self) -> None:
        """What a module's options mean together."""
        module, self._module = self._module, ""
        self._negated = False
        if module in _RATE:
            said = " ".join(self._limits.pop(module, []))
            self.expressions.append(Doubt(DoubtKind.RATE, f"{module} {said}".strip()))
        elif module == "recent":
            self.close_recent()
        elif module == "addrtype":
            try:
                self.close_kinds()
            except KeyError as error:
                self._address_kinds = []
                self.doubt(f"addrtype {error.args[0]}")
        elif module == "rpfilter":
            self.close_reverse()
        elif "header" in self._limits:
            # The plain first packet of a conversation carries none of these headers.
            del self._limits["header"]
            self.constant(holds=False)
        elif module in {"unclean", "psd", "socket", "condition"} and not self.expressions:
            self.doubt(f"-m {module}")

    def close_recent(self) -> None:
        said = self._recent
        if any(word.split()[0] == "--set" for word in said):
            return  # adds the source to its list, and matches always (xt_recent.c)
        absent = any(word.startswith("!") for word in said)
        kind = DoubtKind.ABSENCE if absent else DoubtKind.GUARD
        self.expressions.append(Doubt(kind, f"recent {' '.join(said)}".strip()))

    def close_kinds(self) -> None:
        for is_source, text, negated in self._address_kinds:
            kinds = tuple(
                ((ADDRESS_KINDS[one], ADDRESS_KINDS[one]),) for one in text.lower().split(",")
            )
            what = Field.DESTINATION_KIND_HERE if self._here else Field.DESTINATION_KIND
            if is_source:
                what = Field.SOURCE_KIND
            self.expressions.append(Match((Operand(what),), kinds, negated=negated))
        self._address_kinds, self._here = [], False

    def close_reverse(self) -> None:
        if "--accept-local" in self._reverse:
            self.doubt("rpfilter --accept-local")
        else:
            loose = "--loose" in self._reverse
            what = Field.SOURCE_ROUTE if loose else Field.SOURCE_ROUTE_HERE
            wanted = int("--invert" not in self._reverse)
            self.expressions.append(Match((Operand(what),), (((wanted, wanted),),)))
        self._reverse = set()


def _ports(text: str) -> tuple[int, int]:
    first, colon, last = text.partition(":")
    if not colon:
        return _port(first), _port(first)
    return (_port(first) if first else 0), (_port(last) if last else 0xFFFF)


def _port(text: str) -> int:
    return int(text) if text.isdigit() else _SERVICES[text]


def _flags(text: str) -> int:
    result = 0
    for name in text.upper().split(","):
        result |= _TCP_FLAGS[name]
    return result


def _masked(text: str) -> tuple[int, int]:
    value, slash, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if slash else 0xFFFFFFFF


def _set_operands(known: AddressSet, directions: list[str]) -> tuple[Operand, ...] | None:
    """What a set looks at, for the directions that a rule gives."""
    found: list[Operand] = []
    if len(directions) < len(known.kinds) or not known.content.readable:
        return None
    for kind, direction in zip(known.kinds, directions, strict=False):
        out = direction == "dst"
        if kind in {"ip", "net"}:
            found.append(Operand(Field.DESTINATION if out else Field.SOURCE, known.family))
        elif kind == "port":
            found.append(Operand(Field.PROTOCOL))
            found.append(Operand(Field.DESTINATION_PORT if out else Field.SOURCE_PORT))
        elif kind == "mark":
            found.append(Operand(Field.MARK))
        elif kind == "iface":
            found.append(Operand(Field.OUTPUT if out else Field.INPUT))
        else:
            return None
    return tuple(found)


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
