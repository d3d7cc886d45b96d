import datetime as dt

import msgspec

from scenery import door
from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.policy.document import read
from tojimari.policy.draft import proposals
from tojimari.policy.explanation import explain
from tojimari.policy.writing import Line
from tojimari.report import policy_documents

HEAD = 'schema = "tojimari.doors/1"\n'
DOOR = '[[door]]\nport = 22\nfrom = "lan"\nwhy = "戸"\n'
PASSED = Message("not-yours", "{path} was passed over", {"path": "./doors.toml"})


def as_json(document: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(document))


def test_lint_is_told_to_programs() -> None:
    reading = read((HEAD + DOOR.replace("22", "0")).encode())

    assert as_json(policy_documents.lint("x.toml", "named", [PASSED], reading.problems)) == {
        "schema": "tojimari.policy-lint/1",
        "path": "x.toml",
        "origin": "named",
        "passed": [{"code": "not-yours", "text": "./doors.toml was passed over"}],
        "errors": 1,
        "warnings": 0,
        "problems": [
            {
                "level": "error",
                "code": "port-number",
                "line": 3,
                "column": 8,
                "length": 1,
                "text": "0 is no port number",
                "hint": "port numbers go from 1 to 65535",
            }
        ],
    }


def test_a_problem_without_a_hint_has_none() -> None:
    reading = read((HEAD + DOOR.replace("22", "[22, 22]")).encode())

    assert policy_documents.lint("x", "named", [], reading.problems).problems[0].hint is None


def test_an_explanation_is_told_to_programs() -> None:
    text = HEAD + DOOR + "until = 2020-01-01\n" + DOOR.replace("22", '"1-99"')
    policy = read(text.encode()).use()
    answers = explain(policy.intents, 22, [Transport.TCP])

    document = policy_documents.explain(
        policy, "user", [], 22, [Transport.TCP], None, answers, dt.date(2026, 11, 20)
    )

    assert as_json(document) == {
        "schema": "tojimari.policy-explain/1",
        "path": "doors.toml",
        "origin": "user",
        "passed": [],
        "port": 22,
        "transports": ["tcp"],
        "address": None,
        "answers": [
            {
                "transport": "tcp",
                "address": None,
                "container": None,
                "line": 2,
                "ports": "22",
                "sources": ["lan"],
                "written": ["lan"],
                "service": None,
                "unit": None,
                "exe": None,
                "user": None,
                "optional": False,
                "until": "2020-01-01",
                "expired": True,
                "why": "戸",
                "passed": [{"line": 7, "ports": "1-99", "because": "is-wider"}],
            }
        ],
    }


def test_what_was_written_is_told_to_programs() -> None:
    meant, refused = proposals([door(22), door(53), door(53, transport=Transport.UDP)])
    line: Line = meant.line

    assert as_json(policy_documents.init("x.toml", [(line, meant)], [refused], 3)) == {
        "schema": "tojimari.policy-init/1",
        "path": "x.toml",
        "meant": ["22/tcp"],
        "refused": ["53/tcp+udp"],
        "elsewhere": 3,
    }
