import json
from typing import cast

import msgspec
import pytest

from tojimari.app import port
from tojimari.core.errors import UsageError
from tojimari.registry.ranges import RangeName


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
