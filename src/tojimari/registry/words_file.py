"""One file of ``registry/words``: its head, read quickly, and the whole of it, parsed and checked.

A file is named for its first port and its service: ``00022-ssh.toml``.
"""

import os
import re
from collections.abc import Collection
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import TypeVar, cast

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.core.meaning import Advice


class Kind(StrEnum):
    """What sort of service it is."""

    WEB = "web"
    MAIL = "mail"
    NAME = "name"
    TIME = "time"
    ADDRESS = "address"
    FILE = "file"
    REMOTE_SHELL = "remote-shell"
    REMOTE_DESKTOP = "remote-desktop"
    DATABASE = "database"
    CACHE = "cache"
    MESSAGE_QUEUE = "message-queue"
    DIRECTORY = "directory"
    MONITORING = "monitoring"
    CONTAINER = "container"
    CLUSTER = "cluster"
    DEBUGGER = "debugger"
    DEV_SERVER = "dev-server"
    AI = "ai"
    VPN = "vpn"
    VOICE = "voice"
    MEDIA = "media"
    GAME = "game"
    PRINT = "print"
    INDUSTRIAL = "industrial"
    HOME = "home"
    PROXY = "proxy"
    LOG = "log"
    SHARING = "sharing"
    BOOT = "boot"
    LEGACY = "legacy"


class Encryption(StrEnum):
    """Whether what passes the door can be read on the way."""

    YES = "yes"
    NO = "no"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Plain:
    """The words in one language; each a sentence or a few.

    Attributes:
        title: A name that says what it is.
        what: What comes through this door.
        programs: Which programs open it.
        internet: Whether it may face the internet.
        attacker: What an attacker wants here.
        instead: What to use instead; empty where nothing better is needed.
    """

    title: str
    what: str
    programs: str
    internet: str
    attacker: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class UsualDoor:
    """A number, or a run of them, under one transport: ``22/tcp``, ``5901-5910/tcp``.

    Attributes:
        ports: The number or numbers.
        transport: The way of speaking.
    """

    ports: PortRange
    transport: Transport

    def holds(self, port: int, transport: Transport | None) -> bool:
        """Whether it is this door; with None, under any transport."""
        return port in self.ports and transport in {None, self.transport}


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a file says: enough to find it, to name it and to judge by it.

    Attributes:
        name: Short name of the service.
        doors: Its usual doors, the first the most usual.
        programs: Base names of the executables that open them.
        kind: What sort of service it is.
        internet: Whether it may face the internet.
        title_en: A name that says what it is, in English.
        title_ja: The same in Japanese.
        path: The file.
    """

    name: str
    doors: tuple[UsualDoor, ...]
    programs: tuple[str, ...]
    kind: Kind
    internet: Advice
    title_en: str
    title_ja: str
    path: str


@dataclass(frozen=True, slots=True)
class Words:
    """One file.

    Attributes:
        name: Short name of the service.
        doors: Its usual doors, the first the most usual.
        programs: Base names of the executables that open them.
        kind: What sort of service it is.
        internet: Whether it may face the internet.
        encrypted: Whether what passes can be read on the way.
        instead: Short names of the services to use instead.
        sources: Where the facts are from: RFCs, and pages of the projects' own documentation.
        en: The words in English.
        ja: The words in Japanese.
    """

    name: str
    doors: tuple[UsualDoor, ...]
    programs: tuple[str, ...]
    kind: Kind
    internet: Advice
    encrypted: Encryption
    instead: tuple[str, ...]
    sources: tuple[str, ...]
    en: Plain
    ja: Plain


_KEYS = frozenset(
    {
        "name",
        "ports",
        "programs",
        "kind",
        "internet",
        "encrypted",
        "instead",
        "sources",
        "en",
        "ja",
    }
)
_FILE = re.compile(r"([0-9]{5})-([a-z0-9-]+)\.toml")
_LONGEST = 1 << 15  # bytes of a file; they have three thousand, and a larger buffer takes time
_PORT = re.compile(r"([0-9]{1,5}(?:-[0-9]{1,5})?)/(tcp|udp|sctp|dccp)")
# A head is written one value after another: texts without escapes, and lists of such texts.
_VALUE = re.compile(r'^(\w+)\s*=\s*(?:"([^"\n]*)"|\[(.*?)\])', re.MULTILINE | re.DOTALL)
_PORTS = re.compile(rb"^ports\s*=\s*\[(.*?)\]", re.MULTILINE | re.DOTALL)
_PROGRAMS = re.compile(rb"^programs\s*=\s*\[(.*?)\]", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'^title\s*=\s*"([^"\n]*)"', re.MULTILINE)
_QUOTED = re.compile(r'"([^"]*)"')

Choice = TypeVar("Choice", bound=StrEnum)


def number(file: str) -> int:
    """The first port, by the name of the file.

    Raises:
        ValueError: The name does not begin with one.
    """
    first, _, _ = file.partition("-")
    if not first.isdecimal():
        raise _wrong(file, "", "the name must be like 00022-ssh.toml")
    return int(first)


def head(path: str) -> Head:
    """What the head of a file says.

    Raises:
        ValueError: Something is missing or not one of the words for it; names the file and the key.
    """
    top, _, rest = _content(path).decode().partition("\n[en]")
    values = {key: (one, many) for key, one, many in _VALUE.findall(top)}
    titles = _TITLE.findall(rest)
    try:
        return Head(
            name=values["name"][0],
            doors=tuple(_door(path, one) for one in _QUOTED.findall(values["ports"][1])),
            programs=tuple(_QUOTED.findall(values["programs"][1])),
            kind=_choice(path, "kind", values["kind"][0], Kind),
            internet=_choice(path, "internet", values["internet"][0], Advice),
            title_en=titles[0],
            title_ja=titles[1],
            path=path,
        )
    except KeyError as error:
        raise _wrong(path, str(error.args[0]), "is missing") from error
    except IndexError as error:
        raise _wrong(path, "title", "is missing") from error


def outline(path: str) -> tuple[tuple[PortRange, ...], tuple[str, ...]]:
    """Only the numbers and the programs, for an index: a third of the time of ``head``.

    Raises:
        ValueError: One of the two is missing or wrong; names the file and the key.
    """
    top, _, _ = _content(path).partition(b"\n[en]")
    ports, programs = _PORTS.search(top), _PROGRAMS.search(top)
    if ports is None or programs is None:
        raise _wrong(path, "programs" if ports else "ports", "is missing")
    numbers = [text.partition("/")[0] for text in _QUOTED.findall(ports[1].decode())]
    try:
        return (
            tuple(_numbers(text) for text in numbers),
            tuple(_QUOTED.findall(programs[1].decode())),
        )
    except ValueError as error:
        raise _wrong(path, "ports", str(error)) from error


def words(path: str) -> Words:
    """The whole of a file, checked.

    Raises:
        ValueError: It is not as it should be; names the file and the key.
    """
    import tomllib  # noqa: PLC0415 - 10 ms, and most commands need no words

    try:
        document: dict[str, object] = tomllib.loads(_content(path).decode())
    except ValueError as error:
        raise _wrong(path, "", str(error)) from error
    for key in document:
        if key not in _KEYS:
            raise _wrong(path, key, "is not a key of these files")
    return _words(path, document)


def _words(path: str, document: dict[str, object]) -> Words:
    name = _text(path, document, "name")
    doors = tuple(_door(path, one) for one in _texts(path, document, "ports"))
    if not doors:
        raise _wrong(path, "ports", "needs at least one")
    named = _FILE.fullmatch(path.rpartition("/")[2])
    if named is None or int(named[1]) != doors[0].ports.first or named[2] != name:
        raise _wrong(path, "name", f"the file must be called {doors[0].ports.first:05}-{name}.toml")
    return Words(
        name=name,
        doors=doors,
        programs=_texts(path, document, "programs"),
        kind=_choice(path, "kind", _text(path, document, "kind"), Kind),
        internet=_choice(path, "internet", _text(path, document, "internet"), Advice),
        encrypted=_choice(path, "encrypted", _text(path, document, "encrypted"), Encryption),
        instead=_texts(path, document, "instead"),
        sources=_texts(path, document, "sources"),
        en=_plain(path, document, "en"),
        ja=_plain(path, document, "ja"),
    )


def _plain(path: str, document: dict[str, object], language: str) -> Plain:
    section = document.get(language)
    if not isinstance(section, dict):
        raise _wrong(path, language, "is missing")
    spoken = cast("dict[str, object]", section)
    values = {f"{language}.{key}": value for key, value in spoken.items()}
    found: dict[str, str] = {}
    for field in fields(Plain):
        key = f"{language}.{field.name}"
        if key in values or field.default is MISSING:
            found[field.name] = _text(path, values, key)
            values.pop(key)
    for key in values:
        raise _wrong(path, key, "is not a key of these files")
    return Plain(**found)


def _door(path: str, text: str) -> UsualDoor:
    match = _PORT.fullmatch(text)
    try:
        if match is not None:
            return UsualDoor(_numbers(match[1]), Transport(match[2]))
    except ValueError:
        pass
    raise _wrong(path, "ports", f'must be like "22/tcp" or "5901-5910/tcp", not "{text}"')


def _numbers(text: str) -> PortRange:
    first, _, last = text.partition("-")
    return PortRange(int(first), int(last or first))


def _content(path: str) -> bytes:
    # Not pathlib: 187 files are read for the index, and this takes a third of the time.
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, _LONGEST)
    finally:
        os.close(file)


def _choice(path: str, key: str, text: str, kind: type[Choice]) -> Choice:
    try:
        return kind(text)
    except ValueError as error:
        raise _wrong(path, key, f'"{text}" is none of {", ".join(kind)}') from error


def _text(path: str, values: dict[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value or value != value.strip():
        raise _wrong(path, key, "must be a text, not empty, with no space around it")
    return value


def _texts(path: str, values: dict[str, object], key: str) -> tuple[str, ...]:
    value = values.get(key)
    if not isinstance(value, list):
        raise _wrong(path, key, "must be a list of texts")
    found = [one for one in cast("Collection[object]", value) if isinstance(one, str) and one]
    if len(found) != len(cast("Collection[object]", value)):
        raise _wrong(path, key, "must be a list of texts")
    return tuple(found)


def _wrong(path: str, key: str, reason: str) -> ValueError:
    file = path.rpartition("/")[2]
    return ValueError(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")
