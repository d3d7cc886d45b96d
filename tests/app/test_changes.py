import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tojimari.app import changes
from tojimari.close import apply
from tojimari.close.guard import Access, Session
from tojimari.close.journal import Journal, boot
from tojimari.core.endpoint import Transport
from tojimari.core.errors import PrivilegeError, RefusedError, UsageError
from tojimari.core.plan import Deed, Kind, Target
from tojimari.core.record import Record, State

BEFORE, AFTER = b"port 6379\n", b"port 6380\n"


@pytest.fixture
def book(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "state")
    made.prepare()
    return made


def made(book: Journal, name: str, at: float, state: State = State.PENDING) -> Record:
    """A change that was made."""
    path = book.path / name
    path.write_bytes(BEFORE)
    record = Record(
        id=name,
        at=at,
        boot=boot(),
        command="tojimari close 6379",
        operator="root",
        targets=(Target(Transport.TCP, 6379),),
        move="config",
        deeds=(Deed(Kind.WRITE, path=str(path), before=BEFORE, after=AFTER),),
    )
    done = apply.perform(book, record)
    return book.write(replace(done, state=state))


@pytest.mark.usefixtures("root")
def test_without_a_name_the_last_change_in_force_is_undone(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    made(book, "bbbbbb", 2.0, State.CONFIRMED)
    undone = changes.undo(state=book.path)
    assert undone is not None
    assert (undone.id, undone.state) == ("bbbbbb", State.UNDONE)
    assert (book.path / "bbbbbb").read_bytes() == BEFORE
    assert (book.path / "aaaaaa").read_bytes() == AFTER


@pytest.mark.usefixtures("root")
def test_the_timer_leaves_what_is_confirmed(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    assert changes.confirm(state=book.path).state is State.CONFIRMED
    assert changes.undo("aaaaaa", automatic=True, state=book.path) is None
    assert (book.path / "aaaaaa").read_bytes() == AFTER


@pytest.mark.usefixtures("root")
def test_the_timer_takes_back_what_nobody_confirmed(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    assert changes.undo("aaaaaa", automatic=True, state=book.path) is not None
    assert (book.path / "aaaaaa").read_bytes() == BEFORE


@pytest.mark.usefixtures("root")
def test_the_timer_waits_for_whoever_is_at_it_since_it_comes_only_once(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    with subprocess.Popen(
        ["flock", str(book.path / "lock"), "sh", "-c", "echo held; read -r line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RefusedError):
            changes.undo("aaaaaa", state=book.path)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(changes.undo, "aaaaaa", automatic=True, state=book.path)
            # It has asked for the lock when the kernel lists somebody who waits for it ("->").
            while b"->" not in Path("/proc/locks").read_bytes():
                assert not waiting.done()
            holder.stdin.close()
            undone = waiting.result()
    assert undone is not None
    assert (book.path / "aaaaaa").read_bytes() == BEFORE


@pytest.mark.usefixtures("root")
def test_undoing_twice_does_it_once(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    for _ in range(2):
        undone = changes.undo("aaa", state=book.path)
        assert undone is not None
        assert undone.state is State.UNDONE


@pytest.mark.usefixtures("root")
def test_what_does_not_wait_is_not_confirmed(book: Journal) -> None:
    with pytest.raises(UsageError):
        changes.confirm(state=book.path)
    made(book, "aaaaaa", 1.0, State.CONFIRMED)
    with pytest.raises(UsageError):
        changes.confirm("aaaaaa", state=book.path)


@pytest.mark.usefixtures("root")
def test_the_next_start_undoes_what_was_cut_off_before_anything_else(book: Journal) -> None:
    made(book, "aaaaaa", 1.0, State.APPLYING)
    made(book, "bbbbbb", 2.0)
    assert changes.confirm(state=book.path).id == "bbbbbb"
    assert book.get("aaaaaa").state is State.UNDONE


@pytest.mark.usefixtures("root")
def test_a_session_that_is_older_than_the_change_confirms_nothing(book: Journal) -> None:
    def session(*pids: int) -> Session:
        door = Target(Transport.TCP, 22)
        return Session(Access.SSH, door, "203.0.113.7", holders=frozenset(pids))

    made(book, "aaaaaa", time.time() + 3600)
    with pytest.raises(RefusedError):
        changes.confirm(session=session(os.getpid()), state=book.path)
    gone = session(2**22 + 1)  # more than any process number (PID_MAX_LIMIT)
    assert changes.confirm(session=gone, state=book.path).state is State.CONFIRMED
    made(book, "bbbbbb", 1.0)
    newer = session(os.getpid())
    assert changes.confirm(session=newer, state=book.path).id == "bbbbbb"


def test_the_journal_is_read_by_name_or_whole(book: Journal) -> None:
    made(book, "aaaaaa", 1.0)
    made(book, "bbbbbb", 2.0)
    assert [one.id for one in changes.records(state=book.path)] == ["aaaaaa", "bbbbbb"]
    assert [one.id for one in changes.records(("b",), state=book.path)] == ["bbbbbb"]


def test_nobody_but_root_may_change_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(PrivilegeError):
        changes.undo()
