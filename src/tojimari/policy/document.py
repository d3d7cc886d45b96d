"""``doors.toml``, read: from the bytes of a file to the intents that it states.

The whole file is read whatever is wrong with it, so that all mistakes are told at once, each with
its place. But a file with a mistake is no policy: half of one would judge wrongly.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import TypeVar

from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.policy import fields, sources
from tojimari.policy.complaints import Complaints
from tojimari.policy.overlap import overlaps
from tojimari.policy.positions import Path, Positions
from tojimari.policy.problem import NOWHERE, PolicyError, Problem, Span
from tojimari.policy.syntax import Toml, Tree, parse

T = TypeVar("T")

SCHEMA = "tojimari.doors/1"
_FAMILY = "tojimari.doors/"
# A list of ports times the transports times the addresses; a file that means more than this is
# not a file that somebody reads.
MAX_INTENTS = 10_000

# Each key with the words that people write for it at first.
KEYS: Mapping[str, tuple[str, ...]] = {
    "schema": ("version",),
    "groups": ("group",),
    "door": ("doors", "port", "ports", "rule", "rules", "allow", "service", "services"),
}
DOOR_KEYS: Mapping[str, tuple[str, ...]] = {
    "port": ("ports",),
    "transport": ("protocol", "proto", "transports"),
    "address": ("addresses", "bind", "listen", "ip", "host"),
    "service": ("services", "name"),
    "from": ("source", "sources", "src", "allow", "allowed"),
    "unit": ("units",),
    "exe": ("executable", "binary", "path", "program", "command"),
    "user": ("owner", "uid"),
    "container": ("containers", "pod"),
    "optional": ("required",),
    "until": ("expires", "expiry", "expire", "valid-until", "end"),
    "why": ("reason", "because", "comment", "description", "note"),
}

# What every door needs, and what is said where it is missing.
REQUIRED = {
    "port": (
        Message("missing-key", "this door has no port"),
        Message("try", "for example port = 443"),
    ),
    "from": (
        Message("missing-key", "this door does not say who may come"),
        Message(
            "try", 'for example from = ["lan"]; the zones are: {zones}', {"zones": ", ".join(Zone)}
        ),
    ),
    "why": (
        Message("missing-key", "this door does not say why it is open"),
        Message("try", 'add why = "...": who needs it, and what for'),
    ),
}
_NOT_A_DOOR = (
    Message("wrong-type", "a door is a table of its own"),
    Message("try", "begin each door with [[door]], in double brackets"),
)
_TOO_MANY = (
    Message("too-many-doors", "the file means more than {limit} doors", {"limit": MAX_INTENTS}),
    Message("try", 'write ranges, for example "8000-8100"'),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What was meant, by whole.

    Attributes:
        intents: In the order of the file; a table of several ports is several intents of one line.
        groups: Each named group as the zones and networks that it stands for.
        path: The file, as a person would name it.
        unused: The groups that neither a door nor another group names.
    """

    intents: tuple[Intent, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    path: str = "doors.toml"
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file.

    Attributes:
        path: The file, as a person would name it.
        policy: None where there is a mistake.
        problems: From the beginning of the file to its end.
        text: The file, to be shown beside the problems; what is no text in it is replaced.
        positions: Where everything stands; None where the file is not TOML.
        tables: The path of each intent's table.
    """

    path: str
    policy: Policy | None
    problems: tuple[Problem, ...]
    text: str = ""
    positions: Positions | None = None
    tables: Mapping[Intent, Path] = field(default_factory=dict[Intent, Path])

    def use(self) -> Policy:
        """The policy.

        Raises:
            PolicyError: There is a mistake in the file.
        """
        if self.policy is None:
            raise PolicyError(self.path, self.problems)
        return self.policy

    def place(self, intent: Intent, key: str) -> Span:
        """Where a value of an intent's table stands; where it has no such key, the table."""
        if self.positions is None or intent not in self.tables:
            return NOWHERE
        return self.positions.value((*self.tables[intent], key))


def read(content: bytes, path: str = "doors.toml") -> Reading:
    """Read a file. Nothing that it may hold raises an error.

    Args:
        content: The file.
        path: What a person would call it.
    """
    tree = parse(content)
    if isinstance(tree, Problem):
        return Reading(path, None, (tree,), content.decode("utf-8", "replace"))
    complaints = Complaints(tree.positions)
    _schema(tree.table, complaints)
    _unknown(tree.table, (), KEYS, complaints)
    groups = _groups(tree.table.get("groups", {}), complaints)
    tables = _doors(tree.table.get("door", []), groups, complaints)
    places = {one: tree.positions.value((*table, "port")) for one, table in tables.items()}
    complaints.add(overlaps(places))
    problems = complaints.sorted()
    policy = None if problems else Policy(tuple(tables), groups, path, _unused(tree, tables))
    return Reading(path, policy, problems, tree.text, tree.positions, tables)


def _unused(tree: Tree, intents: Iterable[Intent]) -> tuple[str, ...]:
    groups = tree.table.get("groups")
    if not isinstance(groups, dict):
        return ()
    mentioned = {word for intent in intents for word in intent.written}
    for words in groups.values():
        mentioned.update(str(word) for word in (words if isinstance(words, list) else [words]))
    return tuple(name for name in groups if name not in mentioned)


def _schema(table: Mapping[str, Toml], complaints: Complaints) -> None:
    path: Path = ("schema",)
    found = table.get("schema")
    if found == SCHEMA:
        return
    write = Message("try", 'write schema = "{schema}"', {"schema": SCHEMA})
    if found is None:
        complaints.top(Message("schema", "the file does not say which version it is"), write)
    elif isinstance(found, str) and found.startswith(_FAMILY):
        complaints.value(
            path,
            Message(
                "schema", 'this tojimari does not know the version "{found}"', {"found": found}
            ),
            Message("try", "a newer tojimari may; this one reads {schema}", {"schema": SCHEMA}),
        )
    else:
        complaints.value(path, Message("schema", "this is no version of doors.toml"), write)


def _unknown(
    table: Mapping[str, Toml],
    path: Path,
    known: Mapping[str, tuple[str, ...]],
    complaints: Complaints,
) -> set[str]:
    """Tell of keys that are not known; returns those that were probably meant."""
    probably: set[str] = set()
    for name in table:
        if name in known:
            continue
        lower = name.lower().replace("_", "-")
        synonym = next((key for key, others in known.items() if lower in others), None)
        meant = synonym or complaints.alike(lower, known)
        probably.update((meant,) if meant else ())
        complaints.key(
            (*path, name),
            Message("unknown-key", 'there is no key "{key}" here', {"key": name}),
            Message("try", 'did you mean "{word}"?', {"word": meant})
            if meant
            else Message("try", "the keys are: {keys}", {"keys": ", ".join(known)}),
        )
    return probably


def _groups(value: Toml, complaints: Complaints) -> dict[str, tuple[str, ...]]:
    if isinstance(value, dict):
        return sources.resolve(value, complaints)
    complaints.value(
        ("groups",),
        Message("wrong-type", "groups is a table"),
        Message("try", 'under [groups], for example: office = ["192.0.2.0/24"]'),
    )
    return {}


def _doors(
    value: Toml, groups: Mapping[str, tuple[str, ...]], complaints: Complaints
) -> dict[Intent, Path]:
    """The intents, each with the path of its table."""
    found: dict[Intent, Path] = {}
    if not isinstance(value, list):
        complaints.key(("door",), *_NOT_A_DOOR)
        return found
    for number, table in enumerate(value):
        path: Path = ("door", number)
        if not isinstance(table, dict):
            complaints.value(path, *_NOT_A_DOOR)
            continue
        intents = _door(table, path, groups, complaints)
        if len(found) <= MAX_INTENTS:  # beyond it the rest is read for its mistakes alone
            found.update(dict.fromkeys(intents, path))
            if len(found) > MAX_INTENTS:
                complaints.key(path, *_TOO_MANY)
    return found


def _door(
    table: Mapping[str, Toml],
    path: Path,
    groups: Mapping[str, tuple[str, ...]],
    complaints: Complaints,
) -> list[Intent]:
    """What one table means; nothing where it lacks what every door needs."""

    def value(name: str, reader: Callable[[Toml, Path, Complaints], T | None]) -> T | None:
        return reader(table[name], (*path, name), complaints) if name in table else None

    missing = {name for name in REQUIRED if name not in table}
    for name in sorted(missing - _unknown(table, path, DOOR_KEYS, complaints)):
        complaints.key(path, *REQUIRED[name])
    ports = value("port", fields.ports) or []
    transports = value("transport", fields.transports) or [Transport.TCP]
    addresses: Sequence[str | None] = value("address", fields.addresses) or [None]
    written = value("from", sources.words) or []
    intent = partial(
        Intent,
        sources=sources.expand(written, groups, complaints),
        why=value("why", fields.why) or "",
        service=value("service", fields.service),
        until=value("until", fields.until),
        unit=value("unit", fields.unit),
        exe=value("exe", fields.executable),
        user=value("user", fields.user),
        container=value("container", fields.container),
        optional=value("optional", fields.optional) or False,
        written=tuple(word for word, _ in written),
        line=complaints.place(path).line,
    )
    if len(ports) * len(transports) * len(addresses) > MAX_INTENTS:
        complaints.key(path, *_TOO_MANY)
        return []
    return [
        intent(transport=transport, ports=port, address=address)
        for port, transport, address in product(ports, transports, addresses)
    ]
