"""Find a number by words, typing mistakes forgiven: over IANA's names, real users, plain words.

Nothing is kept between runs: going through all 13,000 rows takes a tenth of a second.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.intent import PortRange
from tojimari.registry import assignments, defacto, ranges, words
from tojimari.registry.fuzzy import SURE, distance, forgiving, may_be_near, similarity
from tojimari.registry.number import Entry, Layer

# Latin words and numbers, and runs of Japanese (kana, kanji and the sign that repeats or lengthens)
_WORD = re.compile(r"[a-z0-9]+|[\u3005-\u3007\u3040-\u30ff\u4e00-\u9fff]+")
_LIMIT = 20  # rows; the twenty-first answer is none
_FLOOR = 0.45  # of the best score: what is much worse than the best is noise
_TYPED = 100  # characters of the query that are looked at
_WORDS = 8  # words of the query that are looked at

# What a match is worth by where it is: a name is chosen with more care than a description.
_IN_NAME = 1.0
_IN_TEXT = 0.8
_IN_STORY = 0.5
# What people meet more often stands before its equals.
_PLAIN_WORDS = 0.3
_REAL_USE = 0.2
_WELL_KNOWN = 0.1
_RUN = 0.1  # a run of numbers is meant less often than one
_WHOLE_NAME = 0.5
_BREVITY = 0.1


@dataclass(frozen=True, slots=True)
class _Unit:
    """Something that can be found.

    Attributes:
        entry: The row that is shown.
        name: Lower case.
        text: What is said of it, lower case, English and Japanese.
        story: The longer words, lower case.
        favour: What is added to its score, whatever was asked.
    """

    entry: Entry
    name: str
    text: str
    story: str
    favour: float


def find(typed: str, limit: int = _LIMIT) -> tuple[Entry, ...]:
    """The numbers that fit some words, the best first, each number once.

    Args:
        typed: What a person typed: English or Japanese, mistakes forgiven.
        limit: How many at most.
    """
    asked = _words_of(typed)
    if not asked:
        return ()
    units = list(_units())
    scores = _scores(asked, units)
    ranked = sorted(scores, key=lambda at: (-scores[at], units[at].entry.ports.first))
    best: dict[PortRange, Entry] = {}
    for at in ranked:
        if scores[at] < _FLOOR * scores[ranked[0]] or len(best) == limit:
            break
        entry = units[at].entry
        best.setdefault(entry.ports, entry)
    plain = {unit.entry.ports: unit.entry for unit in units if unit.entry.layer is Layer.WORDS}
    return tuple(_told(entry, plain.get(ports)) for ports, entry in best.items())


def _told(found: Entry, plain: Entry | None) -> Entry:
    """What was found in plain words, unless it was found by one of IANA's lesser names."""
    if plain is None:
        return found
    is_lesser = found.layer is Layer.IANA and found.assigned != plain.assigned
    return found if is_lesser else plain


def closest(name: str, limit: int = 3) -> tuple[str, ...]:
    """The names that were perhaps meant, the likeliest first.

    Args:
        name: What a person typed as a name, unknown to the registry.
        limit: How many at most.
    """
    typed = unicodedata.normalize("NFKC", name).casefold()[:_TYPED]
    allowed = 1 if len(typed) <= 4 else 2  # noqa: PLR2004 - as fuzzy.mistakes_allowed, kinder
    found: dict[str, tuple[int, bool, int, int]] = {}
    for rank, port, word in _names():
        if abs(len(word) - len(typed)) <= allowed and (
            len(typed) <= 3 or may_be_near(typed, word)  # noqa: PLR2004 - too short to rule out
        ):
            mistakes = distance(typed, word)
            if mistakes <= allowed:
                found.setdefault(word, (mistakes, word[0] != typed[0], rank, port))
    ranked = sorted(found, key=lambda word: found[word])
    return tuple(word for word in ranked[:limit] if found[word][0] == found[ranked[0]][0])


def _scores(asked: list[str], units: list[_Unit]) -> dict[int, float]:
    """The score of every unit in which at least one word is found."""
    places = _vocabulary(units)
    scores: dict[int, float] = {}
    for typed in asked:
        for at, worth in _worth(typed, places, units).items():
            scores[at] = scores.get(at, 0.0) + worth / len(asked)
    whole = " ".join(asked)
    for at in scores:
        unit = units[at]
        scores[at] += unit.favour
        if unit.name == whole:
            scores[at] += _WHOLE_NAME
    return scores


def _worth(typed: str, places: dict[str, dict[int, float]], units: list[_Unit]) -> dict[int, float]:
    """How well each unit answers one word of the query."""
    found: dict[int, float] = {}
    if not typed.isascii():
        for at, unit in enumerate(units):
            if typed in unit.text:
                found[at] = _IN_TEXT
            elif typed in unit.story:
                found[at] = _IN_STORY
        return found
    near = {word: similarity(typed, word) for word in places}
    if max(near.values(), default=0.0) < SURE:
        near = {word: max(near[word], forgiving(typed, word)) for word in places}
    for word, likeness in near.items():
        if likeness:
            for at, weight in places[word].items():
                found[at] = max(found.get(at, 0.0), likeness * weight)
    return found


def _vocabulary(units: list[_Unit]) -> dict[str, dict[int, float]]:
    """Every Latin word, the units that it is in, and what it is worth there."""
    places: dict[str, dict[int, float]] = {}
    for at, unit in enumerate(units):
        for text, weight in (
            (unit.name, _IN_NAME),
            (unit.text, _IN_TEXT),
            (unit.story, _IN_STORY),
        ):
            for word in _WORD.findall(text) if text else ():
                places.setdefault(word, {}).setdefault(at, weight)
    return places


def _units() -> Iterator[_Unit]:
    told = words.told_between(0, MAX_PORT)
    used = {user.ports.first for user in defacto.all()}

    def favour(port: int) -> float:
        known = _PLAIN_WORDS if port in told else _REAL_USE if port in used else 0.0
        return known + (_WELL_KNOWN if port in ranges.WELL_KNOWN.ports else 0.0)

    for port, transports, name, description in assignments.lines():
        if not name:
            continue
        yield _Unit(
            entry=Entry(
                ports=PortRange(port, port),
                transports=tuple(Transport(one) for one in transports.split(" ")),
                assigned=name,
                name=name,
                english=description,
                japanese=description,
                layer=Layer.IANA,
            ),
            name=name.lower(),
            text=description.lower(),
            story="",
            favour=favour(port) + _BREVITY / (1 + description.count(" ")),
        )
    for user in defacto.all():
        assigned = assignments.usual_name(user.ports.first, user.transports[0]) or ""
        yield _Unit(
            entry=Entry(
                ports=user.ports,
                transports=user.transports,
                assigned=assigned,
                name=user.name,
                english=user.english,
                japanese=user.japanese,
                layer=Layer.USE,
            ),
            name=user.name,
            text=f"{user.english} {user.japanese}".lower(),
            story="",
            favour=favour(user.ports.first)
            + _BREVITY / (1 + user.english.count(" "))
            - (_RUN if len(user.ports) > 1 else 0.0),
        )
    for one in words.all():
        yield _of_words(one)


def _of_words(one: words.Words) -> _Unit:
    door = one.doors[0]
    port = door.ports.first
    under = {other.transport for other in one.doors if port in other.ports}
    return _Unit(
        entry=Entry(
            ports=door.ports,
            transports=tuple(sorted(under, key=list(Transport).index)),
            assigned=assignments.usual_name(port, door.transport) or "",
            name=one.name,
            english=one.en.title,
            japanese=one.ja.title,
            layer=Layer.WORDS,
        ),
        name=one.name,
        text=" ".join((one.kind, one.en.title, one.ja.title, *one.programs)).lower(),
        story=f"{one.en.what} {one.en.programs} {one.ja.what} {one.ja.programs}".lower(),
        favour=_PLAIN_WORDS,
    )


def _names() -> Iterator[tuple[int, int, str]]:
    """Every name with how seldom people meet it, and its number."""
    for head in words.heads():
        for word in (head.name, *head.programs):
            yield 0, head.doors[0].ports.first, word
    for user in defacto.all():
        yield 1, user.ports.first, user.name
    told = words.told_between(0, MAX_PORT)
    for port, _, name, _ in assignments.lines():
        if name:
            well_known = port in ranges.WELL_KNOWN.ports
            yield (1 if port in told else 2 if well_known else 3), port, name.lower()


def _words_of(typed: str) -> list[str]:
    even = unicodedata.normalize("NFKC", typed).casefold()
    return _WORD.findall(even[:_TYPED])[:_WORDS]
