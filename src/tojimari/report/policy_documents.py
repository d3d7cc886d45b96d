"""The JSON documents of ``tojimari policy``: flat, stable and English."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.policy.document import Policy
from tojimari.policy.draft import Proposal
from tojimari.policy.explanation import Answer
from tojimari.policy.matching import expired
from tojimari.policy.problem import Level, Problem
from tojimari.policy.writing import Line
from tojimari.report.language import Language
from tojimari.report.policy_file import number

LINT: Final = "tojimari.policy-lint/1"
EXPLAIN: Final = "tojimari.policy-explain/1"
INIT: Final = "tojimari.policy-init/1"


@dataclass(frozen=True, slots=True)
class PassedDocument:
    """A file that was found earlier and not believed.

    Attributes:
        code: Why, for programs: ``not-yours``, ``others-may-write``, ``not-a-file``.
        text: Why, in English.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ProblemDocument:
    """One thing that is wrong or doubtful.

    Attributes:
        level: ``error`` or ``warning``.
        code: What kind of thing.
        line: From 1.
        column: In characters, from 1.
        length: In characters; 0 where only the place is known.
        text: What, in English.
        hint: What to write instead; null where nothing can be said.
    """

    level: str
    code: str
    line: int
    column: int
    length: int
    text: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class LintDocument:
    """A policy file that was looked over.

    Attributes:
        schema: Name and version of this form.
        path: The file.
        origin: How it was found: ``named``, ``current-directory``, ``user``, ``system``.
        passed: Files that were found before it and not believed.
        errors: How many mistakes there are.
        warnings: How many doubtful things.
        problems: From the beginning of the file to its end.
    """

    schema: Literal["tojimari.policy-lint/1"]
    path: str
    origin: str
    passed: tuple[PassedDocument, ...]
    errors: int
    warnings: int
    problems: tuple[ProblemDocument, ...]


@dataclass(frozen=True, slots=True)
class LineRead:
    """A line of the policy that speaks of the port and does not decide.

    Attributes:
        line: Line of the file, from 1.
        ports: ``443`` or ``8000-8100``.
        because: Why it does not: ``is-wider``, ``has-no-address``.
    """

    line: int
    ports: str
    because: str


@dataclass(frozen=True, slots=True)
class AnswerDocument:
    """The line that decides.

    Attributes:
        transport: ``tcp`` or ``udp``.
        address: The only address that the line is about; null for any.
        container: The container that it is about; null for the machine itself.
        line: Line of the file, from 1.
        ports: ``443`` or ``8000-8100``.
        sources: Zones and networks that may come.
        written: The same as the file has it, groups by name.
        service: The protocol that is meant to speak there; null for any.
        unit: The unit that is meant to hold it; null for any.
        exe: The executable; null for any.
        user: The user; null for any.
        optional: Whether it may be shut.
        until: The last day, ISO 8601; null for always.
        expired: Whether that day is over.
        why: The reason.
        passed: Other lines that speak of the port there, and do not decide.
    """

    transport: str
    address: str | None
    container: str | None
    line: int
    ports: str
    sources: tuple[str, ...]
    written: tuple[str, ...]
    service: str | None
    unit: str | None
    exe: str | None
    user: str | None
    optional: bool
    until: dt.date | None
    expired: bool
    why: str
    passed: tuple[LineRead, ...]


@dataclass(frozen=True, slots=True)
class ExplainDocument:
    """Who decides for a port.

    Attributes:
        schema: Name and version of this form.
        path: The file.
        origin: How it was found.
        passed: Files that were found before it and not believed.
        port: The number.
        transports: Those that were asked for.
        address: The address that was asked for; null for all.
        answers: Empty where no line speaks of the port.
    """

    schema: Literal["tojimari.policy-explain/1"]
    path: str
    origin: str
    passed: tuple[PassedDocument, ...]
    port: int
    transports: tuple[str, ...]
    address: str | None
    answers: tuple[AnswerDocument, ...]


@dataclass(frozen=True, slots=True)
class InitDocument:
    """A policy file that was written.

    Attributes:
        schema: Name and version of this form.
        path: The file.
        meant: Doors that it has a line for, as ``22/tcp`` or ``53/tcp+udp``.
        refused: Doors that are open and have none.
        elsewhere: Doors inside containers' own networks, which were left out.
    """

    schema: Literal["tojimari.policy-init/1"]
    path: str
    meant: tuple[str, ...]
    refused: tuple[str, ...]
    elsewhere: int


def lint(
    path: str, origin: str, passed: Iterable[Message], problems: Sequence[Problem]
) -> LintDocument:
    """What ``policy lint`` found."""
    errors = sum(one.level is Level.ERROR for one in problems)
    return LintDocument(
        schema=LINT,
        path=path,
        origin=origin,
        passed=_passed(passed),
        errors=errors,
        warnings=len(problems) - errors,
        problems=tuple(_problem(one) for one in problems),
    )


def explain(
    policy: Policy,
    origin: str,
    passed: Iterable[Message],
    port: int,
    transports: Sequence[Transport],
    address: str | None,
    answers: Iterable[Answer],
    today: dt.date,
) -> ExplainDocument:
    """What ``policy explain`` says."""
    return ExplainDocument(
        schema=EXPLAIN,
        path=policy.path,
        origin=origin,
        passed=_passed(passed),
        port=port,
        transports=tuple(transports),
        address=address,
        answers=tuple(_answer(one, today) for one in answers),
    )


def init(
    path: str,
    meant: Iterable[tuple[Line, Proposal]],
    refused: Iterable[Proposal],
    elsewhere: int,
) -> InitDocument:
    """What ``policy init`` wrote."""
    return InitDocument(
        schema=INIT,
        path=path,
        meant=tuple(number(proposal) for _, proposal in meant),
        refused=tuple(number(proposal) for proposal in refused),
        elsewhere=elsewhere,
    )


def _passed(messages: Iterable[Message]) -> tuple[PassedDocument, ...]:
    return tuple(PassedDocument(one.code, Language.ENGLISH.say(one)) for one in messages)


def _problem(problem: Problem) -> ProblemDocument:
    return ProblemDocument(
        level=problem.level,
        code=problem.code,
        line=problem.span.line,
        column=problem.span.column,
        length=problem.span.length,
        text=Language.ENGLISH.say(problem.message),
        hint=Language.ENGLISH.say(problem.hint) if problem.hint is not None else None,
    )


def _answer(answer: Answer, today: dt.date) -> AnswerDocument:
    intent = answer.intent
    return AnswerDocument(
        transport=intent.transport,
        address=intent.address,
        container=intent.container,
        line=intent.line,
        ports=str(intent.ports),
        sources=intent.sources,
        written=intent.written,
        service=intent.service,
        unit=intent.unit,
        exe=intent.exe,
        user=intent.user,
        optional=intent.optional,
        until=intent.until,
        expired=expired(intent, today),
        why=intent.why,
        passed=tuple(
            LineRead(one.intent.line, str(one.intent.ports), one.because.code)
            for one in answer.passed
        ),
    )
