import datetime as dt
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from scenery import door, owner
from tojimari.app import policy as app
from tojimari.cli.main import main
from tojimari.core.exposure import Zone
from tojimari.core.meaning import Advice, Meaning
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.policy.document import read
from tojimari.policy.draft import proposals

HEAD = 'schema = "tojimari.doors/1"\n'
DOOR = '[[door]]\nport = 22\nfrom = "lan"\nwhy = "x"\n'
TODAY = dt.date(2026, 11, 20)
SURVEY = app.Survey(
    "web1",
    TODAY,
    proposals(
        [
            door(22, "::", owner("sshd", 812, "ssh.service"), widest=Zone.INTERNET),
            door(6379, meaning=Meaning(service="redis", internet=Advice.NEVER)),
        ]
    ),
    0,
    (),
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, nobody's settings, and an English terminal."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr("tojimari.policy.files.SYSTEM", tmp_path / "etc")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "")
    monkeypatch.setattr(app, "survey", lambda: SURVEY)
    return place


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["policy", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """What somebody types, and then nothing more."""
    text = "".join(f"{line}\n" for line in lines)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def put(text: str, name: str = "doors.toml") -> None:
    Path(name).write_text(text, encoding="utf-8")


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(capsys.readouterr().out))


def test_a_good_file_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR)

    assert left("lint") == 0
    assert capsys.readouterr().out == "./doors.toml: no mistakes.\n"


def test_a_mistake_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR.replace("22", "0"), "web1.toml")

    assert left("lint", "web1.toml") == 1
    assert capsys.readouterr().out.startswith("web1.toml:3:8: error: 0 is no port number\n")


def test_what_is_doubtful_is_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR + "until = 2020-01-01\n")

    assert left("lint") == 0
    assert "warning" in capsys.readouterr().out


def test_a_file_that_is_not_there_cannot_be_looked_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert left("lint", "nowhere.toml") == 2
    assert capsys.readouterr().err == (
        "error: there is no file nowhere.toml\n"
        "hint: tojimari policy init --output nowhere.toml writes one\n"
    )


def test_standard_input_is_looked_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "x = 1")

    assert left("lint", "-", "--plain") == 1
    assert capsys.readouterr().out.split("\n")[0].startswith("-:1:1: error: ")


def test_the_policy_that_is_named_is_looked_over() -> None:
    put(HEAD, "a.toml")

    assert left("lint", "--policy", "a.toml") == 0


def test_a_file_that_is_not_believed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD)
    Path("doors.toml").chmod(0o666)
    (Path.cwd().parent / "settings" / "tojimari").mkdir(parents=True)
    put(HEAD, str(Path.cwd().parent / "settings" / "tojimari" / "doors.toml"))

    assert left("lint") == 0
    assert capsys.readouterr().err.startswith("./doors.toml was passed over: others may write")


def test_lint_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR.replace("22", "0"))

    assert left("lint", "--json") == 1
    told = document(capsys)
    assert (told["schema"], told["path"], told["errors"]) == (
        "tojimari.policy-lint/1",
        "./doors.toml",
        1,
    )


def test_the_line_that_decides_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR)

    assert left("explain", "22/tcp") == 0
    assert capsys.readouterr().out == (
        "22/tcp: line 2 of ./doors.toml decides.\n"
        "    why           x\n"
        "    who may come  the local network (LAN); and whoever is nearer\n"
    )


def test_the_line_that_decides_is_told_in_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR)

    assert left("explain", "22/tcp", "--lang", "ja") == 0
    assert capsys.readouterr().out.startswith("22/tcp: ./doors.toml の 2 行目で決まります。\n")


def test_a_port_that_no_line_names_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD)

    assert left("explain", "22/tcp", "--plain") == 1
    assert capsys.readouterr().out == "22/tcp\t-\t-\t-\t-\t-\t-\n"


def test_one_address_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR.replace("22", '22\naddress = "::1"'))

    assert left("explain", "22", "--address", "192.0.2.1") == 1
    assert left("explain", "22", "--address", "::1", "--plain") == 0
    assert capsys.readouterr().out.endswith(
        "22/tcp\t::1\t-\t2\tlan\t-\tx\n22/udp" + "\t-" * 6 + "\n"
    )


def test_an_explanation_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + DOOR, "a.toml")

    assert left("explain", "22", "--policy", "a.toml", "--json") == 0
    told = document(capsys)
    assert (told["schema"], told["port"], told["origin"]) == (
        "tojimari.policy-explain/1",
        22,
        "named",
    )


def test_a_policy_with_a_mistake_explains_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    put(HEAD + "x = 1\n")

    assert left("explain", "22") == 2
    assert capsys.readouterr().err == (
        "error: ./doors.toml cannot be used, mistakes: 1; the first is in line 2\n"
        "hint: tojimari policy lint ./doors.toml\n"
    )


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("schema") == 0
    assert document(capsys)["title"] == "doors.toml"


def test_every_door_is_asked_about(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "y", "", "Administrators log in.", "n")

    assert left("init") == 0

    text = Path("doors.toml").read_text(encoding="utf-8")
    (intent,) = read(text.encode()).use().intents
    assert (intent.ports.first, intent.sources, intent.why) == (
        22,
        ("lan",),
        "Administrators log in.",
    )
    assert "#   6379/tcp redis: redis-server" in text
    said = capsys.readouterr()
    assert said.out == ""
    assert "[1/2] 22/tcp: sshd ssh.service; address: any IPv6" in said.err
    assert said.err.endswith(
        "doors.toml is written. Meant to be open: 1; not meant to be: 1.\n> tojimari check\n"
    )


def test_no_answer_means_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "", "")

    assert left("init") == 0
    assert read(Path("doors.toml").read_bytes()).use().intents == ()


def test_the_suggestion_is_wise_and_a_mistake_is_asked_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "n", "y", "localhost", "lan, 192.0.2.0/24", "", " ", "The shop's cache.")

    assert left("init") == 0

    (intent,) = read(Path("doors.toml").read_bytes()).use().intents
    assert intent.written == ("lan", "192.0.2.0/24")
    said = capsys.readouterr().err
    assert "networks)? [this-machine]" in said
    assert 'hint: did you mean "this-machine"?' in said
    assert said.count("A door without a reason is not meant.") == 2


def test_whoever_leaves_leaves_nothing_half_written(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "y", "lan", "x", "y")

    assert left("init") == 130
    assert list(here.iterdir()) == []
    assert capsys.readouterr().err.endswith("\nNothing was written.\n")


def test_everything_can_be_accepted_with_a_reason_that_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert left("init", "--accept-all", "-o", "-") == 0

    intents = read(capsys.readouterr().out.encode()).use().intents
    assert [(one.ports.first, one.sources) for one in intents] == [
        (22, ("internet",)),
        (6379, ("lan",)),
    ]
    assert {one.why for one in intents} == {
        "Was open on web1 on 2026-11-20; nobody has said yet what for. Say why, or close it."
    }


def test_a_file_that_is_there_is_told_before_the_first_question(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("mine")
    typed(monkeypatch, "y")

    assert left("init") == 2
    assert "is there already" in capsys.readouterr().err
    assert Path("doors.toml").read_text() == "mine"


def test_a_file_that_is_there_is_replaced_by_force() -> None:
    put("mine")

    assert left("init", "--force", "--accept-all") == 0
    assert Path("doors.toml").read_text().startswith("# Which doors")


def test_what_was_written_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("init", "--accept-all", "--json", "-o", "web1.toml") == 0
    assert document(capsys) == {
        "schema": "tojimari.policy-init/1",
        "path": "web1.toml",
        "meant": ["22/tcp", "6379/tcp"],
        "refused": [],
        "elsewhere": 0,
    }


def test_two_documents_do_not_fit_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("init", "--accept-all", "--json", "-o", "-") == 2
    assert "both want standard output" in capsys.readouterr().err


def test_what_is_left_out_is_said_before_the_first_question(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unseen = Unseen(Message("x", "Not permitted."), 1, "sudo tojimari look")
    monkeypatch.setattr(app, "survey", lambda: replace(SURVEY, elsewhere=3, unseen=(unseen,)))
    typed(monkeypatch, "", "")

    assert left("init") == 0
    said = capsys.readouterr().err
    assert said.index("Not permitted.") < said.index("left out: 3.") < said.index("[1/2]")
