"""The journal of changes: shown, confirmed, undone, and what was cut off finished."""

import os
from collections.abc import Mapping
from pathlib import Path

from tojimari.close import apply, deeds
from tojimari.close.guard import Session
from tojimari.close.journal import Journal, folder
from tojimari.core.errors import PrivilegeError, RefusedError, UsageError
from tojimari.core.message import mark
from tojimari.core.record import Record, State


def journal(state: Path | None = None, environment: Mapping[str, str] = os.environ) -> Journal:
    """The journal of this machine.

    Args:
        state: Its folder; None for the usual one, or that of ``TOJIMARI_STATE``.
        environment: What names it.
    """
    return Journal(state or folder(environment))


def need_root() -> None:
    """See that doors may be changed, before anything is planned.

    Raises:
        PrivilegeError: This is not root.
    """
    if os.geteuid() != 0:
        raise PrivilegeError(
            "only root may close, move or open doors",
            hint=mark("type the same with sudo before it"),
        )


def records(names: tuple[str, ...] = (), state: Path | None = None) -> list[Record]:
    """What was changed, the oldest first.

    Args:
        names: Identifiers, or how they begin; empty for all.
        state: As for ``journal``.

    Raises:
        UsageError: There is none of that name.
        PrivilegeError: The journal may not be read.
        HostError: It cannot be read.
    """
    found = journal(state)
    return [found.get(name) for name in names] if names else found.all()


def undo(
    name: str | None = None, *, automatic: bool = False, state: Path | None = None
) -> Record | None:
    """Undo one change, and no other.

    Args:
        name: Its identifier; None for the last that is in force.
        automatic: Whether a timer asks: then what is confirmed stays, and None is returned.
        state: As for ``journal``.

    Raises:
        UsageError: There is none of that name, or none in force.
        PrivilegeError: This is not root.
        RefusedError: Somebody else is at it.
    """
    need_root()
    book = journal(state)
    with book.alone(wait=automatic):
        if automatic and name is not None:
            record = book.get(name)
            waiting = record.state.is_half or record.state is State.PENDING
            return apply.undo(book, record) if waiting else None
        apply.recover(book)
        record = book.get(name) if name else _last(book, {State.PENDING, State.CONFIRMED})
        if record.state is State.UNDONE:
            return record
        return apply.undo(book, record)


def confirm(
    name: str | None = None, *, session: Session | None = None, state: Path | None = None
) -> Record:
    """Keep a change that would undo itself.

    Args:
        name: Its identifier; None for the last that waits.
        session: Of whoever confirms, where it must be newer than the change: an old session goes on
            although nobody could log in any more. None where it does not matter.
        state: As for ``journal``.

    Raises:
        UsageError: There is none of that name, or none that waits.
        PrivilegeError: This is not root.
        RefusedError: Somebody else is at it; or the session is older than the change.
    """
    need_root()
    book = journal(state)
    with book.alone():
        apply.recover(book)
        record = book.get(name) if name else _last(book, {State.PENDING})
        if record.state is not State.PENDING:
            raise UsageError(
                "change {id} does not wait to be confirmed",
                hint="sudo tojimari journal {id}",
                id=record.id,
            )
        if session is not None and _is_older(session, record):
            raise RefusedError(
                "this session is older than the change: it shows nothing of the next login",
                hint=mark("log in anew and type it there; --from-here does it all the same"),
            )
        return apply.confirm(book, record)


def _is_older(session: Session, record: Record) -> bool:
    """Whether a session was there before a change; unsure counts as not."""
    starts = [deeds.began(pid) for pid in session.holders]
    known = [one for one in starts if one is not None]
    # The kernel's clock of processes ticks a hundred times a second, and btime is whole seconds.
    return bool(known) and max(known) < record.at - 1


def _last(book: Journal, states: set[State]) -> Record:
    found = [one for one in book.all() if one.state in states]
    if not found:
        raise UsageError("no such change is in force", hint="sudo tojimari journal")
    return found[-1]
