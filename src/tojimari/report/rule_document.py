"""The rules of the firewall in JSON documents: who is let in, and which rule says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from tojimari.core.exposure import Decider, Passage, Reach, Redirection
from tojimari.report.encodable import text
from tojimari.report.language import Language


@dataclass(slots=True)
class DeciderDocument:
    """The rule that decided, or the policy of a chain.

    Attributes:
        family: The table's family: ``ip``, ``ip6``, ``inet``, ``netdev``.
        table: Its name.
        chain: The chain.
        rule: The rule in its own language; empty where the chain's policy decided.
        number: The rule's place in its chain, from 1; 0 for the policy.
        handle: The kernel's number for the rule; null where it has none.
        owner: Who made it: ``ufw``, ``Docker``, …; ``hand-written`` where nobody is known.
        words: The rule in its owner's words, in English.
    """

    family: str
    table: str
    chain: str
    rule: str
    number: int
    handle: int | None
    owner: str
    words: str


@dataclass(slots=True)
class RedirectionDocument:
    """Where a packet is sent instead.

    Attributes:
        address: The new address; empty where it is one of several.
        port: The new port; 0 where it is one of several.
        here: Whether that is this machine itself.
        decider: The rule that does it.
    """

    address: str
    port: int
    here: bool
    decider: DeciderDocument | None


@dataclass(slots=True)
class PassageDocument:
    """Some sources whose packets share one fate.

    Attributes:
        sources: Networks; empty where it is every source of the place.
        more: How many networks were left out.
        interface: Where the packets come in.
        destination: The address that they are sent to.
        certainty: ``certainly``, ``maybe`` or ``certainly-not``: whether they arrive.
        because: Why, in English.
        decider: The rule or policy that decided; null for the kernel itself.
        redirection: Where they are sent instead; null where they arrive as they are.
        limits: Conditions that hold only sometimes, such as rate limits, in the rules' words.
        doubts: What could not be decided, in the rules' words.
        source_port: The only source port with which it goes so; null where any does.
    """

    sources: Sequence[str]
    more: int
    interface: str
    destination: str
    certainty: str
    because: str
    decider: DeciderDocument | None
    redirection: RedirectionDocument | None
    limits: Sequence[str]
    doubts: Sequence[str]
    source_port: int | None


@dataclass(slots=True)
class ReachDocument:
    """One place.

    Attributes:
        source: ``this-machine``, ``containers``, ``lan``, ``internet``, or what was asked for.
        certainty: ``certainly``, ``maybe`` or ``certainly-not``: whether anybody there gets in.
        whole: Whether the same holds for everybody there.
        passages: The sources by their fate.
    """

    source: str
    certainty: str
    whole: bool
    passages: Sequence[PassageDocument]


def reach(found: Reach) -> ReachDocument:
    """One zone."""
    passages = [passage(one) for one in found.passages]
    return ReachDocument(str(found.zone), found.certainty, found.whole, passages)


def passage(found: Passage) -> PassageDocument:
    """One fate."""
    return PassageDocument(
        found.sources,
        found.more,
        text(found.interface),
        found.destination,
        found.certainty,
        text(Language.ENGLISH.say(found.because)),
        decider(found.decider) if found.decider else None,
        _redirection(found.redirection) if found.redirection else None,
        [text(one) for one in found.limits],
        [text(one) for one in found.doubts],
        found.source_port,
    )


def decider(found: Decider) -> DeciderDocument:
    """One rule."""
    return DeciderDocument(
        found.family,
        text(found.table),
        text(found.chain),
        text(found.text),
        found.number,
        found.handle,
        found.owner,
        text(Language.ENGLISH.say(found.words)),
    )


def _redirection(found: Redirection) -> RedirectionDocument:
    by = decider(found.decider) if found.decider else None
    return RedirectionDocument(found.address, found.port, found.here, by)
