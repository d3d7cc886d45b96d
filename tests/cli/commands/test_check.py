import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from scenery import NOW, PRIVATE, door, intent, namespace
from tojimari.cli.main import main
from tojimari.core.finding import Finding, Severity
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.core.verdict import Verdict
from wire import HERE, laid

SCHEMAS = Path(__file__).parents[3] / "docs" / "reference" / "schema"
MEANT = intent(22, why="remote administration")
STRANGER = door(6379)
FOUND = Finding(
    check="unintended",
    severity=Severity.MEDIUM,
    message=Message("unintended-open", "{program} opened it.", {"program": "redis"}),
    door=STRANGER,
    intent=MEANT,
    evidence=("kernel: open (listening)",),
    next="tojimari look 6379",
)
HIDDEN = Unseen(Message("x", "Something."), 1, hides_doors=True)


def verdict(*findings: Finding, unseen: tuple[Unseen, ...] = ()) -> Verdict:
    return Verdict(
        host="house",
        at=NOW,
        policy="doors.toml",
        namespaces=(namespace(PRIVATE),),
        doors=(door(22, intent=MEANT), STRANGER),
        findings=findings,
        unseen=unseen,
        method="bpf",
    )


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "")


def left(monkeypatch: pytest.MonkeyPatch, found: Verdict, *words: str) -> int:
    def made(
        policy: str | None,
        *,
        identify: bool = False,
        scan: bool = False,
        progress: object = None,
    ) -> Verdict:
        assert (identify, scan) == ("--identify" in words, "--scan" in words)
        assert (identify or scan) is (progress is not None)
        del policy
        return found

    monkeypatch.setattr("tojimari.app.check.check", made)
    with pytest.raises(SystemExit) as leaving:
        main(("check", *words))
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.mark.parametrize(
    ("found", "words", "code"),
    [
        (verdict(), (), 0),
        (verdict(FOUND), (), 1),
        (verdict(unseen=(HIDDEN,)), (), 2),
        (verdict(unseen=(HIDDEN,)), ("--accept-partial",), 0),
        (verdict(FOUND), ("--nagios",), 1),
        (verdict(unseen=(HIDDEN,)), ("--nagios",), 3),
        (verdict(FOUND), ("--json",), 1),
        (verdict(FOUND), ("--plain",), 1),
        (verdict(), ("--identify",), 0),
        (verdict(), ("--scan",), 0),
        (verdict(FOUND), ("--scan", "--identify"), 1),
    ],
)
def test_the_exit_code_says_how_the_round_ended(
    found: Verdict, words: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert left(monkeypatch, found, *words) == code


def test_the_round_is_told_to_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left(monkeypatch, verdict(FOUND))
    shown = capsys.readouterr().out
    assert shown.startswith("Tojimari: open doors: 2. Not as intended: 1.\n")


def test_the_document_fits_its_schema(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left(monkeypatch, verdict(FOUND, unseen=(HIDDEN,)), "--json")
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((SCHEMAS / "tojimari.check-1.schema.json").read_text(encoding="utf-8"))
    assert Draft202012Validator(schema).is_valid(document)  # pyright: ignore[reportUnknownMemberType] - the same
    assert document["outcome"] == "findings"
    assert [document["doors"][one["door"]]["port"] for one in document["findings"]] == [6379]
    assert document["findings"][0]["intent"]["why"] == "remote administration"


def test_plain_lines_are_for_grep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left(monkeypatch, verdict(FOUND), "--plain")
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == [
        "ok",
        "finding",
    ]


@pytest.mark.usefixtures("root")
def test_the_round_with_a_scan_lays_what_answers_beside_each_door() -> None:
    with laid(), socket.create_server((HERE[4], 7000)):
        done = subprocess.run(
            [sys.executable, "-m", "tojimari", "check", "--scan", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode in {0, 1, 2}, done.stderr
    doors = json.loads(done.stdout)["doors"]
    (seen,) = [one["scan"] for one in doors if (one["address"], one["port"]) == (HERE[4], 7000)]
    assert [(one["state"], one["expected"]) for one in seen] == [("open", "certainly")]
