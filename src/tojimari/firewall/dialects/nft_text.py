"""nftables as ``nft list ruleset`` writes it, and as people write it in files for ``nft -f``.

The text is brought into the form of nft's JSON, and then translated by the same code: so the same
rules mean the same. What the JSON of older versions loses (the devices of a chain, that a set is
filled by rules) stands in the text. A statement that is not known makes its rule doubtful; only
text whose braces and commands make no sense is refused.

Source: nft(8).
"""

import re

from tojimari.core.errors import UsageError
from tojimari.firewall.dialect import Dialect, Sets
from tojimari.firewall.dialects import nft_json
from tojimari.firewall.dialects._nft_fields import Json
from tojimari.firewall.dialects._nft_rules import Rules
from tojimari.firewall.dialects._nft_tokens import Cursor, Token, UnknownWordError, tokens
from tojimari.firewall.ruleset import Ruleset

_FAMILIES = {"ip", "ip6", "inet", "arp", "bridge", "netdev"}
_ADDING = {"add", "create", "insert"}
_OBJECTS = {
    *("counter", "quota", "limit", "ct", "flowtable", "secmark", "synproxy", "meter", "tunnel"),
}
_PRIORITIES = {
    "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
}  # fmt: skip
_OF_BRIDGES = {
    "dstnat": -300,
    "filter": -200,
    "out": 100,
    "srcnat": 300,
}  # linux/netfilter_bridge.h
_BEGINS = re.compile(
    r"^[ \t]*(?:(?:add|create) )?table (?:(?:ip6?|inet|arp|bridge|netdev) )?[\w.\"-]+[ \t]*(?:\{|$)"
    r"|^[ \t]*(?:add|insert) (?:table|chain|rule) (?:ip6?|inet|arp|bridge|netdev) ",
    re.MULTILINE,
)
_COUNTED = re.compile(r"\bcounter packets \d+ bytes \d+")


def recognises(text: str) -> bool:
    """Whether a text is one: whether a table begins in it, or a command that adds something."""
    return bool(_BEGINS.search(text)) and not text.lstrip().startswith("{")


def read(text: str, name: str = "nft list ruleset") -> Ruleset:
    """The ruleset that a text describes.

    Args:
        text: All of it.
        name: The file, for what is said of a broken line.

    Raises:
        UsageError: Its braces or its commands make no sense.
    """
    return nft_json.translated(_Document(_expanded(text, name), name, text).read())


def _expanded(text: str, name: str) -> list[Token]:
    """The words, with those that were defined put in."""
    defined: dict[str, list[Token]] = {}
    found: list[Token] = []
    words = Cursor(list(tokens(text, name)), name)
    while words.next:
        word = words.take()
        if word.text in {"define", "redefine"} and not word.quoted:
            key = words.take().text
            words.need("=")
            defined[key] = _replaced(_value(words), defined)
        else:
            found += _replaced([word], defined)
    return found


def _value(words: Cursor) -> list[Token]:
    """All up to the end of the line, or of the braces that begin on it."""
    found: list[Token] = []
    depth = 0
    while words.next and (depth or not words.is_next("\n", ";")):
        word = words.take()
        depth += 0 if word.quoted else (word.text == "{") - (word.text == "}")
        found.append(word)
    return found


def _replaced(words: list[Token], defined: dict[str, list[Token]]) -> list[Token]:
    found: list[Token] = []
    for word in words:
        known = defined.get(word.text[1:]) if word.text.startswith("$") else None
        found += [word] if known is None else known
    return found


class _Document(Rules):
    """Commands and blocks, from the first to the last."""

    def __init__(self, words: list[Token], name: str, text: str) -> None:
        super().__init__(words, name)
        self.text = text
        self.items: list[Json] = []

    def read(self) -> list[Json]:
        """Everything, in the order in which nft's JSON has it."""
        self.lines()
        while self.next:
            try:
                self.command()
            except RecursionError:
                self.refuse("'}'")
            self.lines()
        return self.items

    def command(self) -> None:
        word = self.next
        if word.text == "table" and not word.quoted:
            self.table()
        elif word.text in _ADDING:
            self.added(self.take().text)
        elif word.text in {"flush", "delete", "destroy", "reset"}:
            self.removed()
        elif word.text == "include":
            raise UsageError(
                "{file}:{line}: this file takes in others, which are not read",
                hint=nft_json.LIST_COMMAND,
                file=self.name,
                line=word.line,
            )
        else:
            self.refuse("table")

    def removed(self) -> None:
        """``flush ruleset`` begins anew; what else is taken away was never there."""
        words: list[str] = []
        while self.next and not self.is_next("\n", ";"):
            words.append(self.take().text)
        if words[:2] == ["flush", "ruleset"]:
            self.items.clear()

    def added(self, command: str) -> None:
        kind = self.next.text
        if kind == "table":
            self.table()
            return
        self.take()
        where: dict[str, Json] = {
            "family": self.take().text if self.is_next(*_FAMILIES) else "ip",
            "table": self.take().text,
        }
        if kind == "chain":
            self.chain(where)
        elif kind == "rule":
            where["chain"] = self.take().text
            while self.is_next("handle", "position", "index"):
                self.at += 2
            self.rule(where, first=command == "insert")
        elif kind in {"set", "map"}:
            self.named(kind, where)
        elif kind == "element":
            self.more(where)
        elif kind in _OBJECTS:
            self.object(kind, where)
        else:
            self.refuse("chain, rule, set, map")

    # ---- blocks ----------------------------------------------------------------------------

    def table(self) -> None:
        self.need("table")
        family = self.take().text if self.is_next(*_FAMILIES) else "ip"
        name = self.take().text
        table: dict[str, Json] = {"family": family, "name": name}
        self.items.append({"table": table})
        where: dict[str, Json] = {"family": family, "table": name}
        if not self.skip("{"):
            return
        self.lines()
        while not self.skip("}"):
            if self.is_next("flags"):
                table["flags"] = [word for word in self.property_words() if word != ","]
            elif self.is_next("comment"):
                self.property_words()
            elif self.skip("chain"):
                self.chain(where)
            elif self.is_next("set", "map"):
                self.named(self.take().text, where)
            elif self.is_next(*_OBJECTS):
                self.object(self.take().text, where)
            elif self.next.text.startswith("#"):
                self.take()
            else:
                self.refuse("chain, set, map")
            self.lines()

    def property_words(self) -> list[str]:
        """The words behind one, to the end of the line."""
        self.take()
        found: list[str] = []
        while self.next and not self.is_next("\n", ";", "}"):
            found.append(self.take().text)
        return found

    def chain(self, where: dict[str, Json]) -> None:
        chain: dict[str, Json] = {**where, "name": self.take().text}
        self.items.append({"chain": chain})
        if not self.skip("{"):
            return
        self.lines()
        while not self.skip("}"):
            if not self.next:
                self.refuse("'}'")
            if self.is_next("type") and self.ahead(2) == "hook":
                self.base(chain)
            elif self.is_next("policy"):
                chain["policy"] = self.property_words()[0]
            elif self.is_next("flags") or (self.is_next("comment") and not self.is_rule()):
                self.property_words()
            elif self.next.text.startswith("#"):
                self.take()
            else:
                self.rule({**where, "chain": chain["name"]})
            self.lines()

    def is_rule(self) -> bool:
        """Whether something stands behind a remark and its text on this line."""
        return self.ahead(2) not in {"\n", ";", "}", ""}

    def base(self, chain: dict[str, Json]) -> None:
        """``type filter hook input device "eth0" priority filter - 10``."""
        self.take()
        chain["type"] = self.take().text
        self.need("hook")
        chain["hook"] = self.take().text
        if self.skip("device"):
            chain["dev"] = self.take().text
        elif self.skip("devices"):
            self.need("=")
            chain["dev"] = self.elements()
        self.need("priority")
        chain["prio"] = self.priority(str(chain["family"]))

    def priority(self, family: str) -> int:
        names = _OF_BRIDGES if family == "bridge" else _PRIORITIES
        total, sign = 0, 1
        while self.next and not self.is_next(";", "\n", "}"):
            word = self.take().text
            if word in {"+", "-"}:
                sign = -1 if word == "-" else 1
            elif word in names:
                total += names[word]
            elif re.fullmatch(r"[+-]?\d+", word):
                total, sign = total + sign * int(word), 1
            else:
                self.at -= 1
                self.refuse("a priority")
        return total

    # ---- what stands in them ---------------------------------------------------------------

    def rule(self, where: dict[str, Json], *, first: bool = False) -> None:
        """One rule, to the end of its line."""
        start = self.at
        depth = 0
        while self.next and (depth or not self.is_next("\n", ";", "}")):
            word = self.take()
            depth += 0 if word.quoted else (word.text == "{") - (word.text == "}")
        words = [word for word in self.words[start : self.at] if word.quoted or word.text != "\n"]
        rule: dict[str, Json] = dict(where)
        if words and words[-1].text.startswith("#") and not words[-1].quoted:
            rule["handle"] = int(words.pop().text[1:])
        if not words:
            return
        found = Rules(words, self.name).statements()
        rule["comment"] = next(
            (str(one["comment"]) for one in found if isinstance(one, dict) and "comment" in one), ""
        )
        rule["expr"] = found
        said = self.text[words[0].start : words[-1].end]
        rule["text"] = _COUNTED.sub("counter", " ".join(said.replace("\\\n", " ").split()))
        place = self.first_of(where) if first else len(self.items)
        self.items.insert(place, {"rule": rule})

    def first_of(self, where: dict[str, Json]) -> int:
        """The place of a chain's first rule among all."""
        for at, item in enumerate(self.items):
            rule = item.get("rule") if isinstance(item, dict) else None
            if isinstance(rule, dict) and all(rule.get(key) == one for key, one in where.items()):
                return at
        return len(self.items)

    def named(self, kind: str, where: dict[str, Json]) -> None:
        """A set or a map."""
        found: dict[str, Json] = {**where, "name": self.take().text}
        self.items.append({kind: found})
        if not self.skip("{"):
            return
        self.lines()
        while not self.skip("}"):
            if not self.next:
                self.refuse("'}'")
            if self.is_next("type", "typeof"):
                self.kinds(found)
            elif self.is_next("flags"):
                found["flags"] = [word for word in self.property_words() if word != ","]
            elif self.skip("elements"):
                self.need("=")
                found["elem"] = self.elements()
                if found["elem"] is None:
                    found["type"] = None
            else:
                self.property_words()
            self.lines()

    def elements(self) -> list[Json] | None:
        """The elements between braces; None where one of them is not understood."""
        start = self.at
        try:
            return self.content()
        except UnknownWordError:
            self.at = start
            self.braced()
            return None

    def kinds(self, found: dict[str, Json]) -> None:
        """``type ipv4_addr . inet_service : verdict``, or the same by expressions."""
        by_example = self.take().text == "typeof"
        for key in ("type", "map"):
            names: list[Json] = []
            try:
                if by_example and not (key == "map" and self.is_next("verdict")):
                    names = [{"typeof": self.looked_at()}]
                else:
                    names.append(self.take().text)
                    while self.skip("."):
                        names.append(self.take().text)
            except UnknownWordError as error:
                names = [str(error)]
                self.at -= 1
                self.property_words()
            if key == "map" or found.get("elem", ()) is not None:
                found[key] = names[0] if len(names) == 1 else names
            if not self.skip(":"):
                return

    def more(self, where: dict[str, Json]) -> None:
        """``add element``: into a set that stands before."""
        name = self.take().text
        added = self.elements()
        for item in self.items:
            for kind, value in item.items() if isinstance(item, dict) else ():
                if (
                    kind in {"set", "map"}
                    and isinstance(value, dict)
                    and value["name"] == name
                    and all(value.get(key) == one for key, one in where.items())
                ):
                    known = value.get("elem")
                    value["elem"] = [*(known if isinstance(known, list) else []), *(added or [])]
                    value["type"] = None if added is None else value.get("type")
                    return
        self.refuse(f"set {name}")

    def object(self, kind: str, where: dict[str, Json]) -> None:
        """A named counter, limit and so on; only a limit's rate is looked at."""
        if kind == "ct":
            self.take()
        name = self.take().text
        if not self.is_next("{"):
            self.property_words()
            return
        if kind != "limit":
            self.braced()
            return
        self.need("{")
        self.lines()
        try:
            found = self.limit()
        except UnknownWordError:
            found = {"limit": name}
        while self.next and not self.skip("}"):
            self.take()
        rate = found["limit"] if isinstance(found, dict) else None
        item: dict[str, Json] = {**where, "name": name, **(rate if isinstance(rate, dict) else {})}
        self.items.append({"limit": item})


def _read(text: str, sets: Sets, name: str) -> Ruleset:
    del sets
    return read(text, name)


DIALECT = Dialect("nft_text", "nft list ruleset", recognises, _read)
