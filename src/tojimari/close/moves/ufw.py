"""Close the door by a rule of ufw's own, where ufw owns the firewall and somebody asks for that.

ufw knows a rule by the packets that it is for, whatever it does with them. Where it has one for the
same packets, ``ufw deny`` changes that one in its place, and undoing changes it back. Where it has
none, the rule is put before all others, and undoing deletes it (ufw(8), "RULE SYNTAX"; the
line ``### tuple ###`` of its files is how ufw itself reads them again).
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.close.grammar import Files
from tojimari.close.move import Move, Situation, dropping, outlasting, refused
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step, Target

NAME = "ufw"
RULES = {4: "/etc/ufw/user.rules", 6: "/etc/ufw/user6.rules"}
ANY = {4: "0.0.0.0/0", 6: "::/0"}
_ENABLED = re.compile(r"(?m)^ENABLED=[\"']?yes\b")
_IPV6 = re.compile(r"(?m)^IPV6=[\"']?yes\b")
_SHUT = {"deny", "reject"}


@dataclass(frozen=True, slots=True)
class _Match:
    """What a rule is for: a door, and whoever comes from a network; None for everybody."""

    target: Target
    network: str | None = None

    @property
    def families(self) -> tuple[int, ...]:
        if self.network is None:
            return (4, 6)
        return (ipaddress.ip_network(self.network).version,)

    def words(self) -> tuple[str, ...]:
        """As ufw's command takes it."""
        number, transport = str(self.target.port), str(self.target.transport)
        if self.network is None:
            return (f"{number}/{transport}",)
        return ("from", _written(self.network), "to", "any", "port", number, "proto", transport)

    def tuple(self, family: int) -> str:
        """As ufw's files have it, without the action before it."""
        source = _written(self.network) if self.network else ANY[family]
        return f"{self.target.transport} {self.target.port} {ANY[family]} any {source} in"


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule that ufw has."""

    line: str
    action: str
    log: tuple[str, ...]
    comment: tuple[str, ...]


def _plan(situation: Situation) -> Step:
    does = dropping(situation)
    if situation.port:
        return refused(NAME, does, Message("no-move", "a rule cannot move a door"))
    if not _ENABLED.search(situation.files.text("/etc/ufw/ufw.conf") or ""):
        return refused(
            NAME, does, Message("no-ufw", "ufw does not rule the firewall of this machine")
        )
    deeds = list(_deeds(situation))
    why = next((one for one in deeds if isinstance(one, Message)), None)
    if not deeds:
        why = Message("ufw-denies", "ufw denies it already; what comes in passes its rules")
    if why is not None:
        return refused(NAME, does, why)
    return Step(
        NAME,
        does,
        tuple(one for one in deeds if isinstance(one, Deed)),
        tuple(outlasting(situation)),
        Message("ufw-undone", "exactly these rules of ufw's are taken out, or changed back"),
        rules=True,
    )


def _deeds(situation: Situation) -> Iterator[Deed | Message]:
    """What is to be done, or why it cannot be."""
    for one in _closed(situation):
        found = _known(situation.files, one)
        if isinstance(found, Message):
            yield found
        elif found is None:
            yield _put(one, "deny")
        elif found.action not in _SHUT:
            yield _changed(one, found)
    for target in situation.targets:
        for network in situation.allowed:
            one = _Match(target, network)
            if _known(situation.files, one) is None:
                yield _put(one, "allow")
            else:
                yield Message(
                    "ufw-own", "ufw has a rule of its own for {source}", {"source": network}
                )


def _closed(situation: Situation) -> list[_Match]:
    networks = situation.sources or (None,)
    return [_Match(target, network) for target in situation.targets for network in networks]


def _put(one: _Match, action: str) -> Deed:
    """A rule before all others."""
    return Deed(
        Kind.RUN, ("ufw", "prepend", action, *one.words()), ("ufw", "delete", action, *one.words())
    )


def _changed(one: _Match, rule: _Rule) -> Deed:
    """A rule that is there, changed in its place."""
    family = one.families[0]
    return Deed(
        Kind.RUN,
        ("ufw", "deny", *one.words()),
        ("ufw", rule.action, *rule.log, *one.words(), *rule.comment),
        path=RULES[family],
        before=rule.line.encode(),
        after=f"### tuple ### deny {one.tuple(family)}".encode(),
    )


def _known(files: Files, one: _Match) -> _Rule | Message | None:
    """The rule that ufw has for the same packets; None where it has none."""
    families = one.families
    if one.network is None and not _IPV6.search(files.text("/etc/default/ufw") or ""):
        families = (4,)
    found = [_rule(files.text(RULES[family]) or "", one.tuple(family)) for family in families]
    if len({rule and (rule.action, rule.log, rule.comment) for rule in found}) > 1:
        return Message("ufw-differ", "ufw's rules for it are others for IPv4 than for IPv6")
    return found[0]


def _rule(text: str, matched: str) -> _Rule | None:
    pattern = (
        r"(?m)^### tuple ### (?P<action>allow|deny|reject|limit)(?P<log>_log(?:-all)?)? "
        + re.escape(matched)
        + r"(?: comment=(?P<comment>[0-9a-f]+))?$"
    )
    match = re.search(pattern, text)
    if match is None:
        return None
    log = (match["log"].removeprefix("_"),) if match["log"] else ()
    said = bytes.fromhex(match["comment"] or "").decode("utf-8", "replace")
    return _Rule(match[0], match["action"], log, ("comment", said) if said else ())


def _written(network: str) -> str:
    """A network as ufw writes it: a single address without its prefix length."""
    one = ipaddress.ip_network(network)
    return str(one.network_address if one.num_addresses == 1 else one)


MOVE = Move(NAME, size=5, plan=_plan, asked=True)
