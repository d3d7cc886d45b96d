"""nftables' rules as ``nft list ruleset`` writes them, in the form of nft's JSON.

Source: nft(8), section STATEMENTS; libnftables-json(5).
"""

from collections.abc import Callable

from tojimari.firewall.dialects._nft_expressions import Expressions
from tojimari.firewall.dialects._nft_fields import Json
from tojimari.firewall.dialects._nft_tokens import UnknownWordError

_PLAIN = {"accept", "drop", "return", "continue", "notrack"}
_ENDS = {"accept", "drop", "return", "continue", "jump", "goto", "reject", "queue", "comment"}
_TRANSLATIONS = {"dnat", "snat", "redirect", "masquerade"}
_HOW = {"random", "fully-random", "persistent"}
_LOG = {"prefix", "level", "group", "snaplen", "queue-threshold", "flags"}
_SET_BY_CT = {"helper", "timeout", "expectation", "zone", "event", "label"}


class Rules(Expressions):
    """Reads the statements of one rule from a place on."""

    def statements(self) -> list[Json]:
        """Every statement of a rule.

        One that we do not know becomes a doubt, and with it all conditions behind it, since nobody
        knows where it ends; what becomes of the packet is kept.
        """
        found: list[Json] = []
        while self.next:
            start = self.at
            try:
                found.append(self.statement())
            except UnknownWordError:
                self.at = start
                return [*found, *self.rest()]
        return found

    def rest(self) -> list[Json]:
        """A doubt for all that is left of a rule, and its verdict."""
        words = [word.text for word in self.words[self.at :]]
        found: list[Json] = [{" ".join(words): None}]
        translates = bool(_TRANSLATIONS & set(words))
        if "set" in words or translates:
            # It may change the packet in a way that nobody knows.
            for kind in ("meta", "ct"):
                key: Json = {kind: {"key": "mark"}}
                unknown: Json = {"unknown": None}
                found.append({"mangle": {"key": key, "value": unknown}})
        if translates:
            return [*found, {"fwd": None}]  # then somebody else decides
        return [*found, *self.end()]

    def end(self) -> list[Json]:
        """The verdict at a rule's end, as far as it can be told without what stands before."""
        while self.next:
            if not self.next.quoted and self.next.text in _ENDS:
                start = self.at
                try:
                    node = self.statement()
                except UnknownWordError:
                    self.at = start
                else:
                    return [node]
            self.take()
        return []

    def statement(self) -> Json:  # noqa: PLR0911 - one return a kind
        """One statement.

        Raises:
            UnknownWordError: It is none that we know.
        """
        word = self.next
        if word.quoted:
            raise UnknownWordError(word.text)
        if word.text in _PLAIN:
            return {self.take().text: None}
        reader = _READERS.get(word.text)
        if reader is not None:
            self.take()
            return reader(self)
        if word.text in _TRANSLATIONS:
            return self.translation(self.take().text)
        if word.text in {"add", "update", "delete"} and self.ahead(1).startswith("@"):
            return self.filling(self.take().text)
        if word.text == "ct" and self.ahead(1) == "count":
            return self.count()
        if word.text == "ct" and self.ahead(1) in _SET_BY_CT and self.ahead(2) == "set":
            kind = f"ct {self.ahead(1)}"
            self.at += 3
            return {kind: self.wanted()}
        if not self.begins():
            raise UnknownWordError(word.text)
        return self.condition()

    # ---- one reader a statement ------------------------------------------------------------

    def jump(self) -> Json:
        return {"jump": {"target": self.take().text}}

    def goto(self) -> Json:
        return {"goto": {"target": self.take().text}}

    def queue(self) -> Json:
        while self.next and not self.is_next("comment"):
            self.take()
        return {"queue": None}

    def reject(self) -> Json:
        if not self.skip("with"):
            return {"reject": None}
        kind = self.take().text
        if kind == "tcp":
            return {"reject": {"type": f"tcp {self.take().text}"}}
        self.skip("type")
        return {"reject": {"type": kind, "expr": self.take().text}}

    def counter(self) -> Json:
        if self.skip("name"):
            return {"counter": self.take().text}
        while self.skip("packets", "bytes"):
            self.take()
        return {"counter": None}

    def log(self) -> Json:
        found: dict[str, Json] = {}
        while self.next.text in _LOG and not self.next.quoted:
            name = self.take().text
            found[name] = self.take().text
            while name == "flags" and self.is_next(",", "sequence", "options"):
                self.take()
        return {"log": found or None}

    def limit(self) -> Json:
        if self.skip("name"):
            return {"limit": self.take().text}
        self.skip("rate")
        found: dict[str, Json] = {}
        if self.skip("over"):
            found["inv"] = True
        number, slash, per = self.take().text.partition("/")
        if not slash:
            found["rate_unit"], _, per = self.take().text.partition("/")
        found |= {"rate": int(number) if number.isdigit() else number, "per": per}
        if self.skip("burst"):
            self.take()
            self.skip("packets", "bytes", "kbytes", "mbytes")
        return {"limit": found}

    def quota(self) -> Json:
        if self.skip("name"):
            return {"quota": self.take().text}
        over = self.skip("over", "until")
        found: Json = f"{'over ' if over else ''}{self.take().text} {self.take().text}"
        if self.skip("used"):
            self.at += 2
        return {"quota": found}

    def count(self) -> Json:
        self.at += 2
        over = self.skip("over")
        found: dict[str, Json] = {"val": self.single()}
        if over:
            found["inv"] = True
        return {"ct count": found}

    def filling(self, operation: str) -> Json:
        name = self.take().text
        self.need("{")
        element = self.looked_at() if self.begins() else self.joined()
        inner: list[Json] = []
        data: Json = None
        while self.next and not self.is_next("}"):
            if self.skip(":"):
                data = self.given() if not self.begins() else self.looked_at()
            elif self.is_next("timeout", "expires", "comment"):
                self.at += 2
            else:
                inner.append(self.statement())
        self.need("}")
        found: dict[str, Json] = {"op": operation, "elem": element, "set": name}
        if inner:
            found["stmt"] = inner
        return {"set": found} if data is None else {"map": {**found, "data": data}}

    def meter(self) -> Json:
        name = self.take().text
        if self.skip("size"):
            self.take()
        return {"meter": {"name": name, "stmt": self.braced()}}

    def braced(self) -> str:
        """All up to the brace that closes the one ahead."""
        self.need("{")
        words: list[str] = []
        depth = 1
        while depth:
            word = self.take()
            if not word:
                self.refuse("'}'")
            depth += (word.text == "{") - (word.text == "}") if not word.quoted else 0
            words.append(word.text)
        return " ".join(words[:-1])

    def translation(self, kind: str) -> Json:
        found: dict[str, Json] = {}
        if self.is_next("ip", "ip6") and self.ahead(1) in {"to", "prefix", "addr", "interval"}:
            found["family"] = self.take().text
        flags: list[Json] = []
        while self.is_next("prefix", "interval", "addr", "port", "."):
            word = self.take().text
            flags += [word] if word in {"prefix", "interval"} else []
        if flags:
            found["type_flags"] = flags
        if self.skip("to"):
            found |= self.target()
        while self.is_next(",", *_HOW):
            self.take()
        return {kind: found or None}

    def target(self) -> dict[str, Json]:
        """Where a packet is sent: an address, a port, both, or what a map gives."""
        if self.begins():
            return self.with_port(self.wanted())
        word = self.take()
        if word.text == ":":
            return {"port": self.wanted()}
        text = word.text
        if text.startswith("["):
            address, _, port = text[1:].partition("]")
            port = port.lstrip(":")
        elif text.count(":") == 1:
            address, _, port = text.partition(":")
        else:
            address, port = text, ""
        if self.is_next("-", "map", "."):
            raise UnknownWordError(text)
        found: dict[str, Json] = {}
        if address:
            found["addr"] = _bare(address)
        if port:
            found["port"] = _bare(port)
        return found if found.get("port") is not None else self.with_port(found.get("addr"))

    def with_port(self, address: Json) -> dict[str, Json]:
        found: dict[str, Json] = {"addr": address}
        if self.skip(":"):
            found["port"] = self.wanted()
        return found

    def proxy(self) -> Json:
        self.skip("ip", "ip6")
        if self.skip("to"):
            self.take()
            if self.skip(":"):
                self.take()
        return {"tproxy": None}

    def answer(self) -> Json:
        while self.is_next("mss", "wscale", "timestamp", "sack-perm", "name"):
            if self.take().text in {"mss", "wscale", "name"}:
                self.take()
        return {"synproxy": None}

    def forward(self) -> Json:
        self.aside()
        return {"fwd": None}

    def copy(self) -> Json:
        self.aside()
        return {"dup": None}

    def aside(self) -> None:
        self.skip("ip", "ip6")
        if self.skip("to"):
            self.wanted()
        if self.skip("device"):
            self.wanted()

    def flow(self) -> Json:
        self.skip("add", "offload")
        self.take()
        return {"flow": None}

    def remark(self) -> Json:
        return {"comment": self.take().text}

    def opaque(self) -> Json:
        kind = self.take().text
        return {"xt": {"type": kind, "name": self.take().text}}

    def last(self) -> Json:
        if self.skip("used"):
            self.take()
            self.skip("ago")
        return {"last": None}


def _bare(text: str) -> Json:
    """An address or a port, or a range of them."""
    first, dash, last = text.partition("-")
    ends: list[Json] = [int(one) if one.isdigit() else one for one in (first, last) if one]
    return {"range": ends} if dash else ends[0] if ends else text


_READERS: dict[str, Callable[[Rules], Json]] = {
    "jump": Rules.jump,
    "goto": Rules.goto,
    "queue": Rules.queue,
    "reject": Rules.reject,
    "counter": Rules.counter,
    "log": Rules.log,
    "limit": Rules.limit,
    "quota": Rules.quota,
    "meter": Rules.meter,
    "tproxy": Rules.proxy,
    "synproxy": Rules.answer,
    "fwd": Rules.forward,
    "dup": Rules.copy,
    "flow": Rules.flow,
    "comment": Rules.remark,
    "xt": Rules.opaque,
    "last": Rules.last,
}
