"""Files of fingerprints, read from wherever the user keeps them.

A file is a stranger's: it may be huge, broken, or a trap (entities that unfold without end). What
cannot be read is counted, and the rest is used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tojimari.core.errors import UsageError
from tojimari.core.message import mark
from tojimari.services.fingerprints.ruby import UntranslatableError, compiled

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST = 16 << 20  # bytes of one file; the largest of recog's has 1.5 MB
MOST_FILES = 500  # recog has 60
MOST_ELEMENTS = 400_000  # of one file; the largest of recog's has some 30,000
DEEPEST = 16  # elements in elements; recog has three
MOST = 20_000  # fingerprints of one file; recog has 4,657 in all
LONGEST = 200  # characters of one value
HINT = mark("tojimari identify --fingerprints recog/xml")
GROUP = re.compile(r"[1-9][0-9]?")
PLACE = re.compile(r"\{([^\s{}]+)\}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One pattern and what it means.

    Attributes:
        pattern: What is looked for.
        description: In words.
        values: What is always so, by name: ``service.product``.
        groups: What the pattern's groups are, by name.
    """

    pattern: re.Pattern[str]
    description: str
    values: dict[str, str]
    groups: dict[str, int]

    def told(self, match: re.Match[str]) -> dict[str, str]:
        """What a match means; a value that stands for a group that found nothing is left out."""
        found = {name: match[group] for name, group in self.groups.items() if match[group]}
        for name, value in self.values.items():
            places = PLACE.findall(value)
            if all(place in found for place in places):
                found[name] = PLACE.sub(lambda place: found[place[1]], value)
        return {name: value[:LONGEST] for name, value in found.items() if name}


@dataclass(slots=True)
class File:
    """The fingerprints of one file.

    Attributes:
        path: Where it is.
        matches: What they are for: ``ssh.banner``.
        fingerprints: In the order in which they are tried.
        left_out: How many could not be translated.
        broken: Why the file could not be read to its end; empty where it could.
    """

    path: Path
    matches: str
    fingerprints: list[Fingerprint] = field(default_factory=list[Fingerprint])
    left_out: int = 0
    broken: str = ""


def listed(folder: Path) -> list[Path]:
    """The files of a folder that may hold fingerprints.

    Args:
        folder: A checkout, or the folder ``xml`` in it.

    Raises:
        UsageError: There are none.
    """
    inner = folder / "xml"
    try:
        where = inner if inner.is_dir() else folder
        paths = sorted(path for path in where.iterdir() if path.suffix == ".xml" and path.is_file())
    except OSError as error:
        raise UsageError(
            "The folder of fingerprints cannot be read: {path} ({why})",
            hint=HINT,
            path=str(folder),
            why=error.strerror or str(error),
        ) from error
    if not paths:
        raise UsageError(
            "There are no fingerprints (files that end in .xml) in {path}.",
            hint=HINT,
            path=str(folder),
        )
    if len(paths) > MOST_FILES:
        raise UsageError(
            "These are more than {most} files; a folder of fingerprints has fewer: {path}",
            hint=HINT,
            most=MOST_FILES,
            path=str(folder),
        )
    return paths


def key(path: Path) -> str:
    """What a file's fingerprints are for; the file's name where it does not say.

    Raises:
        ValueError: It is no such file.
        OSError: It cannot be read.
    """
    for _, element in _elements(path):
        if element.tag != "fingerprints":
            msg = f"no fingerprints, but {element.tag[:40]}"
            raise ValueError(msg)
        return element.get("matches") or path.stem
    msg = "nothing in it"
    raise ValueError(msg)


def read(path: Path, matches: str) -> File:
    """All fingerprints of one file."""
    found = File(path, matches)
    try:
        for event, element in _elements(path):
            if event != "end" or element.tag != "fingerprint":
                continue
            try:
                found.fingerprints.append(_fingerprint(element))
            except UntranslatableError:
                found.left_out += 1
            element.clear()
            if len(found.fingerprints) + found.left_out >= MOST:
                found.broken = "too many"
                break
    except (ValueError, OSError) as error:
        found.broken = str(error)
    return found


def _elements(path: Path) -> "Iterator[tuple[str, Element]]":
    """The elements of a file as they begin (``start``) and end.

    Raises:
        ValueError: It is too large, no XML, or a trap.
        OSError: It cannot be read.
    """
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - the error; defused reads

    from defusedxml.ElementTree import iterparse  # noqa: PLC0415 - only for who has fingerprints

    if path.stat().st_size > LARGEST:
        msg = f"more than {LARGEST >> 20} MiB"
        raise ValueError(msg)
    depth = 0
    begun = 0
    with path.open("rb") as opened:
        try:
            for event, element in iterparse(opened, ("start", "end"), forbid_dtd=True):
                depth += 1 if event == "start" else -1
                begun += event == "start"
                if depth > DEEPEST or begun > MOST_ELEMENTS:
                    msg = "more elements than fingerprints have"
                    raise ValueError(msg)
                yield event, element
        except ParseError as error:
            msg = f"no XML: {error}"
            raise ValueError(msg) from error


def _fingerprint(element: "Element") -> Fingerprint:
    """One fingerprint.

    Raises:
        UntranslatableError: Its pattern has no equal here, or its numbers are none.
    """
    pattern = compiled(element.get("pattern") or "", element.get("flags") or "")
    values: dict[str, str] = {}
    groups: dict[str, int] = {}
    for param in element.iterfind("param"):
        position, name = param.get("pos") or "0", param.get("name") or ""
        if position == "0":
            values[name] = param.get("value") or ""
            continue
        if not GROUP.fullmatch(position) or int(position) > pattern.groups:
            msg = f"no group {position[:10]}"
            raise UntranslatableError(msg)
        groups[name] = int(position)
    described = element.findtext("description") or ""
    return Fingerprint(pattern, " ".join(described.split())[:LONGEST], values, groups)
