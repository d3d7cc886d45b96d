"""How a scan is shown while it runs and when it is over."""

import shutil
import signal
import sys
import time
from collections.abc import Sequence
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Self

import click

from tojimari.app.scan import Event, Found, Going, Run
from tojimari.cli import output, settings
from tojimari.core.endpoint import Transport
from tojimari.scan.listed import Listed
from tojimari.scan.plan import Plan
from tojimari.scan.tally import Tally
from tojimari.scan.task import Ended

if TYPE_CHECKING:
    from tojimari.app.scan_file import Saved
    from tojimari.linux.outside import Outside

NOTHING_OPEN = 1
NOT_ALL = 2


def run(
    plan: Plan,
    *,
    saved: "Saved | None" = None,
    places: "Sequence[Outside]" = (),
    lines: bool,
    only_open: bool,
) -> int:
    """Do a plan, and say what it finds.

    Args:
        plan: What is done.
        saved: The file that keeps it; None where none does.
        places: From where outside each part is done; empty for the inside.
        lines: Whether each door is a JSON line of its own, as soon as it is known.
        only_open: Whether only open doors are listed.
    """
    shown = Shown(plan, saved, lines=lines, only_open=only_open)
    running = Run(plan, saved.positions if saved else None, places)
    with Interrupts(running) as interrupts:
        shown.begin()
        with running, Bar(shown.tally) as bar:
            for event in running:
                bar.hide()
                shown.take(event)
                bar.show()
    shown.end()
    if interrupts.number is not None:
        return 128 + interrupts.number  # as shells report it
    if shown.tally.ended in {Ended.TIME, Ended.STOPPED}:
        return NOT_ALL
    return 0 if shown.tally.opened else NOTHING_OPEN


class Shown:
    """Says what a scan finds, in the form that was asked for.

    Attributes:
        tally: The sum of it.
    """

    def __init__(
        self, plan: Plan, saved: "Saved | None" = None, *, lines: bool, only_open: bool
    ) -> None:
        """Nothing is said before it begins."""
        self.tally = Tally(plan) if saved is None else saved.tally
        self._saved = saved
        self._lines = lines
        self._only_open = only_open
        self._began = time.monotonic()

    def begin(self) -> None:
        """Say what is about to be done."""
        from tojimari.report import scan  # noqa: PLC0415 - so that the help starts at once

        chosen = settings.current()
        if not (chosen.json or chosen.plain or self._lines):
            output.lines([*scan.plan(self.tally.plan, chosen.language), ""])
            sys.stdout.flush()

    def take(self, event: Event) -> None:
        """Something was told."""
        keeper = self._saved or self.tally
        if isinstance(event, Found):
            self._doors(keeper.found(event.part, event.answers))
        elif isinstance(event, Going):
            keeper.going(event.part, event.progress)
        else:
            keeper.done(event.part, event.ending)

    def _doors(self, listed: Listed) -> None:
        if self._only_open:
            listed = listed.only_open()
        if not len(listed):
            return
        chosen = settings.current()
        if self._lines:
            from tojimari.report import scan_document  # noqa: PLC0415 - for those who want JSON

            output.raw((scan_document.lines(listed, self.tally, service),))
        elif chosen.plain and not chosen.json:
            from tojimari.report import scan  # noqa: PLC0415 - so that the help starts at once

            output.raw((scan.plain(listed, self.tally, service),))

    def end(self) -> None:
        """Say the whole."""
        from tojimari.report import scan  # noqa: PLC0415 - so that the help starts at once

        seconds = time.monotonic() - self._began
        if self._saved is not None:
            seconds = self._saved.elapsed
            self._saved.end()
        chosen = settings.current()
        if self._lines or chosen.json:
            from tojimari.report import scan_document  # noqa: PLC0415 - for those who want JSON

            if self._lines:
                output.json_line(scan_document.end(self.tally, seconds))
            else:
                only = self._only_open
                output.json_pieces(
                    scan_document.encoded(self.tally, service, seconds, only_open=only)
                )
        elif not chosen.plain:
            view = output.view()
            output.block(scan.machines(self.tally, service, view, only_open=self._only_open))
            output.lines(scan.summary(self.tally, seconds, view))
            if self._saved is not None and not self._saved.complete:
                output.lines([scan.unfinished(self._saved.path, view.language)])


@cache
def service(port: int, transport: Transport) -> str:
    """IANA's name for a number; empty where there is none."""
    from tojimari.registry import assignments  # noqa: PLC0415 - 10 ms, when there is a door

    return assignments.usual_name(port, transport) or ""


class Interrupts:
    """Ctrl-C and the wish to end are taken as a wish to hear what is known; a second one ends it.

    Attributes:
        number: Of the signal that came; None where none did.
    """

    def __init__(self, running: Run) -> None:
        """Nothing is changed before it is entered.

        Args:
            running: What is stopped.
        """
        self.number: int | None = None
        self._running = running
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Take the signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(self, *error: object) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what it gave us  # pyright: ignore[reportArgumentType]

    def _came(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number
        self._running.stop()


class Bar:
    """The last line of the terminal: how far it is."""

    def __init__(self, tally: Tally) -> None:
        """Nothing is drawn before it is entered."""
        self._tally = tally
        self._began = time.monotonic()
        self._on_terminal = sys.stderr.isatty() and not settings.current().plain
        self._drawn = False

    def __enter__(self) -> Self:
        """Draw it."""
        self.show()
        return self

    def __exit__(self, *error: object) -> None:
        """Take it away."""
        self.hide()

    def show(self) -> None:
        """Draw it."""
        if not self._on_terminal:
            return
        from tojimari.report import scan  # noqa: PLC0415 - so that the help starts at once

        elapsed = time.monotonic() - self._began
        width = shutil.get_terminal_size().columns
        language = settings.current().language
        click.echo(
            "\r" + scan.progress(self._tally, elapsed, language, width=width), nl=False, err=True
        )
        self._drawn = True

    def hide(self) -> None:
        """Take it away."""
        if self._drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._drawn = False
