"""nftables' expressions as ``nft list ruleset`` writes them, in the form of nft's JSON.

So both forms are translated by the same code. Source: nft(8), sections EXPRESSIONS, PAYLOAD
EXPRESSIONS and PRIMARY EXPRESSIONS; libnftables-json(5).
"""

import re

from tojimari.firewall.dialects._nft_fields import Json
from tojimari.firewall.dialects._nft_tokens import Cursor, UnknownWordError

_HEADERS = {
    *("ip", "ip6", "tcp", "udp", "th", "udplite", "sctp", "dccp", "icmp", "icmpv6", "ether", "arp"),
    *("vlan", "esp", "ah", "comp", "igmp", "gre"),
}
_EXTENSIONS = {"hbh", "frag", "dst", "mh", "srh"}  # with "rt", which is a routing fact's word too
_OF_ROUTES = {"classid", "nexthop", "mtu", "ipsec"}
_BARE_META = {
    *("iif", "iifname", "oif", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup", "mark"),
    *("skuid", "skgid", "nftrace", "rtclassid", "ibrname", "obrname", "ibriport", "obriport"),
    *("pkttype", "cpu", "cgroup"),
}
_SIGNS = {"==", "!=", "<", ">", "<=", ">="}
_OPERATORS = {
    "==": "==", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!": "!",
    "eq": "==", "ne": "!=", "neq": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
}  # fmt: skip
_BITS = (({"|", "or"}, "|"), ({"^", "xor"}, "^"), ({"&", "and"}, "&"))  # the loosest first
_FLAGS = {("ct", "state"), ("ct", "status"), ("ct", "event"), ("ct", "label"), ("tcp", "flags")}
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+|[0-9]+")
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[0-9]+|0x[0-9A-Fa-f]+")
_PREFIX = re.compile(r"([0-9A-Fa-f:.]+)/([0-9]+)")
_RAW = re.compile(r"@(ll|nh|th|ih),(\d+),(\d+)")
# What an element may carry beside its value, and how many words belong to it.
_OPTIONS = {"timeout": 1, "expires": 1, "comment": 1, "counter": 4, "limit": 0, "quota": 0, "ct": 0}


def scalar(text: str, *, quoted: bool = False) -> Json:
    """One value: a number, a prefix, a range, or a word."""
    if quoted:
        return text
    if _NUMBER.fullmatch(text) and (text == "0" or not text.startswith("0") or "x" in text):
        return int(text, 0)
    prefix = _PREFIX.fullmatch(text)
    if prefix:
        return {"prefix": {"addr": prefix.group(1), "len": int(prefix.group(2))}}
    first, dash, last = text.partition("-")
    if dash and _ADDRESS.fullmatch(first) and _ADDRESS.fullmatch(last):
        return {"range": [scalar(first), scalar(last)]}
    return text


class Expressions(Cursor):
    """Reads expressions from a place on."""

    # ---- what is looked at -----------------------------------------------------------------

    def begins(self) -> bool:
        """Whether an expression that looks at something stands ahead."""
        word = self.next
        return not word.quoted and (
            word.text in _HEADERS | _EXTENSIONS | _BARE_META
            or word.text in {"meta", "ct", "fib", "numgen", "jhash", "symhash", "socket", "osf"}
            or word.text in {"rt", "exthdr", "ipsec"}
            or _RAW.fullmatch(word.text) is not None
        )

    def looked_at(self) -> Json:
        """One expression, or several with dots between.

        Raises:
            UnknownWordError: It is none that we know.
        """
        parts = [self.combined(0)]
        while self.skip("."):
            parts.append(self.combined(0))
        return parts[0] if len(parts) == 1 else {"concat": parts}

    def combined(self, level: int) -> Json:
        """Expressions with operations on bits, the loosest operation first."""
        if level == len(_BITS):
            return self.primary()
        signs, name = _BITS[level]
        left: Json = self.combined(level + 1)
        while self.is_next(*signs):
            self.take()
            left = {name: [left, self.combined(level + 1)]}
        return left

    def primary(self) -> Json:  # noqa: C901, PLR0911, PLR0912 - one branch a kind
        """One thing that is looked at, or one value."""
        if self.skip("("):
            inner = self.flags() if not self.begins() else self.combined(0)
            self.skip(")")
            return inner
        if not self.begins():
            return self.single()
        word = self.take().text
        raw = _RAW.fullmatch(word)
        if raw:
            base, offset, length = raw.groups()
            return {"payload": {"base": base, "offset": int(offset), "len": int(length)}}
        if word == "meta":
            return {"meta": {"key": self.name_ahead()}}
        if word == "ct":
            return self.of_conversation()
        if word == "fib":
            return self.of_routes()
        if word in {"numgen", "jhash", "symhash"}:
            return self.drawn(word)
        if word in {"socket", "osf", "ipsec"}:
            return {word: {"key": self.name_ahead()}}
        if word == "rt" and self.next.text in _OF_ROUTES:
            return {"rt": {"key": self.name_ahead()}}
        if word == "exthdr":
            return {"exthdr": {"name": self.name_ahead()}}
        if word in _EXTENSIONS or word == "rt":
            return {"exthdr": {"name": word, "field": self.name_ahead()}}
        if word in {"tcp", "ip", "sctp", "dccp"} and self.is_next("option", "chunk"):
            kind = f"{word} {self.take().text}"
            found: dict[str, Json] = {"name": self.name_ahead()}
            if self.next and not self.is_next("exists", "missing", *_SIGNS):
                found["field"] = self.name_ahead()
            return {kind: found}
        if word == "arp" and self.ahead(1) in {"ip", "ether"}:
            field = f"{self.take().text} {self.take().text}"
            return {"payload": {"protocol": word, "field": field}}
        if word in _HEADERS:
            return {"payload": {"protocol": word, "field": self.name_ahead()}}
        return {"meta": {"key": word}}

    def name_ahead(self) -> str:
        """A field's name.

        Raises:
            UnknownWordError: None stands there.
        """
        word = self.take()
        if word.quoted or not re.fullmatch(r"[A-Za-z][\w-]*", word.text):
            raise UnknownWordError(word.text)
        return word.text

    def of_conversation(self) -> Json:
        direction = self.take().text if self.is_next("original", "reply") else ""
        key = self.name_ahead()
        if direction and key in {"ip", "ip6"}:
            key = f"{key} {self.name_ahead()}"
        found: dict[str, Json] = {"key": key}
        if direction:
            found["dir"] = direction
        return {"ct": found}

    def of_routes(self) -> Json:
        flags: list[Json] = [self.name_ahead()]
        while self.skip("."):
            flags.append(self.name_ahead())
        return {"fib": {"result": self.name_ahead(), "flags": flags}}

    def drawn(self, kind: str) -> Json:
        """A number made from chance, or from the packet."""
        found: dict[str, Json] = {"offset": 0}
        if kind == "numgen":
            found["mode"] = self.name_ahead()
        elif kind == "jhash":
            found["expr"] = self.looked_at()
        while self.is_next("mod", "offset", "seed"):
            name = self.take().text
            found[name] = self.single()
        return {kind: found}

    # ---- values ----------------------------------------------------------------------------

    def single(self) -> Json:
        """One value.

        Raises:
            UnknownWordError: None stands there.
        """
        word = self.take()
        if not word or (not word.quoted and word.text in "{}();,=!<>&|^\n:."):
            raise UnknownWordError(word.text)
        found = scalar(word.text, quoted=word.quoted)
        if self.skip("-"):
            last = self.take()
            return {"range": [found, scalar(last.text, quoted=last.quoted)]}
        return found

    def value(self) -> Json:
        """What something is compared with: a set, a list of flags, or one value."""
        if self.is_next("{"):
            return {"set": self.content()}
        if self.is_next("exists", "missing"):
            return self.take().text == "exists"
        if self.skip("("):
            found = self.flags()
            self.skip(")")
            return found
        return self.flags()

    def flags(self) -> Json:
        """One value, one concatenation, or several flags."""
        first = self.joined()
        if self.is_next(","):
            several = [first]
            while self.skip(","):
                several.append(self.joined())
            return several
        if self.is_next("|"):
            several = [first]
            while self.skip("|"):
                several.append(self.joined())
            return {"|": several}
        return first

    def joined(self) -> Json:
        parts = [self.single()]
        while self.skip("."):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else {"concat": parts}

    def content(self) -> list[Json]:
        """The elements between braces; those of a map are pairs."""
        self.need("{")
        found: list[Json] = []
        self.lines()
        while not self.is_next("}"):
            if not self.next:
                self.refuse("'}'")
            # A set that was defined elsewhere is put in whole.
            found += self.content() if self.is_next("{") else [self.element()]
            self.lines()
            self.skip(",")
            self.lines()
        self.need("}")
        return found

    def element(self) -> Json:
        """One element, with what it carries, and what it gives."""
        value: Json = self.joined()
        options = self.options()
        if options:
            value = {"elem": {"val": value, **options}}
        if not self.skip(":"):
            return value
        self.lines()
        return [value, self.given()]

    def options(self) -> dict[str, Json]:
        """What stands beside an element's value; what it means is not looked at."""
        found: dict[str, Json] = {}
        while self.next and not self.is_next(",", "}", ":", "\n"):
            name = self.take().text
            found["ct count" if name == "ct" else name] = True
            for _ in range(_OPTIONS.get(name, 0)):
                self.take()
            while not _OPTIONS.get(name, 0) and self.next and not self.is_next(",", "}", ":", "\n"):
                self.take()
        return found

    def given(self) -> Json:
        """What a map gives: a verdict, or a value."""
        if self.is_next("accept", "drop", "return", "continue"):
            return {self.take().text: None}
        if self.is_next("jump", "goto"):
            return {self.take().text: {"target": self.take().text}}
        return self.joined()

    def wanted(self) -> Json:
        """A value that may be looked up, or made of other fields: what is set or translated to."""
        found = self.looked_at() if self.begins() else self.joined_or_combined()
        if not self.skip("map"):
            return found
        return {"map": {"key": found, "data": self.mapping()}}

    def mapping(self) -> Json:
        """The pairs of a map, or its name."""
        if not self.is_next("{"):
            return self.take().text
        content: Json = list(self.content())
        return {"set": content}

    def joined_or_combined(self) -> Json:
        found = self.combined(0)
        if not self.is_next("."):
            return found
        parts = [found]
        while self.skip("."):
            parts.append(self.single())
        return {"concat": parts}

    # ---- conditions ------------------------------------------------------------------------

    def condition(self) -> Json:
        """What is looked at, and what becomes of it: a condition, a verdict by value, a new value.

        Raises:
            UnknownWordError: It is of a kind that we do not know.
        """
        left: Json = self.looked_at()
        if self.skip("vmap"):
            return {"vmap": {"key": left, "data": self.mapping()}}
        if self.skip("set"):
            return {"mangle": {"key": left, "value": self.wanted()}}
        word = self.next
        operator = "" if word.quoted else _OPERATORS.get(word.text, "")
        if operator:
            self.take()
        right = self.value()
        if self.skip("/"):
            # ``tcp flags syn / fin,syn,rst,ack``: of these only those.
            both: Json = [left, self.flags()]
            left = {"&": both}
            operator = operator or "=="
        if not operator:
            operator = "in" if _is_of_flags(left) and not _is_set(right) else "=="
        return {"match": {"op": operator, "left": left, "right": right}}


def _is_set(node: Json) -> bool:
    return isinstance(node, dict) and "set" in node


def _is_of_flags(left: Json) -> bool:
    if not isinstance(left, dict):
        return False
    for kind, value in left.items():
        if isinstance(value, dict):
            name = value.get("protocol") if kind == "payload" else kind
            field = value.get("field") if kind == "payload" else value.get("key")
            return (name, field) in _FLAGS
    return False
