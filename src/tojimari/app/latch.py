"""What was closed for good, held closed: run by a unit of tojimari's own, with as little as it can.

``python -m tojimari.app.latch`` is what the unit starts; ``tojimari latch`` is the same for people
and for other programs that start services.
"""

import os
import sys
from pathlib import Path

from tojimari.close import latch, latch_unit
from tojimari.close.journal import Journal, folder
from tojimari.close.latch import Held, Say
from tojimari.core.errors import PrivilegeError, TojimariError
from tojimari.core.message import Message, mark
from tojimari.core.text import printable


def once(state: Path | None = None) -> Held:
    """Put back whatever is missing, and end.

    Args:
        state: Folder of the journal; None for the usual one.

    Raises:
        PrivilegeError: This is not root.
        HostError: The firewall cannot be changed.
    """
    return latch.hold(_journal(state))


def watch(say: Say, state: Path | None = None) -> None:
    """Hold it for as long as anything is closed for good; then leave nothing behind.

    Args:
        say: Told what was put back, and what went wrong.
        state: Folder of the journal; None for the usual one.

    Raises:
        PrivilegeError: This is not root.
        HostError: The kernel does not tell of changes.
    """
    book = _journal(state)
    while True:
        latch.watch(book, say)
        # Whoever undoes the last change removes the unit, and with it us; he may have been killed.
        with book.alone(wait=True):
            if not latch.is_needed(book):
                if latch_unit.is_possible():
                    latch_unit.remove(stop=False)
                return


def _journal(state: Path | None) -> Journal:
    if os.geteuid() != 0:
        raise PrivilegeError(
            "only root may close, move or open doors",
            hint=mark("type the same with sudo before it"),
        )
    book = Journal(state or folder(os.environ))
    book.prepare()
    return book


def _say(message: Message) -> None:
    said = {name: printable(str(value)) for name, value in message.values.items()}
    sys.stderr.write(message.text.format_map(said) + "\n")
    sys.stderr.flush()


def main() -> int:
    """Hold it; the exit code."""
    try:
        watch(_say)
    except TojimariError as error:
        _say(error.message)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
