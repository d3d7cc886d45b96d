"""A new ``doors.toml``, and what is open in words, for the questions that it comes from."""

import datetime as dt
from collections.abc import Iterator, Sequence

from tojimari.core.exposure import Zone
from tojimari.core.message import Message, mark
from tojimari.policy.document import SCHEMA
from tojimari.policy.draft import Proposal
from tojimari.policy.writing import Line, quoted, table
from tojimari.report.folding import Fold
from tojimari.report.language import Language
from tojimari.report.naming import home, program, service
from tojimari.report.policies import ZONES

UNKNOWN = "?"


def text(
    host: str,
    day: dt.date,
    meant: Sequence[tuple[Line, Proposal]],
    refused: Sequence[Proposal],
    language: Language,
) -> str:
    """The whole file.

    Args:
        host: The machine's name.
        day: Today.
        meant: The lines, each with what was open when somebody meant it.
        refused: What is open and not meant to be; it is said in comments.
        language: Of the comments.
    """
    parts = [
        f"{_comments(_head(host, day, language))}\nschema = {quoted(SCHEMA)}\n",
        *(f"{_comments([described(one, language)])}{table(line)}" for line, one in meant),
    ]
    if refused:
        parts.append(_comments(_refused(refused, language)))
    return "\n".join(parts)


def described(proposal: Proposal, language: Language) -> str:
    """What is open, in one line that is safe in a comment and on a terminal."""
    first = proposal.doors[0]
    owner = first.owners[0] if first.owners else None
    named = service(first)
    values: dict[str, str | int] = {
        "door": number(proposal),
        "service": named,
        "holder": f"{program(first, language)} {home(owner) if owner else ''}".rstrip(),
        "address": Fold(list(proposal.doors)).address(language),
        "zone": language.text(ZONES[widest(proposal)]),
    }
    if named == UNKNOWN:
        template = mark("{door}: {holder}; address: {address}; reachable from: {zone}")
    else:
        template = mark("{door} {service}: {holder}; address: {address}; reachable from: {zone}")
    return language.say(Message("is-open", template, values))


def number(proposal: Proposal) -> str:
    """``53/tcp``, ``53/tcp+udp``."""
    line = proposal.line
    return f"{line.ports[0]}/{'+'.join(line.transports)}"


def widest(proposal: Proposal) -> Zone:
    """From how far the doors can be reached now."""
    return max((one.exposure.farthest for one in proposal.doors), key=lambda zone: zone.distance)


def unreviewed(host: str, day: dt.date, language: Language) -> str:
    """The reason of a line that nobody has thought about: it says so."""
    message = Message(
        "unreviewed",
        "Was open on {host} on {day}; nobody has said yet what for. Say why, or close it.",
        {"host": host, "day": day.isoformat()},
    )
    return language.say(message)


def _head(host: str, day: dt.date, language: Language) -> Iterator[str]:
    values: dict[str, str | int] = {"host": host, "day": day.isoformat()}
    yield language.say(
        Message(
            "title", "Which doors (ports) of {host} are meant to be open, to whom and why.", values
        )
    )
    yield language.say(
        Message("made", "Made on {day} from what was open then. Keep it in git.", values)
    )
    yield language.text(
        mark('"tojimari check" judges by it, "tojimari policy lint" looks it over.')
    )


def _refused(refused: Sequence[Proposal], language: Language) -> Iterator[str]:
    yield language.text(
        mark(
            "Open when this file was made and not meant to be. Close them, or write lines for them:"
        )
    )
    yield from (f"  {described(one, language)}" for one in refused)


def _comments(lines: Sequence[str] | Iterator[str]) -> str:
    return "".join(f"# {line}\n" for line in lines)
