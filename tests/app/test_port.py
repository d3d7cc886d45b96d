import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from tojimari.app import port
from tojimari.core.errors import UsageError
from tojimari.registry.ranges import RangeName

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "port-json.md"


def encoded(document: port.Document) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(msgspec.json.encode(document)))


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        (port.explain(["443", "ssh"]), ["number", "number"]),
        (port.explain(["8000-8100", "flex-lm"]), ["range", "name"]),
        (port.find("time"), ["search"]),
        (port.meaning(RangeName.WELL_KNOWN), ["meaning"]),
    ],
)
def test_every_answer_becomes_json_that_says_its_kind(
    document: port.Document, kinds: list[str]
) -> None:
    found = encoded(document)
    assert found["schema"] == "tojimari.port/1"
    assert set(found) == {"schema", "machine", "answers"}
    answers = cast("list[dict[str, object]]", found["answers"])
    assert [answer["kind"] for answer in answers] == kinds


def test_a_number_in_json_has_every_layer() -> None:
    answers = cast(
        "list[dict[str, list[dict[str, object]]]]", encoded(port.explain(["22"]))["answers"]
    )
    (number,) = answers[0]["numbers"]
    assert set(number) == {
        "port",
        "transport",
        "range",
        "assignments",
        "users",
        "words",
        "also",
    }
    assignments = cast("list[dict[str, object]]", number["assignments"])
    assert assignments[0] == {
        "port": 22,
        "transport": "tcp",
        "name": "ssh",
        "description": "The Secure Shell (SSH) Protocol",
        "references": ["RFC 4251"],
        "status": "assigned",
    }
    assert cast("dict[str, object]", number["words"])["internet"] == "careful"


def test_a_mistake_is_the_persons() -> None:
    with pytest.raises(UsageError):
        port.explain(["443", "70000"])


def keys(value: object) -> set[str]:
    """Every key in a document, however deep."""
    if isinstance(value, list):
        return {key for one in cast("list[object]", value) for key in keys(one)}
    if not isinstance(value, dict):
        return set()
    pairs = cast("dict[str, object]", value)
    return set(pairs) | {key for one in pairs.values() for key in keys(one)}


@pytest.mark.parametrize(
    "document",
    [port.explain(["23", "20-25", "flex-lm"]), port.find("time"), port.meaning(RangeName.DYNAMIC)],
)
def test_every_key_is_documented(document: port.Document) -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    assert {key for key in keys(encoded(document)) if f"`{key}`" not in page} == set()
