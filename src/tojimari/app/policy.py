"""What was meant: the policy found and read, looked over, explained and drafted."""

import datetime as dt
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tojimari.core.endpoint import Transport, canonical_address
from tojimari.core.errors import UsageError
from tojimari.core.intent import Intent
from tojimari.core.meaning import Advice
from tojimari.core.message import Message, mark
from tojimari.core.socket import Unseen
from tojimari.policy import explanation, files
from tojimari.policy.document import Policy, Reading, read
from tojimari.policy.draft import Proposal, proposals
from tojimari.policy.explanation import Answer
from tojimari.policy.fields import TRANSPORTS
from tojimari.policy.files import Found, Nobody, Origin
from tojimari.policy.lint import Knowledge
from tojimari.policy.problem import Level, Problem
from tojimari.policy.writing import Line

HINT = mark("tojimari policy explain 443, tojimari policy explain 53/udp")


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy that judges.

    Attributes:
        policy: None where there is no policy file.
        origin: How the file was found.
        passed: Files that were found before it and not believed, each with the reason; to be said.
    """

    policy: Policy | None
    origin: Origin | None
    passed: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Linted:
    """A file that was looked over.

    Attributes:
        reading: The file.
        origin: How it was found.
        passed: As for ``InForce``.
        problems: All that is wrong with it or doubtful.
    """

    reading: Reading
    origin: Origin
    passed: tuple[Message, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many mistakes there are."""
        return sum(one.level is Level.ERROR for one in self.problems)

    @property
    def warnings(self) -> int:
        """How many doubtful things there are."""
        return len(self.problems) - self.errors


@dataclass(frozen=True, slots=True)
class Explained:
    """Who decides for a port.

    Attributes:
        policy: The policy.
        origin: How its file was found.
        passed: As for ``InForce``.
        port: The number.
        transports: The ways of speaking that were asked for.
        address: The address that was asked for; None for all.
        answers: Empty where no line speaks of the port.
        today: The date that ``until`` is held against.
    """

    policy: Policy
    origin: Origin
    passed: tuple[Message, ...]
    port: int
    transports: tuple[Transport, ...]
    address: str | None
    answers: tuple[Answer, ...]
    today: dt.date


@dataclass(frozen=True, slots=True)
class Survey:
    """What is open now, as lines that a policy could have.

    Attributes:
        host: The machine's name.
        day: When it was looked at.
        proposals: By port.
        elsewhere: Doors inside containers' own networks, which are left out.
        unseen: What could not be seen.
    """

    host: str
    day: dt.date
    proposals: tuple[Proposal, ...]
    elsewhere: int
    unseen: tuple[Unseen, ...]


def in_force(named: str | None = None) -> InForce:
    """The policy that judges this machine.

    Args:
        named: A file; None to look in the usual places.

    Raises:
        UsageError: The file that was named is not there.
        PolicyError: There is a mistake in the file.
        PrivilegeError: It may not be read.
        HostError: It cannot be read.
    """
    found = _find(named)
    if isinstance(found, Nobody):
        return InForce(None, None, found.passed)
    return InForce(read(found.content, found.path).use(), found.origin, found.passed)


def lint(named: str | None = None, *, today: dt.date | None = None) -> Linted:
    """All that is wrong with a policy file, or doubtful.

    Args:
        named: As for ``in_force``.
        today: The date that ``until`` is held against; the machine's where None is given.

    Raises:
        UsageError: There is no policy file.
        PrivilegeError: It may not be read.
        HostError: It cannot be read.
    """
    from tojimari.policy import lint as stage  # noqa: PLC0415 - its name is this function's

    found = _there(named)
    reading = read(found.content, found.path)
    problems = stage.lint(reading, today or _today(), KNOWLEDGE)
    return Linted(reading, found.origin, found.passed, problems)


def explain(
    question: str,
    named: str | None = None,
    *,
    address: str | None = None,
    today: dt.date | None = None,
) -> Explained:
    """Which line decides for a port.

    Args:
        question: ``443`` or ``53/udp``.
        named: As for ``in_force``.
        address: One address of this machine; None for an answer for each that the policy names.
        today: As for ``lint``.

    Raises:
        UsageError: It is no port, the address is none, or there is no policy file.
        PolicyError: There is a mistake in the file.
        PrivilegeError: It may not be read.
        HostError: It cannot be read.
    """
    port, transports = _port(question)
    place = _address(address)
    found = _there(named)
    policy = read(found.content, found.path).use()
    return Explained(
        policy=policy,
        origin=found.origin,
        passed=found.passed,
        port=port,
        transports=transports,
        address=place,
        answers=explanation.explain(policy.intents, port, transports, place),
        today=today or _today(),
    )


def survey() -> Survey:
    """What is open on this machine now.

    Raises:
        HostError: The kernel's sockets cannot be read.
    """
    from tojimari.app import look  # noqa: PLC0415 - heavy, and not needed to read a policy

    seen, walls = look.guarded(look.view())
    doors = look.doors(seen, walls)
    elsewhere = sum(door.is_server and not door.namespace.is_host for door in doors)
    return Survey(seen.host, _today(), proposals(doors), elsewhere, seen.unseen)


def write(path: str, text: str, *, force: bool) -> None:
    """Write a policy file, by whole or not at all.

    Args:
        path: Where.
        text: What.
        force: Whether a file that is there is replaced.

    Raises:
        RefusedError: A file is there.
        PrivilegeError: The directory may not be written to.
        HostError: The system would not write it.
    """
    from tojimari.policy import saving  # noqa: PLC0415 - not needed to read a policy

    saving.save(Path(path), text, files.person(os.environ), replace=force)


def accepted(survey: Survey, why: str) -> tuple[tuple[Line, Proposal], ...]:
    """Every open door as it is, with a reason that says that nobody has thought about it."""
    return tuple((replace(one.line, why=why), one) for one in survey.proposals)


def sources(typed: str) -> tuple[str, ...]:
    """Read who may come, as somebody typed it: ``lan``, or ``192.0.2.0/24, 198.51.100.7``.

    Raises:
        UsageError: One of them is no zone and no network.
    """
    from tojimari.policy.complaints import Complaints  # noqa: PLC0415 - only where one is asked
    from tojimari.policy.positions import locate  # noqa: PLC0415 - the same
    from tojimari.policy.sources import expand, words  # noqa: PLC0415 - the same

    complaints = Complaints(locate(""))
    bare = typed.translate(dict.fromkeys(map(ord, "[],\"'"), " "))
    said = words([*bare.split()], (), complaints)
    expand(said, {}, complaints)
    for problem in complaints.sorted():
        error = UsageError(problem.message.text)
        error.message = problem.message
        error.hint = problem.hint or error.hint
        raise error
    return tuple(word for word, _ in said)


def refuse_to_replace(path: str) -> None:
    """Say that a file is there before anybody has answered twenty questions for nothing.

    Raises:
        RefusedError: A file is there.
    """
    from tojimari.policy import saving  # noqa: PLC0415 - not needed to read a policy

    saving.refuse_to_replace(Path(path))


def schema() -> str:
    """The JSON Schema of ``doors.toml``, for editors."""
    return (Path(files.__file__).parent / "doors.schema.json").read_text(encoding="utf-8")


def _find(named: str | None) -> Found | Nobody:
    who = files.person(os.environ)
    user = files.user_directory() if named is None else Path()
    return files.find(named, Path(), user, who)


def _there(named: str | None) -> Found:
    found = _find(named)
    if isinstance(found, Found):
        return found
    if found.passed:
        error = UsageError(found.passed[0].text)
        error.message = found.passed[0]
        raise error
    raise UsageError(
        mark("there is no policy yet; it was looked for at {places}"),
        hint=mark("tojimari policy init writes one from what is open now"),
        places=", ".join(found.looked),
    )


def _today() -> dt.date:
    """The machine's own date: a last day ends at its midnight."""
    return dt.datetime.now(tz=dt.UTC).astimezone().date()


def _port(question: str) -> tuple[int, tuple[Transport, ...]]:
    from tojimari.registry.query import parse  # noqa: PLC0415 - not needed for lint

    try:
        asked = parse(question)
    except UsageError as error:
        error.hint = Message(error.hint.code, HINT)
        raise
    if not asked.port or asked.transport not in {None, *TRANSPORTS}:
        raise UsageError(
            mark("{question} is no single port of TCP or UDP"), hint=HINT, question=question
        )
    return asked.port, TRANSPORTS if asked.transport is None else (asked.transport,)


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return canonical_address(text)
    except ValueError:
        raise UsageError(
            mark("{address} is no IP address"),
            hint=mark("tojimari policy explain 53 --address 127.0.0.53"),
            address=text,
        ) from None


def _is_service(name: str) -> bool:
    from tojimari.registry import number, words  # noqa: PLC0415 - only where a line names a service

    return words.head_by_name(name) is not None or bool(number.named(name))


def _never_public(intent: Intent) -> bool:
    """By the service that is meant, else by the number, where it is only one."""
    from tojimari.registry import words  # noqa: PLC0415 - only for lines that name the internet

    head = words.head_by_name(intent.service) if intent.service else None
    if head is None and len(intent.ports) == 1:
        head = words.head_of(intent.ports.first, intent.transport)
    return head is not None and head.internet is Advice.NEVER


KNOWLEDGE = Knowledge(_is_service, _never_public)
