"""What the options of one module of an iptables rule mean together.

Source: iptables-extensions(8), section MATCH EXTENSIONS, and net/netfilter/xt_*.c where the manual
does not say what happens without a conversation or a bridge.
"""

from tojimari.firewall.dialect import Sets
from tojimari.firewall.dialects._iptables_words import Words
from tojimari.firewall.ruleset import ADDRESS_KINDS, Doubt, DoubtKind, Field, Match, Operand

# Modules that match without an option, or whose options said all there is.
_MATCH_ALL = frozenset(
    {
        *("", "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "icmpv6", "comment"),
        *("standard", "nfacct", "policy", "physdev", "helper", "set", "pkttype", "multiport"),
        *("mark", "connmark", "state", "conntrack", "iprange", "quota2", "account"),
    }
)
# What the first packet of a conversation never is, when it comes to this machine or is routed.
_NEVER = {
    # Only what goes from port to port of a bridge has the port that it goes out by (xt_physdev.c).
    ("physdev", "--physdev-is-bridged"),
    # Nobody announced it, and only what was announced has a helper (xt_helper.c).
    ("helper", "--helper"),
}
_HEADERS = {"rt", "frag", "hbh", "dst", "ah", "esp", "mh", "ipv6header"}
_SILENT = {"comment", "nfacct", "addrtype", "policy"}  # other options of theirs choose nothing
_WITHOUT_MEANING = {"--update-counters", "--update-subcounters"}
_RATE = {"limit", "hashlimit", "connlimit", "statistic", "random", "nth", "dstlimit", "iplimit"}


class Modules(Words):
    """Keeps what the options of the present module said until it ends."""

    def __init__(self, family: int, sets: Sets) -> None:
        """No module yet."""
        super().__init__(family, sets)
        self.module = ""
        self.address_kinds: list[tuple[bool, str, bool]] = []
        self.kinds_here = False
        self._limits: dict[str, list[str]] = {}
        self._reverse: set[str] = set()
        self._recent: list[str] = []
        self._before = 0

    def open_module(self, name: str) -> None:
        """A module begins; the one before ends."""
        self.close_module()
        self.module = name
        self._recent = []
        self._before = len(self.expressions)

    def other(self, word: str) -> None:
        """An option of a module; most concern only how strict a doubt is."""
        values = self.skip()
        shown = " ".join([*(["!"] if self.negated else []), word, *values])
        module = self.module
        if module in _RATE:
            self._limits.setdefault(module, []).append(" ".join(values) if values else word)
        elif module == "recent":
            if word in {"--set", "--seconds", "--hitcount", "--rcheck", "--update", "--remove"}:
                self._recent.append(shown)
        elif module == "rpfilter":
            self._reverse.add(word)
        elif module in _HEADERS:
            self._limits.setdefault("header", []).append(word)
        elif (module, word) in _NEVER:
            self.constant(holds=False)
        elif (module, word) == ("policy", "--pol"):
            self.constant(holds=values == ["none"])
        elif module not in _SILENT and word not in _WITHOUT_MEANING:
            self.doubt(f"{'-m ' + module + ' ' if module else ''}{word} {' '.join(values)}".strip())

    def close_module(self) -> None:
        """What a module's options mean together."""
        module, self.module = self.module, ""
        self.negated = False
        if module in _RATE:
            said = " ".join(self._limits.pop(module, []))
            self.expressions.append(Doubt(DoubtKind.RATE, f"{module} {said}".strip()))
        elif module == "recent":
            self._close_recent()
        elif module == "addrtype":
            try:
                self._close_kinds()
            except KeyError as error:
                self.address_kinds = []
                self.doubt(f"addrtype {error.args[0]}")
        elif module == "rpfilter":
            self._close_reverse()
        elif "header" in self._limits:
            # The plain first packet of a conversation carries none of these headers.
            del self._limits["header"]
            self.constant(holds=False)
        elif len(self.expressions) == self._before and module not in _MATCH_ALL:
            self.doubt(f"-m {module}")

    def _close_recent(self) -> None:
        said = self._recent
        if any(word.split()[0] == "--set" for word in said):
            return  # adds the source to its list, and matches always (xt_recent.c)
        absent = any(word.startswith("!") for word in said)
        kind = DoubtKind.ABSENCE if absent else DoubtKind.GUARD
        self.expressions.append(Doubt(kind, f"recent {' '.join(said)}".strip()))

    def _close_kinds(self) -> None:
        for is_source, text, negated in self.address_kinds:
            kinds = tuple(
                ((ADDRESS_KINDS[one], ADDRESS_KINDS[one]),) for one in text.lower().split(",")
            )
            what = Field.DESTINATION_KIND_HERE if self.kinds_here else Field.DESTINATION_KIND
            if is_source:
                what = Field.SOURCE_KIND
            self.expressions.append(Match((Operand(what),), kinds, negated=negated))
        self.address_kinds, self.kinds_here = [], False

    def _close_reverse(self) -> None:
        if "--accept-local" in self._reverse:
            self.doubt("rpfilter --accept-local")
        else:
            loose = "--loose" in self._reverse
            what = Field.SOURCE_ROUTE if loose else Field.SOURCE_ROUTE_HERE
            wanted = int("--invert" not in self._reverse)
            self.expressions.append(Match((Operand(what),), (((wanted, wanted),),)))
        self._reverse = set()
