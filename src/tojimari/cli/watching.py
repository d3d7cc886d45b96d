"""``look --watch``: on a terminal the screen is drawn anew, elsewhere a line is written a change.

Ctrl-C is how it is meant to end, so it ends with exit code 0, as ``watch`` and ``top`` do. The
terminal is left as it was: what was on it before comes back (the alternate screen of xterm, which
all terminals know that know any escapes), also when the process is stopped or asked to end.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Self

from tojimari.app.watch import follow
from tojimari.cli import looking, output, settings
from tojimari.core.change import changes
from tojimari.core.look import Look
from tojimari.core.message import Message
from tojimari.registry.query import Query

REFRESH = 30.0  # seconds: "for 3 min" must not grow stale
TERMINATED = 128 + signal.SIGTERM

# ECMA-48 and xterm's "Control Sequences": alternate screen, cursor hidden; and back
ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = "\x1b[?25h\x1b[?1049l"
HOME = "\x1b[H"
REST_OF_LINE = "\x1b[K"
REST_OF_SCREEN = "\x1b[J"


def run(queries: Sequence[Query], *, clients: bool, namespace: str | None) -> int:
    """Watch until somebody ends it.

    Args:
        queries: As for ``app.look.look``.
        clients: The same.
        namespace: The same.
    """
    chosen = settings.current()
    is_screen = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    refresh = REFRESH if is_screen and not (chosen.json or chosen.plain) else None
    looks = follow(queries, clients=clients, namespace=namespace, refresh=refresh)
    try:
        if refresh is None:
            _stream(looks)
        else:
            with Screen() as screen:
                for found in looks:
                    screen.show(found, queries)
    except KeyboardInterrupt:
        return 0
    return 0


def _stream(looks: Iterable[Look]) -> None:
    """A line a change, beginning with every door that is open."""
    from tojimari.report import documents, doors  # noqa: PLC0415 - the screen needs neither

    before: Look | None = None
    for found in looks:
        found_changes = changes(before, found)
        if settings.current().json:
            for change in found_changes:
                output.json_line(documents.change(change))
        else:
            output.lines(doors.plain_change(change) for change in found_changes)
        sys.stdout.flush()
        before = found


class Screen:
    """A terminal that shows the doors, until it is left."""

    def __init__(self) -> None:
        """Nothing happens before it is entered."""
        self._shown: tuple[Look, Sequence[Query]] | None = None
        self._is_drawing = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Take the terminal."""
        handlers = {
            signal.SIGWINCH: self._resized,
            signal.SIGTSTP: self._stopped,
            signal.SIGTERM: self._terminated,
        }
        for number, handler in handlers.items():
            self._before[number] = signal.signal(number, handler)
        _write(ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back as it was."""
        _write(LEAVE)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what it gave us  # pyright: ignore[reportArgumentType]

    def show(self, found: Look, queries: Sequence[Query]) -> None:
        """Draw a look."""
        self._shown = (found, queries)
        self._draw()

    def _draw(self) -> None:
        if self._shown is None or self._is_drawing:
            return
        self._is_drawing = True
        try:
            rows = fitting(list(looking.lines(*self._shown)), shutil.get_terminal_size().lines)
            _write(HOME + "".join(f"{output.styled(row)}{REST_OF_LINE}\r\n" for row in rows))
            _write(REST_OF_SCREEN)
        finally:
            self._is_drawing = False

    def _resized(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._draw()

    def _stopped(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal, and we draw anew when we go on."""
        del number, frame
        _write(LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        _write(ENTER)
        self._draw()

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        raise SystemExit(TERMINATED)


def fitting(rows: list[str], height: int) -> list[str]:
    """As many rows as the screen has, and how many there would be more.

    Args:
        rows: All of them.
        height: Rows of the terminal; the last is left to the cursor.
    """
    room = max(2, height - 1)
    if len(rows) <= room:
        return rows
    left_out = len(rows) - room + 1
    message = Message(
        "more-lines", "... and {count} more lines: the terminal is too low.", {"count": left_out}
    )
    return [*rows[: room - 1], settings.current().language.say(message)]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
