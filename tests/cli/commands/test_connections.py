import gc
import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from house import HOUSE
from tojimari.app import look
from tojimari.cli.main import main
from tojimari.core.socket import InsideView

TOJIMARI = Path(sys.executable).with_name("tojimari")


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The machine made by hand, in English."""

    def answer(*, connections: bool) -> InsideView:
        assert connections
        return HOUSE

    monkeypatch.setattr(look, "view", answer)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    gc.enable()


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["connections", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_who_talks_with_whom_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert left() == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Conversations of house: 7.")
    assert "this machine" in printed


def test_each_conversation_is_a_row_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--each", "--plain") == 0
    assert capsys.readouterr().out.count("established") == 6


def test_groups_are_rows_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--plain") == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "nginx\t813\tnginx.service\tincoming\t-\t-\t10.0.0.9\t80/tcp\t3"
    )


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 10),
        (("--port", "443"), 1),
        (("--port", "50-60", "--port", "443"), 2),
        (("--pid", "4242"), 3),
        (("--peer", "10.0.0.0/24"), 6),
        (("--peer", "::1", "--port", "80"), 2),
    ],
)
def test_the_document_holds_what_was_asked_for(
    words: tuple[str, ...], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left("--json", *words) == 0
    assert len(json.loads(capsys.readouterr().out)["connections"]) == count


@pytest.mark.parametrize(
    "words", [("--port", "nginx"), ("--port", "53/udp"), ("--peer", "here"), ("--pid", "0")]
)
def test_a_mistaken_filter_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert left(*words) == 2


@pytest.mark.usefixtures("network")
def test_on_the_real_machine_both_ends_are_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            visitor, _ = server.accept()
            with closing(visitor):
                done = subprocess.run(
                    [TOJIMARI, "connections", "--json", "--pid", str(os.getpid()),
                     "--port", str(port)],
                    capture_output=True, text=True, check=True,
                )  # fmt: skip
    rows: list[dict[str, Any]] = json.loads(done.stdout)["connections"]
    assert {(one["direction"], one["pid"], one["peer_pid"]) for one in rows} == {
        ("incoming", os.getpid(), os.getpid()),
        ("outgoing", os.getpid(), os.getpid()),
    }
