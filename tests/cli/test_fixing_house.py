"""``tojimari check --fix`` as somebody types it: in a real house, at a real terminal."""

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import knocked, snapshot, tojimari

HOUSE = "files"
PATIENCE = 90.0  # seconds; a plan takes one, a busy machine many
PROMPT = "quit (q)?"


@pytest.fixture
def town(streets: Streets) -> Iterator[Street]:
    """A house with two doors, whose policy means none at all."""
    street = streets.up("town")
    serve = ("--unit=extra", "--quiet", "python3", "-m", "http.server", "8001")
    inside(street, HOUSE, "systemd-run", *serve)
    while knocked(street, HOUSE, 8001) != "open":
        pass
    inside(street, HOUSE, "sh", "-c", "printf 'schema = \"tojimari.doors/1\"\\n' >/root/doors.toml")
    yield street
    inside(street, HOUSE, "rm", "-f", "/root/doors.toml")
    inside(street, HOUSE, "systemctl", "stop", "extra")


_TERMINALS: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """Nobody who sat at a terminal outlives a test that failed."""
    yield
    while _TERMINALS:
        process = _TERMINALS.pop()
        process.kill()
        process.wait()


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, street: Street, *words: str) -> None:
        self.near, far = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *street.line(HOUSE, ["env", "TERM=dumb", *words])],
            stdin=far,
            stdout=far,
            stderr=far,
        )
        os.close(far)
        self.said = ""
        _TERMINALS.append(self.process)

    def until_asked(self) -> bool:
        """Read until it asks; False where it ended instead."""
        read = ""
        deadline = time.monotonic() + PATIENCE
        while PROMPT not in read:
            assert time.monotonic() < deadline, self.said + read
            if not select.select([self.near], [], [], 1)[0]:
                continue
            try:
                read += os.read(self.near, 4096).decode("utf-8", "replace")
            except OSError:  # EIO: the other end is closed
                self.said += read
                return False
        self.said += read
        return True

    def answer(self, text: str) -> None:
        """Type something."""
        os.write(self.near, text.encode() + b"\n")

    def code(self) -> int:
        """How it ended."""
        while self.until_asked():
            self.answer("q")
        os.close(self.near)
        return self.process.wait(timeout=PATIENCE)


def test_each_finding_is_shown_and_asked_about_and_done_only_where_that_is_said(
    town: Street,
) -> None:
    assert knocked(town, HOUSE, 21) == "open"
    terminal = Terminal(town, "tojimari", "check", "--fix")
    answers: list[str] = []
    while terminal.until_asked():
        asked = terminal.said.rpartition("\n[")[2].splitlines()[0]
        answers.append("d" if " 21" in asked else "s")
        terminal.answer(answers[-1])
    assert terminal.code() == 1, terminal.said  # some were skipped
    assert answers.count("d") == 1
    assert "> sudo tojimari close 21" in terminal.said
    assert f"Mended: 1 of {len(answers)}." in terminal.said
    assert knocked(town, HOUSE, 21) != "open"
    (change,) = [
        one
        for one in json.loads(tojimari(town, HOUSE, "journal", "--json")[1])["changes"]
        if one["state"] == "pending"
    ]
    assert change["command"] == "tojimari close 21"
    assert f"sudo tojimari confirm {change['id']}" in terminal.said
    assert tojimari(town, HOUSE, "undo", change["id"])[0] == 0
    assert knocked(town, HOUSE, 21) == "open"


def test_whoever_presses_ctrl_c_at_the_question_leaves_everything_as_it_was(town: Street) -> None:
    before = snapshot(town, HOUSE, ["vsftpd.service"])
    terminal = Terminal(town, "tojimari", "check", "--fix")
    assert terminal.until_asked()
    os.write(terminal.near, b"\x03")
    # Those who lead into the house get the signal too, and end by it.
    assert terminal.code() in {130, -signal.SIGINT}
    assert snapshot(town, HOUSE, ["vsftpd.service"]) == before


def test_what_the_round_names_can_be_typed_as_it_stands(town: Street) -> None:
    found = json.loads(tojimari(town, HOUSE, "check", "--json")[1])["findings"]
    mends = {one["mend"] for one in found if one["mend"]}
    assert "sudo tojimari close 21" in mends
    for mend in mends:
        line = mend.removeprefix("sudo ") + " --dry-run"
        said = subprocess.run(
            town.line(HOUSE, ["sh", "-c", line]), capture_output=True, text=True, check=False
        )
        assert "Plan for" in said.stdout, said.stderr


def test_whoever_is_not_root_is_told_before_the_round(town: Street) -> None:
    words = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    terminal = Terminal(town, *words, "env", "HOME=/", "tojimari", "check", "--fix")
    assert not terminal.until_asked()
    assert "only root may close" in terminal.said
    assert terminal.code() == 2
