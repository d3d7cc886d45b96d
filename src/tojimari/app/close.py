"""Doors closed, moved and opened again: carried out through the journal, then looked at again."""

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tojimari.app import aftermath, changes, closing, sessions
from tojimari.app.closing import Seen
from tojimari.app.request import Request
from tojimari.close import apply
from tojimari.close.journal import VARIABLE, Journal, boot
from tojimari.close.move import Manager
from tojimari.close.units import System
from tojimari.core.errors import RefusedError
from tojimari.core.message import Message, mark
from tojimari.core.plan import Deed, Kind, Plan, Step
from tojimari.core.record import Record, State


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it.

    Attributes:
        record: The change as the journal has it, with the proof.
        recovered: Changes that were found half done, and were undone before.
    """

    record: Record
    recovered: tuple[Record, ...]


def plan(request: Request) -> tuple[Plan, Seen]:
    """Think a request over, and change nothing.

    Raises:
        PrivilegeError: This is not root.
        UsageError: Something of it makes no sense.
        HostError: The machine cannot be looked at.
    """
    changes.need_root()
    seen = closing.see()
    return closing.plan(request, seen), seen


def carry_out(
    request: Request,
    thought: Plan,
    seen: Seen,
    *,
    even_if_locked_out: bool = False,
    state: Path | None = None,
) -> Done:
    """Do what was planned; it is undone at once where it does not come out as planned.

    Args:
        request: What was asked for.
        thought: The plan for it.
        seen: What the plan was made from.
        even_if_locked_out: Whether it is done though whoever asks would be locked out.
        state: As for ``changes.journal``.

    Raises:
        RefusedError: It would lock out whoever asks, cannot be done, or waits for a confirmation
            already; or somebody else is at it.
        HostError: It did not work, and was undone.
    """
    step = _step(thought)
    if thought.danger and not even_if_locked_out:
        raise _refusal(thought.danger[0], mark("--even-if-locked-out does it all the same"))
    book = changes.journal(state)
    with book.alone():
        recovered = apply.recover(book)
        _refuse_to_double(book, thought)
        record = _record(request, thought, step, book, seen)
        expected = aftermath.before(step, thought, seen)
        done = apply.perform(book, record)
        try:
            ended = sessions.end(thought.targets) if request.end_sessions else ()
            proof = (*aftermath.proof(expected, step, thought, seen, request), *ended)
        except BaseException as error:
            apply.undo(book, replace(done, notes=(*done.notes, apply.reason(error))))
            raise
        done = replace(done, proof=proof)
        if record.deadline is None:
            return Done(apply.keep(book, done), tuple(recovered))
        return Done(book.write(replace(done, state=State.PENDING)), tuple(recovered))


def _step(thought: Plan) -> Step:
    if thought.step is not None:
        return thought.step
    reasons = [one.refused for one in thought.steps if one.refused is not None]
    if len(reasons) == 1:
        raise _refusal(reasons[0])
    raise RefusedError(
        "there is no way to do that here",
        hint=mark("--dry-run shows each way and why it cannot be taken"),
    )


def _refusal(why: Message, hint: str = "") -> RefusedError:
    """A refusal for a reason that was found before."""
    error = RefusedError(why.text, hint=hint)
    error.message = why
    return error


def _refuse_to_double(book: Journal, thought: Plan) -> None:
    for one in book.all():
        if one.state is State.PENDING and set(one.targets) & set(thought.targets):
            raise RefusedError(
                "change {id} of the same door waits to be confirmed",
                hint="sudo tojimari confirm {id}",
                id=one.id,
            )


def _record(request: Request, thought: Plan, step: Step, book: Journal, seen: Seen) -> Record:
    change = book.new_id()
    now = time.time()
    list_ = list(step.deeds)
    limited = request.seconds > 0 and any(_can_be_undone(one) for one in list_)
    if limited:
        list_.insert(0, _timer(change, request.seconds))
    return Record(
        id=change,
        at=now,
        boot=boot(),
        command=request.command,
        operator=_operator(seen),
        targets=thought.targets,
        move=step.move,
        deeds=tuple(list_),
        deadline=now + request.seconds if limited else None,
    )


def _can_be_undone(deed: Deed) -> bool:
    return bool(deed.reverse) or deed.kind in {Kind.WRITE, Kind.SHUT}


def _timer(change: str, seconds: int) -> Deed:
    """What undoes a change that nobody confirms, with no tojimari alive until then."""
    code = (sys.executable, "-P", "-m", "tojimari", "undo", change, "--if-not-confirmed")
    kept = [
        f"{name}={os.environ[name]}" for name in ("PYTHONPATH", VARIABLE) if os.environ.get(name)
    ]
    if System().manager is Manager.SYSTEMD:
        return apply.timer(change, seconds, (*(f"--setenv={one}" for one in kept), *code))
    words = " ".join(["exec", "env", *kept, *code])
    later = f"setsid sh -c 'sleep {seconds}; {words}' </dev/null >/dev/null 2>&1 &"
    return Deed(Kind.RUN, ("sh", "-c", later))


def _operator(seen: Seen) -> str:
    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"{name} from {seen.session.remote}" if seen.session is not None else name
