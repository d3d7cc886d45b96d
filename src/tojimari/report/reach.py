"""Who can reach it, as people read it: a matrix of ports and places, then the rules behind it."""

from collections.abc import Iterable, Iterator, Sequence

from tojimari.core.exposure import Certainty, Exposure, Passage, Reach, Zone
from tojimari.core.message import Message, mark
from tojimari.core.text import printable
from tojimari.report.columns import Cell, aligned
from tojimari.report.language import Language
from tojimari.report.rules import translated, words
from tojimari.report.style import Paint, Style, unpainted

TITLES = {
    Zone.THIS_MACHINE: mark("this machine"),
    Zone.CONTAINERS: mark("containers"),
    Zone.LAN: mark("local network"),
    Zone.INTERNET: mark("internet"),
}
SHOWN = 4  # sources that a line names; the rest is counted

Labelled = tuple[str, Exposure]


def matrix(rows: Sequence[Labelled], language: Language, paint: Paint = unpainted) -> list[str]:
    """Ports down, places across.

    Args:
        rows: A label for each, such as ``22/tcp``, and from where it can be reached.
        language: What people read.
        paint: Gives styled text.
    """
    head = [Cell(language.text(mark("port")), Style.FAINT)]
    head += [Cell(language.text(TITLES[zone]), Style.FAINT) for zone in Zone]
    body = [
        [Cell(label, Style.STRONG), *(_cell(zone, exposure, language) for zone in Zone)]
        for label, exposure in rows
    ]
    return aligned([head, *body], paint=paint)


def _cell(zone: Zone, exposure: Exposure, language: Language) -> Cell:
    for reach in exposure.reaches:
        if reach.zone is zone:
            return Cell(language.text(word(reach)), _style(reach))
    return Cell("-", Style.FAINT)


def word(reach: Reach) -> str:
    """One word for a place; an English template."""
    if not reach.passages:
        return mark("none")
    if reach.certainty is Certainty.NO:
        return mark("shut")
    if reach.certainty is Certainty.MAYBE:
        return mark("unsure")
    if not reach.whole:
        return mark("partly")
    opened = [one for one in reach.passages if one.certainty is Certainty.YES]
    return mark("limited") if opened and all(one.limits for one in opened) else mark("open")


def _style(reach: Reach) -> Style:
    if reach.certainty is Certainty.NO or reach.zone.distance < Zone.LAN.distance:
        return Style.PLAIN
    return Style.ALARM if reach.certainty is Certainty.YES else Style.STRONG


def reasons(label: str, exposure: Exposure, language: Language) -> Iterator[str]:
    """Who is let in and who is not, by which rule; a line a passage.

    Args:
        label: The port, such as ``22/tcp``.
        exposure: From where it can be reached.
        language: What people read.
    """
    for reach in reversed(exposure.reaches):
        if reach.zone is Zone.THIS_MACHINE or not reach.passages:
            continue
        title = language.text(TITLES[reach.zone])
        yield f"{label}  {title}: {language.text(word(reach))}"
        yield from passages(reach.passages, language)


def passages(found: Iterable[Passage], language: Language) -> Iterator[str]:
    """A line for each fate, those that the kernel decides by itself left out.

    Passages that share their fate share a line, with all their sources and interfaces.
    """
    alike: dict[tuple[str, str], list[Passage]] = {}
    families: set[str] = set()
    for passage in found:
        families.add(_family(passage))
        if passage.decider is None and passage.certainty is Certainty.NO:
            continue
        kind, *why = _fate(passage, language)
        alike.setdefault((kind, "  ".join(why)), []).append(passage)
    for (kind, rest), those in alike.items():
        yield f"    {kind}  {_sources(those, language, families)}  {rest}"


def passage_line(passage: Passage, language: Language) -> str:
    """One passage in a line."""
    kind, *rest = _fate(passage, language)
    return "  ".join((kind, _sources([passage], language, set()), *rest))


def _family(passage: Passage) -> str:
    return "IPv6" if ":" in passage.destination else "IPv4"


_KINDS = {
    Certainty.YES: mark("open"),
    Certainty.MAYBE: mark("unsure"),
    Certainty.NO: mark("shut"),
}


def _fate(passage: Passage, language: Language) -> list[str]:
    """What becomes of a packet, then why."""
    parts = [language.text(_KINDS[passage.certainty])]
    if passage.redirection is not None:
        target = passage.redirection
        where = f"{target.address}:{target.port}" if target.address else "?"
        parts.append(
            language.say(Message("sent-to", mark("sent on to {target}"), {"target": where}))
        )
        if target.decider is not None:
            parts.append(words(target.decider, language))
    parts.append(language.say(translated(passage.because, language)))
    if passage.limits:
        limits = {"limits": ", ".join(map(language.text, passage.limits))}
        parts.append(language.say(Message("limits", mark("only within: {limits}"), dict(limits))))
    if passage.doubts:
        doubts = {"doubts": ", ".join(map(language.text, passage.doubts))}
        parts.append(language.say(Message("doubts", mark("not decided: {doubts}"), dict(doubts))))
    if passage.source_port is not None:
        template = mark("only from source port {port}")
        values = {"port": passage.source_port}
        parts.append(language.say(Message("source-port", template, dict(values))))
    return parts


def _sources(those: Sequence[Passage], language: Language, families: set[str]) -> str:
    """From where, and by which interfaces; the family too where not all of them fare so."""
    named = list(dict.fromkeys(source for one in those for source in one.sources))
    shown = ", ".join(named[:SHOWN])
    more = sum(one.more for one in those) + len(named[SHOWN:])
    if any(not one.sources for one in those):
        shown, more = language.text(mark("everybody there")), 0
        own = {_family(one) for one in those}
        if own < families:
            template = mark("everybody there by {family}")
            shown = language.say(Message("everybody", template, {"family": min(own)}))
    if more:
        values: dict[str, str | int] = {"sources": shown, "count": more}
        shown = language.say(Message("more", mark("{sources} and {count} more"), values))
    interfaces = dict.fromkeys(one.interface for one in those if one.interface)
    return f"{shown} ({', '.join(map(printable, interfaces))})" if interfaces else shown


def owners(names: Sequence[str], language: Language) -> str:
    """Whose rules these are."""
    if not names:
        return language.text(mark("There is no rule at all: everything is let in."))
    known = [
        language.text(mark("hand-written")) if name == "hand-written" else name for name in names
    ]
    return language.say(
        Message("owners", mark("Whose rules: {owners}"), {"owners": ", ".join(known)})
    )


def plain(rows: Iterable[Labelled]) -> Iterator[str]:
    """For grep: port, zone, certainty, whole or part, why; separated by tabs."""
    for label, exposure in rows:
        for reach in exposure.reaches:
            share = "whole" if reach.whole else "part"
            said = Language.ENGLISH.say(reach.because)
            yield f"{label}\t{reach.zone}\t{reach.certainty}\t{share}\t{said}"
