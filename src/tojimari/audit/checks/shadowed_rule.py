"""Is there a rule that no packet can ever come to?"""

from collections.abc import Iterator

from tojimari.audit import check
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message, mark

NAME = "shadowed-rule"
MOST = 300  # questions, about 0.5 ms each: a long ruleset is for `tojimari reach`


def ask(scene: check.Scene) -> Iterator[Finding]:
    """Every rule on the way in whose packets are all taken by rules before it.

    One that was to keep somebody out is a mistake that opens a door; one that was to let in, or
    that a firewall's manager brings along, does no harm.
    """
    if not scene.walls:
        return
    from tojimari.firewall import facts, owners  # noqa: PLC0415 - heavy, and only where rules stand

    for wall in scene.walls.values():
        found = facts.shadowed_rules(
            wall.reasoner, wall.approaches, lambda place: not owners.is_built_in(place), MOST
        )
        for fact in found:
            place = fact.place
            if place.rule is None:
                continue
            asked = owners.shape(place.rule)
            rule = owners.decider(place, 0, 0)
            denies = owners.denies(place.rule) and bool(asked.ports)
            yield Finding(
                check=NAME,
                severity=Severity.LOW if denies else Severity.INFO,
                message=_message(denies=denies),
                door=None,
                intent=None,
                evidence=(check.spoken(rule),),
                next="tojimari reach"
                + (f" {asked.ports} --why" if asked.ports.isdecimal() else ""),
                rules=(rule,),
            )


def _message(*, denies: bool) -> Message:
    if denies:
        return Message(
            "shadowed-deny",
            "A rule of the firewall was to keep others out, and never does: rules before it let"
            " them in.",
        )
    return Message(
        "shadowed-rule",
        "A rule of the firewall does nothing: rules before it take all that it asks for.",
    )


CHECK = check.Check(NAME, mark("Is there a rule that no packet can ever come to?"), ask)
