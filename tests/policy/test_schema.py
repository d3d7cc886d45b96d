"""The JSON Schema and the reader accept and refuse the same documents."""

import datetime as dt
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Protocol, cast

import jsonschema  # type: ignore[import-untyped]  # it has no types; what is used is named below
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tojimari.policy.document import DOOR_KEYS, KEYS, REQUIRED, SCHEMA, read
from tojimari.policy.fields import TRANSPORTS
from tojimari.policy.sources import ZONES

TEXT = resources.files("tojimari.policy").joinpath("doors.schema.json").read_text("utf-8")
DOCUMENT = json.loads(TEXT)
PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "doors.schema.json"

# What a JSON Schema cannot say: it needs the whole file, or arithmetic.
BEYOND_A_SCHEMA = {
    "address-is-any",
    "ambiguous",
    "bad-address",
    "bad-network",
    "crossing",
    "group-cycle",
    "host-bits",
    "range-order",
    "repeated-address",
    "repeated-port",
    "too-many-doors",
    "too-many-sources",
    "unknown-source",
    "write-the-zone",
}


class Validator(Protocol):
    def is_valid(self, instance: object) -> bool: ...


def validator() -> Validator:
    kind = jsonschema.Draft202012Validator
    kind.check_schema(DOCUMENT)
    return cast("Validator", kind(DOCUMENT, format_checker=kind.FORMAT_CHECKER))


VALIDATOR = validator()


def as_json(value: object) -> object:
    """What an editor hands to the schema: dates become text."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_json(inner) for name, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in cast("list[object]", value)]
    return value


def reader_accepts(document: Mapping[str, object]) -> bool:
    codes = {problem.code for problem in read(tomlkit.dumps(document).encode()).problems}
    return not codes - BEYOND_A_SCHEMA


def schema_accepts(document: Mapping[str, object]) -> bool:
    return VALIDATOR.is_valid(as_json(document))


def test_the_published_schema_is_the_one_in_the_package() -> None:
    assert PUBLISHED.read_text("utf-8") == TEXT


def test_the_schema_knows_the_keys_of_the_reader() -> None:
    door = DOCUMENT["$defs"]["door"]

    assert DOCUMENT["properties"].keys() == KEYS.keys()
    assert list(door["properties"]) == list(DOOR_KEYS)
    assert door["required"] == list(REQUIRED)
    assert DOCUMENT["properties"]["schema"]["enum"] == [SCHEMA]
    assert DOCUMENT["$defs"]["transport"]["enum"] == list(TRANSPORTS)
    assert set(DOCUMENT["$defs"]["source"]["anyOf"][0]["enum"]) == ZONES


def test_every_key_is_explained() -> None:
    assert all("description" in one for one in DOCUMENT["$defs"]["door"]["properties"].values())
    assert all("description" in one for one in DOCUMENT["properties"].values())


# A schema's patterns are ECMAScript's, where $ is the end of the text; for Python it is also the
# place before a last line feed. So no text here ends in one.
NOISE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=6
) | st.sampled_from(["", " ", "a b", "LAN", "localhost", "/", "/usr/sbin/sshd", "x/24", "-1", "%"])
ANYTHING = st.one_of(
    NOISE,
    st.integers(-2, 70_000),
    st.booleans(),
    # To a JSON Schema 443.0 is an integer; to TOML and to the reader it is none.
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0),
    st.just({}),
    st.just([]),
)


def several(item: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return item | st.lists(item, min_size=1, max_size=3, unique_by=repr)


def sometimes_wrong(good: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(good, good, good, good, ANYTHING, st.lists(ANYTHING | good, max_size=2))


PORT = st.integers(1, 65535) | st.tuples(st.integers(0, 70_000), st.integers(0, 70_000)).map(
    lambda pair: f"{pair[0]}-{pair[1]}"
)
SOURCE = st.sampled_from(
    ["lan", "internet", "office", "nobody", "192.0.2.0/24", "::1", "1.2", "192.0.2.7/24", "a_b-1"]
)
DOOR_VALUES: dict[str, st.SearchStrategy[object]] = {
    "port": several(PORT),
    "transport": several(st.sampled_from(["tcp", "udp"])),
    "address": several(st.sampled_from(["::1", "127.0.0.53", "0.0.0.0", "fe80::1%e", "1.2.3"])),
    "service": st.sampled_from(["ssh", "http-alt", "c++", "3com"]),
    "from": several(SOURCE),
    "unit": st.sampled_from(["ssh.service", "a@*.service"]),
    "exe": st.sampled_from(["/usr/sbin/sshd", "/a b"]),
    "user": st.sampled_from(["root", "33", "_x"]),
    "container": st.sampled_from(["web", "web-*"]),
    "optional": st.booleans(),
    # Only here: to a JSON Schema every date is text, so it would take one for a service.
    "until": st.dates()
    | st.datetimes().map(lambda moment: moment.replace(microsecond=0))
    | st.sampled_from(["2027-03-31", "2027-02-30", "20270331", "0000-01-01"]),
    "why": st.sampled_from(["戸締まり", "x"]),
}
Values = dict[str, st.SearchStrategy[object]]
NEEDED: Values = {name: sometimes_wrong(DOOR_VALUES[name]) for name in REQUIRED}
OTHERS: Values = {
    name: sometimes_wrong(value) for name, value in DOOR_VALUES.items() if name not in REQUIRED
}
DOORS: st.SearchStrategy[object] = st.one_of(
    *[st.fixed_dictionaries(NEEDED, optional=OTHERS)] * 3,
    st.fixed_dictionaries(NEEDED, optional={**OTHERS, "form": st.just(1)}),
    st.dictionaries(st.sampled_from(list(DOOR_VALUES)), ANYTHING, max_size=4),
)
GROUP_NAMES = st.sampled_from(["office", "home", "b2_c-d"] * 3 + ["lan", "A", "", "1", "a b"])
HEAD: Values = {"schema": st.sampled_from([SCHEMA] * 9 + ["tojimari.doors/2"])}
REST: Values = {
    "groups": st.dictionaries(GROUP_NAMES, sometimes_wrong(several(SOURCE)), max_size=3),
    "door": st.lists(DOORS, max_size=3) | st.lists(ANYTHING, max_size=1),
}
DOCUMENTS: st.SearchStrategy[dict[str, object]] = st.one_of(
    *[st.fixed_dictionaries(HEAD, optional=REST)] * 3,
    st.fixed_dictionaries(HEAD, optional={**REST, "doors": st.just(1)}),
)


@given(DOCUMENTS)
def test_schema_and_reader_agree(document: dict[str, object]) -> None:
    assert schema_accepts(document) == reader_accepts(document)


@given(
    st.sampled_from(list(DOOR_VALUES)).flatmap(
        lambda name: st.tuples(st.just(name), sometimes_wrong(DOOR_VALUES[name]) | ANYTHING)
    )
)
def test_schema_and_reader_agree_on_each_key(change: tuple[str, object]) -> None:
    name, value = change
    door = {"port": 80, "from": ["lan"], "why": "x", name: value}

    assert schema_accepts({"schema": SCHEMA, "door": [door]}) == reader_accepts(
        {"schema": SCHEMA, "door": [door]}
    )


@pytest.mark.parametrize("port", ["1-65535", "9-10", "59999-60000", "65534-65535"])
def test_the_schema_takes_every_range_of_ports(port: str) -> None:
    assert schema_accepts({"schema": SCHEMA, "door": [{"port": port, "from": "lan", "why": "x"}]})


@pytest.mark.parametrize("port", ["0-1", "1-65536", "01-2", "1-99999", "1-", "a", "1-2-3"])
def test_the_schema_takes_no_other_range(port: str) -> None:
    assert not schema_accepts(
        {"schema": SCHEMA, "door": [{"port": port, "from": "lan", "why": "x"}]}
    )


def test_what_the_schema_cannot_say_the_reader_does() -> None:
    door = {"port": "90-80", "from": "lan", "why": "x"}

    assert schema_accepts({"schema": SCHEMA, "door": [door]})
    assert [
        one.code
        for one in read(tomlkit.dumps({"schema": SCHEMA, "door": [door]}).encode()).problems
    ] == ["range-order"]
