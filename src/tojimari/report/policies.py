"""What is said of a policy file to a person: what is wrong with it, and which line decides."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.intent import Intent
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.policy.document import Policy
from tojimari.policy.explanation import Answer
from tojimari.policy.matching import expired
from tojimari.policy.problem import Level, Problem
from tojimari.report import columns
from tojimari.report.language import Language
from tojimari.report.style import Style
from tojimari.report.view import View

SHOWN_PROBLEMS = 50  # one by one; of more than these the rest is only counted
SHOWN_LINE = 100  # columns of a line of the file that are shown beside a problem
SHOWN_MEMBERS = 6  # of a group
INDENT = 4
BEFORE = 60  # of them at most so many before the place

LEVELS = {Level.ERROR: mark("error"), Level.WARNING: mark("warning")}
ZONES = {
    Zone.THIS_MACHINE: mark("this machine"),
    Zone.CONTAINERS: mark("containers on this machine"),
    Zone.LAN: mark("the local network (LAN)"),
    Zone.INTERNET: mark("the internet"),
}


def linted(path: str, text: str, problems: Sequence[Problem], view: View) -> Iterator[str]:
    """Every problem with its line of the file, and how many there are.

    Args:
        path: The file, as a person would name it.
        text: What is in it.
        problems: From its beginning to its end.
        view: How it is shown.
    """
    lines = text.split("\n")
    for problem in problems[:SHOWN_PROBLEMS]:
        style = Style.ALARM if problem.level is Level.ERROR else Style.STRONG
        word = view.paint(view.language.text(LEVELS[problem.level]), style)
        yield f"{_place(path, problem)}: {word}: {view.language.say(problem.message)}"
        yield from _quotation(lines, problem, view)
        if problem.hint is not None:
            hint = view.paint(view.language.text(mark("hint")), Style.CALM)
            yield f"    {hint}: {view.language.say(problem.hint)}"
    yield _sum(path, problems, view.language)


def linted_plain(path: str, problems: Iterable[Problem], language: Language) -> Iterator[str]:
    """A problem a line, in the form that editors know from compilers."""
    for problem in problems:
        said = language.say(problem.message)
        hint = f" ({language.say(problem.hint)})" if problem.hint is not None else ""
        yield f"{_place(path, problem)}: {problem.level}: {said}{hint} [{problem.code}]"


def _place(path: str, problem: Problem) -> str:
    return f"{printable(path)}:{problem.span.line}:{problem.span.column}"


def _quotation(lines: Sequence[str], problem: Problem, view: View) -> Iterator[str]:
    """The line of the file, and marks under the piece that is meant."""
    span = problem.span
    line = lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else ""
    if not line.strip():
        return
    start = max(0, span.column - 1 - BEFORE) if columns.width(line) > SHOWN_LINE else 0
    before = printable(line[start : span.column - 1])
    meant = printable(line[span.column - 1 : span.column - 1 + max(span.length, 1)])
    shown = columns.clipped(printable(line[start:]), SHOWN_LINE)
    room = SHOWN_LINE - columns.width(before)
    marks = "^" * max(1, min(columns.width(meant), room))
    number = str(span.line)
    yield f"    {view.paint(f'{number} |', Style.FAINT)} {shown}"
    lead = " " * (len(number) + 1)
    pointer = view.paint(marks, Style.CALM)
    yield f"    {lead}{view.paint('|', Style.FAINT)} {' ' * columns.width(before)}{pointer}"


def _sum(path: str, problems: Sequence[Problem], language: Language) -> str:
    errors = sum(problem.level is Level.ERROR for problem in problems)
    values: dict[str, str | int] = {
        "path": path,
        "errors": errors,
        "warnings": len(problems) - errors,
    }
    if errors:
        return language.say(
            Message(
                "has-errors",
                "{path}: mistakes: {errors}. It cannot be used until they are put right.",
                values,
            )
        )
    if problems:
        return language.say(
            Message("has-warnings", "{path}: no mistakes; to be looked at: {warnings}.", values)
        )
    return language.say(Message("is-clean", "{path}: no mistakes.", values))


def explained(
    policy: Policy,
    port: int,
    transports: Iterable[Transport],
    answers: Sequence[Answer],
    today: dt.date,
    view: View,
) -> Iterator[str]:
    """Which line decides for a port, and what it says.

    Args:
        policy: The policy.
        port: The number.
        transports: The ways of speaking that were asked for.
        answers: The lines that decide.
        today: The date that the last days are held against.
        view: How it is shown.
    """
    for transport in transports:
        found = [one for one in answers if one.intent.transport is transport]
        for answer in found:
            yield view.paint(_heading(policy, port, answer, view.language), Style.STRONG)
            yield from _answer(policy, answer, today, view)
        if not found:
            door = f"{port}/{transport}"
            values: dict[str, str | int] = {"door": door, "path": policy.path}
            message = Message(
                "no-line", "{door} is not meant to be open: no line of {path} names it.", values
            )
            yield view.paint(view.language.say(message), Style.STRONG)
            suffix = "" if transport is Transport.TCP else f"/{transport}"
            yield "    " + view.paint(f"> tojimari look {port}{suffix}", Style.CALM)


def explained_plain(
    port: int, transports: Iterable[Transport], answers: Sequence[Answer]
) -> Iterator[str]:
    """A row a line, cells separated by tabs.

    The cells: port/transport, address, container, line, sources, last day, why; ``-`` for none.
    """
    for transport in transports:
        found = [one.intent for one in answers if one.intent.transport is transport]
        for intent in found:
            sources = ",".join(intent.written or intent.sources)
            until = intent.until.isoformat() if intent.until else None
            cells = (intent.address, intent.container, intent.line, sources, until, intent.why)
            shown = ["-" if cell is None else printable(str(cell)) for cell in cells]
            yield "\t".join((f"{port}/{transport}", *shown))
        if not found:
            yield "\t".join((f"{port}/{transport}", *["-"] * 6))


def _heading(policy: Policy, port: int, answer: Answer, language: Language) -> str:
    intent = answer.intent
    values: dict[str, str | int] = {
        "door": f"{port}/{intent.transport}",
        "line": intent.line,
        "path": policy.path,
        "address": intent.address or "",
        "container": intent.container or "",
    }
    if intent.container is not None and intent.address is not None:
        template = mark(
            "{door} at {address}, of the container {container}: line {line} of {path} decides."
        )
    elif intent.container is not None:
        template = mark("{door} of the container {container}: line {line} of {path} decides.")
    elif intent.address is not None:
        template = mark("{door} at {address}: line {line} of {path} decides.")
    else:
        template = mark("{door}: line {line} of {path} decides.")
    return language.say(Message("decides", template, values))


def _answer(policy: Policy, answer: Answer, today: dt.date, view: View) -> Iterator[str]:
    rows = [
        (view.language.text(label), text)
        for label, text in _facts(policy, answer.intent, today, view.language)
    ]
    least = columns.widest([[label, ""] for label, _ in rows])
    for label, text in rows:
        indent = INDENT + least[0] + columns.GAP
        first, *more = columns.wrapped(text, view.columns, indent) or [""]
        lead = columns.aligned([[label, first.strip()]], indent=INDENT, least=least)
        yield from (*lead, *more)
    for passed in answer.passed:
        yield from columns.wrapped(view.language.say(passed.because), view.columns, INDENT)


def _facts(
    policy: Policy, intent: Intent, today: dt.date, language: Language
) -> Iterator[tuple[str, str]]:
    yield mark("why"), printable(intent.why)
    yield mark("who may come"), _sources(policy, intent, language)
    if len(intent.ports) > 1:
        yield mark("the line covers"), f"{intent.ports}/{intent.transport}"
    if intent.service is not None:
        yield mark("service"), printable(intent.service)
    for label, value in (
        (mark("unit"), intent.unit),
        (mark("executable"), intent.exe),
        (mark("user"), intent.user),
    ):
        if value is not None:
            yield label, printable(value)
    if intent.until is not None:
        yield mark("last day"), _last_day(intent, today, language)
    if intent.optional:
        yield mark("may be shut"), language.text(mark("yes, at times"))


def _last_day(intent: Intent, today: dt.date, language: Language) -> str:
    day = str(intent.until)
    if not expired(intent, today):
        return day
    return language.say(
        Message("is-over", "{day}, which is over: the door should be shut", {"day": day})
    )


def _sources(policy: Policy, intent: Intent, language: Language) -> str:
    """The sources in words, groups with what they stand for."""
    shown = [
        language.text(ZONES[Zone(word)])
        if word in set(Zone)
        else _group(word, policy.groups[word])
        if word in policy.groups
        else word
        for word in intent.written or intent.sources
    ]
    listed = ", ".join(shown)
    if any(word in {Zone.CONTAINERS, Zone.LAN, Zone.INTERNET} for word in intent.sources):
        message = Message("and-nearer", "{sources}; and whoever is nearer", {"sources": listed})
        return language.say(message)
    return listed


def _group(name: str, members: Sequence[str]) -> str:
    more = [f"+{len(members) - SHOWN_MEMBERS}"] if len(members) > SHOWN_MEMBERS else []
    return f"{name} ({', '.join([*members[:SHOWN_MEMBERS], *more])})"
