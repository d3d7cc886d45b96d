"""A plan for a door, as people read it: who is there, who can come, and the ways to close it."""

from collections.abc import Iterator

from tojimari.core.message import Message, mark
from tojimari.core.plan import Plan, Step
from tojimari.core.socket import Connection, Owner
from tojimari.core.text import printable
from tojimari.report import reach
from tojimari.report.journal import deed_lines
from tojimari.report.style import Style
from tojimari.report.view import View

PEERS = 4  # sessions that are named; the rest is counted


def text(plan: Plan, view: View, *, every_way: bool) -> Iterator[str]:
    """The whole plan.

    Args:
        plan: What was thought over.
        view: How it is shown.
        every_way: Whether the ways that are not taken are shown too.
    """
    language = view.language
    names = ", ".join(map(str, plan.targets))
    yield view.paint(language.say(Message("plan", mark("Plan for {doors}"), {"doors": names})),
                     Style.STRONG)  # fmt: skip
    if not plan.doors:
        yield "  " + language.text(mark("no program of this machine waits there"))
    for door in plan.doors:
        holders = ", ".join(dict.fromkeys(map(_holder, door.owners))) or "?"
        yield f"  {door.endpoint}  {printable(holders)}"
    for target, exposure in plan.exposures:
        yield from (f"  {line}" for line in reach.reasons(str(target), exposure, language))
    yield from _connected(plan, view)
    for at, step in enumerate(plan.steps):
        if at == plan.chosen or every_way:
            yield from _step(step, view, chosen=at == plan.chosen)
    for one in plan.danger:
        yield view.paint("! " + language.say(one), Style.ALARM)


def plain(plan: Plan) -> Iterator[str]:
    """The commands alone, a line each; nothing where there is no way."""
    if plan.step is not None:
        yield from map(printable, plan.step.commands)


def _holder(owner: Owner) -> str:
    name = owner.name or "?"
    if owner.container is not None:
        return f"{name} ({owner.container.name or owner.container.id})"
    pid = f" {owner.pid}" if owner.pid else ""
    return f"{name}{pid} ({owner.unit})" if owner.unit else f"{name}{pid}"


def _connected(plan: Plan, view: View) -> Iterator[str]:
    far = [one for one in plan.connections if not one.remote.is_loopback]
    if not far:
        yield "  " + view.language.text(mark("nobody is connected there from elsewhere"))
        return
    peers = ", ".join(map(_peer, far[:PEERS]))
    yield "  " + view.language.say(
        Message(
            "connected",
            mark("connected now: {count} ({peers})"),
            {"count": len(far), "peers": peers},
        )
    )


def _peer(one: Connection) -> str:
    return one.remote.address


def _step(step: Step, view: View, *, chosen: bool) -> Iterator[str]:
    language = view.language
    sign = ">" if chosen else " "
    title = f"{sign} {step.move}: {language.say(step.does)}"
    yield ""
    if step.refused is not None:
        yield view.paint(title, Style.FAINT)
        why = {"why": language.say(step.refused)}
        yield "    " + language.say(Message("not-possible", mark("not possible: {why}"), dict(why)))
        return
    yield view.paint(title, Style.STRONG if chosen else Style.PLAIN)
    for message in step.breaks:
        yield f"    {language.say(message)}"
    for deed in step.deeds:
        yield from (f"  {line}" for line in deed_lines(deed, language))
    if step.undone is not None:
        undone = {"how": language.say(step.undone)}
        yield "    " + language.say(Message("undone-so", mark("undoing: {how}"), dict(undone)))
