"""A change that is cut off anywhere ends in the state before or in the state after."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tojimari.close import apply, deeds, nft, table
from tojimari.close.journal import Journal, boot
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError
from tojimari.core.plan import Deed, Kind, Target
from tojimari.core.record import Record, State

REDIS = Target(Transport.TCP, 6379)
BEFORE, AFTER = b"port 6379\n", b"port 6380\n"

# Runs a change, and is killed at the n-th of all moments at which something is about to happen.
KILLED = textwrap.dedent(
    """
    import os, signal, sys
    import msgspec
    from pathlib import Path
    from tojimari.close import apply, deeds
    from tojimari.close.journal import Journal
    from tojimari.core.record import Record

    moments = int(sys.argv[2])

    def passing(function):
        def wrapped(*arguments, **keywords):
            global moments
            if moments == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            moments -= 1
            return function(*arguments, **keywords)
        return wrapped

    record = msgspec.json.decode(sys.stdin.buffer.read(), type=Record)
    journal = Journal(Path(sys.argv[1]))
    journal.prepare()
    os.fsync = passing(os.fsync)
    Path.replace = passing(Path.replace)
    deeds.run = passing(deeds.run)
    deeds.nft.run = passing(deeds.nft.run)
    with journal.alone():
        {act}
    """
)
PERFORM = "apply.perform(journal, record)"
UNDO = "apply.undo(journal, record)"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "state")
    made.prepare()
    return made


def record(folder: Path) -> Record:
    """A change with a deed of each kind that can be undone."""
    config, made, flag = folder / "config", folder / "made" / "drop-in", folder / "flag"
    config.write_bytes(BEFORE)
    return Record(
        id="0a1b2c",
        at=1.0,
        boot=boot(),
        command="tojimari close 6379",
        operator="root",
        targets=(REDIS,),
        move="config",
        deeds=(
            Deed(Kind.RUN, ("touch", str(flag)), ("rm", "-f", str(flag))),
            Deed(Kind.WRITE, path=str(config), before=BEFORE, after=AFTER),
            Deed(Kind.WRITE, path=str(made), before=None, after=AFTER),
            Deed(Kind.SHUT, elements=table.closing([REDIS]), seconds=600),
        ),
    )


def state(folder: Path) -> list[str]:
    """Every file with its content, and what is in the table."""
    files = sorted(
        f"{one.relative_to(folder)}={one.read_text(encoding='ascii')}"
        for one in folder.rglob("*")
        if one.is_file() and "state" not in one.parts
    )
    found = nft.present()
    return [*files, *(() if found is None else map(str, found.elements))]


def killed(journal: Journal, change: Record, act: str, moment: int) -> bool:
    """Run it in another process; whether it was killed at that moment, or had ended before."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED.replace("{act}", act), str(journal.path), str(moment)],
        input=msgspec.json.encode(change),
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode != 0


@pytest.mark.usefixtures("root")
def test_wherever_a_change_is_cut_off_the_next_start_puts_everything_back(
    journal: Journal, tmp_path: Path
) -> None:
    change = record(tmp_path)
    before = state(tmp_path)
    moment = 0
    while killed(journal, change, PERFORM, moment):
        known = journal.all()
        if not known:
            assert state(tmp_path) == before  # nothing is begun before it is written down
        with journal.alone():
            found = apply.recover(journal)
        assert state(tmp_path) == before, moment
        assert [one.state for one in found] == [State.UNDONE] * len(known)
        assert [one.notes[-1].code for one in found] == ["cut-off"] * len(known)
        for left in journal.records.iterdir():
            left.unlink()
        moment += 1
    assert moment > 12
    assert len(state(tmp_path)) == 4
    with journal.alone():
        apply.undo(journal, journal.get("0a"))
    assert state(tmp_path) == before


@pytest.mark.usefixtures("root")
def test_wherever_undoing_is_cut_off_the_next_start_finishes_it(
    journal: Journal, tmp_path: Path
) -> None:
    change = record(tmp_path)
    before = state(tmp_path)
    moment = 0
    while True:
        done = apply.perform(journal, change)
        if not killed(journal, done, UNDO, moment):
            break
        with journal.alone():
            apply.recover(journal)
        assert state(tmp_path) == before, moment
        assert journal.get("0a").state is State.UNDONE
        moment += 1
    assert moment > 8
    assert state(tmp_path) == before


@pytest.mark.usefixtures("root")
def test_a_deed_that_fails_undoes_those_before_it(journal: Journal, tmp_path: Path) -> None:
    change = record(tmp_path)
    before = state(tmp_path)
    failing = replace(change, deeds=(*change.deeds, Deed(Kind.RUN, ("false",))))
    with pytest.raises(HostError):
        apply.perform(journal, failing)
    assert state(tmp_path) == before
    assert journal.get("0a").state is State.UNDONE
    assert [one.text for one in journal.get("0a").notes] == ["{program} failed: {why}"]


@pytest.mark.usefixtures("root")
def test_whoever_presses_ctrl_c_leaves_nothing_half_done(journal: Journal, tmp_path: Path) -> None:
    change = record(tmp_path)
    before = state(tmp_path)

    def pressed(deed: Deed, name: str) -> None:
        if deed.kind is Kind.SHUT:
            raise KeyboardInterrupt
        deeds.do(deed, name)

    with pytest.raises(KeyboardInterrupt):
        apply.perform(journal, change, pressed)
    assert state(tmp_path) == before
    found = journal.get("0a")
    assert (found.state, found.notes[-1].code) == (State.UNDONE, "interrupted")


@pytest.mark.usefixtures("root")
def test_what_cannot_be_undone_keeps_nothing_else_from_it(journal: Journal, tmp_path: Path) -> None:
    change = apply.perform(journal, record(tmp_path))
    (tmp_path / "config").write_bytes(b"somebody else's")
    assert apply.undo(journal, change).state is State.STUCK
    assert state(tmp_path) == ["config=somebody else's"]


@pytest.mark.usefixtures("root")
def test_a_door_that_nobody_confirms_is_opened_by_the_kernel_alone(journal: Journal) -> None:
    shut = Deed(Kind.SHUT, elements=table.closing([REDIS]), seconds=1)
    change = replace(record(journal.path), deeds=(shut,))
    apply.perform(journal, change)
    watched = subprocess.Popen(
        ["sh", "-c", "while nft list table inet tojimari | grep -q 6379; do :; done"]
    )
    assert watched.wait(timeout=30) == 0
    with journal.alone():
        apply.undo(journal, journal.get("0a"))
    assert nft.present() is None


@pytest.mark.usefixtures("root")
def test_a_flush_of_all_rules_meanwhile_is_undone_like_anything_else(journal: Journal) -> None:
    shut = Deed(Kind.SHUT, elements=table.closing([REDIS]), seconds=600)
    change = apply.perform(journal, replace(record(journal.path), deeds=(shut,)))
    nft.run("flush ruleset\n")
    assert apply.undo(journal, change).state is State.UNDONE


@pytest.mark.usefixtures("root")
def test_confirming_takes_the_time_limit_away(journal: Journal) -> None:
    shut = Deed(Kind.SHUT, elements=table.closing([REDIS]), seconds=600)
    change = apply.perform(journal, replace(record(journal.path), deeds=(shut,)))
    assert apply.confirm(journal, change).state is State.CONFIRMED
    listed = subprocess.run(
        ["nft", "list", "table", "inet", "tojimari"], capture_output=True, text=True, check=True
    )
    assert "6379" in listed.stdout
    assert "expires" not in listed.stdout
    apply.undo(journal, journal.get("0a"))
    assert nft.present() is None


def test_a_change_that_nobody_confirmed_in_time_is_undone_at_the_next_start(
    journal: Journal, tmp_path: Path
) -> None:
    change = record(tmp_path)
    made = apply.perform(journal, replace(change, deeds=change.deeds[1:3]))
    journal.write(replace(made, state=State.PENDING, deadline=100.0))
    assert apply.recover(journal, now=99.0) == []
    (found,) = apply.recover(journal, now=101.0)
    assert (found.state, found.notes[-1].code) == (State.UNDONE, "not-confirmed")


def test_a_change_that_a_reboot_overtook_is_undone_at_the_next_start(
    journal: Journal, tmp_path: Path
) -> None:
    change = replace(record(tmp_path), boot="another", deeds=())
    journal.write(replace(change, state=State.PENDING, deadline=100.0))
    assert [one.state for one in apply.recover(journal, now=1.0)] == [State.UNDONE]


def test_the_timer_needs_no_tojimari_until_it_fires() -> None:
    deed = apply.timer("0a1b2c", 60, ("tojimari", "undo", "0a1b2c"))
    assert deed.typed == (
        "systemd-run --quiet --collect --unit=tojimari-undo-0a1b2c --on-active=60"
        " --timer-property=AccuracySec=100ms tojimari undo 0a1b2c"
    )
    assert apply.is_timer(deed, "0a1b2c")
    assert not apply.is_timer(Deed(Kind.RUN), "0a1b2c")
