import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from house import HOUSE, MASTER, SSHD, door, doors
from tojimari.app.look import select as selected
from tojimari.cli import settings, watching
from tojimari.cli.main import main
from tojimari.cli.watching import ENTER, LEAVE
from tojimari.core.look import Look
from tojimari.core.socket import Listener
from tojimari.registry.query import Query

TOJIMARI = Path(sys.executable).with_name("tojimari")
OURS = str(Path("/proc/self/ns/net").stat().st_ino)
PATIENCE = 20  # seconds for something to appear, on a busy machine


def look(*listeners: Listener) -> Look:
    view = replace(HOUSE, listeners=listeners, unseen=())
    return selected(view, doors(view))


LOOKS = (
    look(door("0.0.0.0", 22, SSHD)),
    look(door("0.0.0.0", 22, SSHD), door("0.0.0.0", 80, MASTER)),
    look(door("0.0.0.0", 80, MASTER)),
)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three looks, then Ctrl-C."""

    def follow(queries: Sequence[Query], **options: object) -> Iterator[Look]:
        assert options["refresh"] is None
        assert not queries
        yield from LOOKS
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "follow", follow)


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["look", "--watch", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.mark.usefixtures("followed")
def test_into_a_pipe_every_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert left() == 0
    cells = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [one[1:5] for one in cells] == [
        ["opened", "22/tcp", "0.0.0.0", "host"],
        ["opened", "80/tcp", "0.0.0.0", "host"],
        ["closed", "22/tcp", "0.0.0.0", "host"],
    ]
    assert cells[0][0] == "2023-11-14T22:13:20Z"


@pytest.mark.usefixtures("followed")
def test_for_programs_every_change_is_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["schema"], one["change"], one["door"]["port"]) for one in found] == [
        ("tojimari.look.change/1", "opened", 22),
        ("tojimari.look.change/1", "opened", 80),
        ("tojimari.look.change/1", "closed", 22),
    ]


@pytest.mark.parametrize(
    ("count", "height", "shown"), [(3, 24, 3), (23, 24, 23), (24, 24, 23), (100, 24, 23), (9, 1, 2)]
)
def test_a_screen_shows_what_fits_on_it(
    count: int, height: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "current", settings.Settings)
    rows = watching.fitting([f"row {n}" for n in range(count)], height)
    assert len(rows) == shown
    assert rows[-1] == (
        f"row {count - 1}"
        if shown == count
        else f"... and {count - shown + 1} more lines: the terminal is too low."
    )


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(self.ours, (24, 100))
        self.program = subprocess.Popen(
            [TOJIMARI, "look", "--watch", "--namespace", OURS, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1"},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> str:
        """What was written until a text appears; from there it is read on the next time."""
        while text not in self.seen:
            assert select.select([self.ours], [], [], PATIENCE)[0], f"no {text!r} in {self.seen!r}"
            try:
                more = os.read(self.ours, 65536)
            except OSError:  # the program has gone, and its end of the terminal with it
                more = b""
            assert more, f"no {text!r} before the end: {self.seen!r}"
            self.seen += more.decode()
        head, _, self.seen = self.seen.partition(text)
        return head

    def end(self, number: signal.Signals) -> int:
        self.program.send_signal(number)
        return self.program.wait(PATIENCE)

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.ours)


@pytest.mark.usefixtures("network")
def test_a_terminal_is_drawn_anew_on_every_change_and_left_as_it_was() -> None:
    with closing(Terminal()) as terminal, closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        port = f"{server.getsockname()[1]}/tcp"
        assert port not in terminal.until(ENTER) + terminal.until(watching.REST_OF_SCREEN)
        server.listen()
        terminal.until(port)
        server.close()
        terminal.until(watching.REST_OF_SCREEN)
        assert port not in terminal.until(watching.REST_OF_SCREEN)
        code = terminal.end(signal.SIGINT)
        terminal.until(LEAVE)
    assert code == 0


@pytest.mark.usefixtures("network")
def test_a_terminal_of_another_size_is_drawn_anew() -> None:
    with closing(Terminal()) as terminal:
        terminal.until(watching.REST_OF_SCREEN)
        termios.tcsetwinsize(terminal.ours, (40, 60))
        terminal.program.send_signal(signal.SIGWINCH)
        terminal.until(watching.REST_OF_SCREEN)
        assert terminal.end(signal.SIGINT) == 0


@pytest.mark.usefixtures("network")
def test_a_process_that_is_stopped_gives_the_terminal_back_and_takes_it_again() -> None:
    with closing(Terminal()) as terminal:
        terminal.until(watching.REST_OF_SCREEN)
        terminal.program.send_signal(signal.SIGTSTP)
        terminal.until(LEAVE)
        now = os.waitid(os.P_PID, terminal.program.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert now is not None
        assert now.si_code == os.CLD_STOPPED, f"{now}, and it said {terminal.seen!r}"
        terminal.program.send_signal(signal.SIGCONT)
        terminal.until(ENTER)
        terminal.until(watching.REST_OF_SCREEN)
        assert terminal.end(signal.SIGINT) == 0


@pytest.mark.usefixtures("network")
def test_a_process_that_is_asked_to_end_leaves_the_terminal_as_it_was() -> None:
    with closing(Terminal()) as terminal:
        terminal.until(watching.REST_OF_SCREEN)
        code = terminal.end(signal.SIGTERM)
        terminal.until(LEAVE)
    assert code == 128 + signal.SIGTERM
