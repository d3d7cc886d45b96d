import json
import subprocess
import sys
from typing import cast

import pytest

from tojimari.app.free import FreePort
from tojimari.cli.commands import port
from tojimari.cli.main import main
from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.linux.sysctl import PortSettings
from tojimari.registry import assignments, number
from tojimari.registry.ranges import RangeName


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["port", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def document(printed: str) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(printed))


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("443",), "443  Web pages, encrypted (HTTPS)"),
        (("https",), "443  Web pages, encrypted (HTTPS)"),
        (("53/udp",), "53/udp  Names into addresses (DNS)"),
        (("8002-8002",), "8002  teradataordbms"),
        (("8000-8010",), "8000-8010: 11 numbers; something is known of 10."),
        (("--search", "time"), "What fits time, the best first:"),
        (("--range", "registered"), "Registered numbers: 1024-49151"),
        (("22", "--lang", "ja"), "22  遠くからの操作、暗号化あり（SSH）"),
        (("23", "--plain"), "23\tRemote login, in the clear"),
    ],
)
def test_a_question_is_answered(
    words: tuple[str, ...], first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(*words) == 0
    assert capsys.readouterr().out.splitlines()[0] == first


def test_several_questions_become_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("443", "ssh", "8000-8100", "--json") == 0
    found = document(capsys.readouterr().out)
    assert found["schema"] == "tojimari.port/1"
    answers = cast("list[dict[str, object]]", found["answers"])
    assert [answer["query"] for answer in answers] == ["443", "ssh", "8000-8100"]


def test_verbose_names_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("9090", "-v") == 0
    assert "[https://prometheus.io/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("70000",), "70000 is no port: the numbers go from 0 to 65535", "tojimari port 0-1023"),
        (("htp",), "nothing is called htp; did you mean http", "tojimari port http"),
        (("9-3",), "the range 9-3 runs backwards", "tojimari port 3-9"),
        ((), "name a number, or words to search for, or a range", "tojimari port 443"),
        (("443", "--search", "x"), "name a number, or words to search for", "tojimari port 443"),
        (("--near", "80"), "--near and --udp belong to", "tojimari port free --near 8080"),
        (("53", "--udp"), "--near and --udp belong to", "tojimari port free --near 8080"),
        (("free", "443"), "free stands alone", "tojimari port free --near 8080"),
        (("free", "--range", "dynamic"), "free stands alone", "tojimari port free --near 8080"),
        (("free", "--near", "0"), "0 is no port to be near", "tojimari port free --near 8080"),
        (("--search", "zqxjkv"), "nothing in the registry fits zqxjkv", "other words, or fewer"),
    ],
)
def test_a_mistake_is_told_with_a_hint(
    words: tuple[str, ...], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left(*words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {error}")
    assert f"hint: {hint}" in printed.err


def test_the_ranges_of_the_option_are_all_of_them() -> None:
    assert list(port.RANGES) == list(RangeName)


def test_no_service_is_called_free() -> None:
    assert assignments.named(port.FREE) == ()
    assert number.named(port.FREE) == ()


@pytest.mark.parametrize("words", [("free",), ("FREE", "--near", "8080"), ("free", "--udp")])
def test_a_free_number_is_found(
    network: None, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    del network
    assert left(*words) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith("/udp is free." if "--udp" in words else "/tcp is free.")


def test_a_free_number_stands_alone_for_scripts(
    network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    del network
    assert left("free", "--near", "8080", "--plain") == 0
    assert capsys.readouterr() == ("8079\n", "")


def test_a_free_number_becomes_a_document(
    network: None, capsys: pytest.CaptureFixture[str]
) -> None:
    del network
    assert left("free", "--near", "8080", "--json") == 0
    found = document(capsys.readouterr().out)
    assert (found["schema"], found["port"], found["transport"], found["near"]) == (
        "tojimari.port-free/1",
        8079,
        "tcp",
        8080,
    )


def test_what_could_not_be_seen_goes_beside_the_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half_seen(near: int | None, transport: Transport) -> FreePort:
        unseen = Unseen(Message("x", "The door was only tried."), 0)
        return FreePort(
            schema="tojimari.port-free/1",
            port=8079,
            transport=transport,
            near=near,
            needs_root=False,
            machine=PortSettings(),
            unseen=(unseen,),
        )

    monkeypatch.setattr("tojimari.app.free.find", half_seen)
    assert left("free", "--plain") == 0
    assert capsys.readouterr() == ("8079\n", "The door was only tried.\n")


@pytest.mark.parametrize("words", [["--help"], ["port", "443"], ["port", "443", "--lang", "ja"]])
def test_the_start_stays_light(words: list[str]) -> None:
    heavy = ["asyncio", "ctypes", "jsonschema", "numpy", "psutil", "rich", "socket", "tomlkit"]
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from tojimari.cli.main import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "loaded = sys.modules.keys() - before\n"
        f"print([name for name in {heavy!r} if name in loaded], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stderr == "[]\n"
