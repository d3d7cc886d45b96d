"""How a change that was made, confirmed or undone is told."""

from typing import TYPE_CHECKING

from tojimari.cli import output, settings
from tojimari.core.record import State

if TYPE_CHECKING:
    from tojimari.core.record import Record

STUCK = 2  # something could not be undone


def told(record: "Record") -> int:
    """Say how a change is now; the exit code."""
    from tojimari.report import journal  # noqa: PLC0415 - so that the help starts at once

    chosen = settings.current()
    if chosen.json:
        from tojimari.report import journal_document  # noqa: PLC0415 - the same

        output.json(journal_document.document([record]))
    elif chosen.plain:
        output.lines(journal.plain([record]))
    else:
        output.lines(journal.whole(record, output.view()))
    return STUCK if record.state is State.STUCK else 0
