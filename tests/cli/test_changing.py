"""close, move, allow, confirm, undo and journal, as they are typed."""

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tojimari.cli import changing
from tojimari.cli.main import main
from tojimari.close import nft
from tojimari.core.errors import UsageError

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TOJIMARI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("SSH_CONNECTION", raising=False)


@pytest.fixture
def port(root: None) -> Iterator[str]:
    with socket.create_server(("", 0)) as server:
        yield str(server.getsockname()[1])
    if nft.present() is not None:
        nft.run("delete table inet tojimari\n")


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(words)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("0", 0), ("24h", 86400)]
)
def test_a_time_is_read(text: str, seconds: int) -> None:
    assert changing.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "25h", "1d", "soon", "1.5s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        changing.seconds(text)


def test_a_dry_run_shows_the_plan_and_changes_nothing(port: str, capsys: Capture) -> None:
    assert left("close", port, "--by", "firewall", "--dry-run") == 0
    assert f"Plan for {port}/tcp" in capsys.readouterr().out
    assert left("--plain", "close", port, "--by", "firewall", "--dry-run") == 0
    assert left("--json", "close", port, "--by", "firewall", "--dry-run") == 0
    assert json.loads(capsys.readouterr().out)["change"] is None
    assert nft.present() is None
    assert left("journal") == 0
    assert "No door was ever changed" in capsys.readouterr().out


def test_a_door_is_closed_shown_in_the_journal_and_opened_again(port: str, capsys: Capture) -> None:
    words = ("close", f"{port}/tcp", "--by", "firewall", "--yes", "--for", "0")
    assert left(*words) == 0
    assert "firewall: the kernel has the rules" in capsys.readouterr().out
    assert left("journal", "--json") == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["state"] == "confirmed"
    assert left("journal", change["id"]) == 0
    assert left("journal", "--plain") == 0
    assert left("confirm", change["id"]) == 2
    assert left("undo", "--json") == 0
    assert left("undo", change["id"], "--if-not-confirmed") == 0
    assert nft.present() is None


def test_json_tells_the_plan_and_the_change(port: str, capsys: Capture) -> None:
    assert left("--json", "close", port, "--by", "firewall", "--yes", "--for", "0") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["change"]["move"] == "firewall"
    assert document["holders"]


def test_nothing_is_done_unless_somebody_says_yes(
    port: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert left("close", port, "--by", "firewall") == 130
    assert nft.present() is None
    assert "> firewall: drop what comes" in capsys.readouterr().out


def test_a_move_that_no_file_allows_is_refused_with_the_reason(port: str, capsys: Capture) -> None:
    assert left("move", port, "47999", "--yes") == 2
    assert "error:" in capsys.readouterr().err


def test_allow_writes_the_policy(port: str, tmp_path: Path, capsys: Capture) -> None:
    policy = tmp_path / "doors.toml"
    policy.write_text('schema = "tojimari.doors/1"\n', encoding="ascii")
    words = ("--from", "192.0.2.0/24", "--why", "the shop", "--policy", str(policy))
    assert left("allow", f"{port}/tcp", *words, "--yes", "--for", "0") == 0
    assert 'why = "the shop"' in policy.read_text(encoding="ascii")
    assert left("undo") == 0
    assert "why" not in policy.read_text(encoding="ascii")


def test_where_says_that_it_found_nothing(port: str, capsys: Capture) -> None:
    assert left("where", f"{port}/tcp") == 1
    assert left("where", f"{port}/tcp", "--plain") == 1
    assert left("where", f"{port}/tcp", "--json") == 1
    assert "No configuration that tojimari understands" in capsys.readouterr().out
