"""The latch on the real kernel, in a network namespace without a service manager."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tojimari.app import latch as app
from tojimari.close import apply, latch, nft, table
from tojimari.close.journal import Journal, boot
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Deed, Element, Kind, Target
from tojimari.core.record import Record, State

REDIS, WEB = (table.closing([Target(Transport.TCP, port)]) for port in (6379, 80))
PATIENCE = 30.0  # seconds; the machine may be busy with other tests

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "state")
    made.prepare()
    yield made
    nft.run("flush ruleset\n")


def shut(journal: Journal, name: str, elements: tuple[Element, ...], seconds: int = 600) -> Record:
    """A door that was closed and waits to be confirmed."""
    made = Record(
        id=name,
        at=time.time(),
        boot=boot(),
        command="tojimari close",
        operator="root",
        targets=(),
        move="firewall",
        deeds=(Deed(Kind.SHUT, elements=elements, seconds=seconds),),
    )
    done = apply.perform(journal, made)
    return journal.write(replace(done, state=State.PENDING, deadline=time.time() + seconds))


def there(elements: tuple[Element, ...]) -> bool:
    found = nft.present()
    return found is not None and found.chain and set(elements) <= set(found.elements)


def until(elements: tuple[Element, ...], *, gone: bool = False) -> float:
    """Wait until elements are there, or gone; how many seconds it took."""
    began = time.monotonic()
    while there(elements) is gone:
        assert time.monotonic() < began + PATIENCE
    return time.monotonic() - began


@pytest.fixture
def watching(journal: Journal) -> Iterator[subprocess.Popen[str]]:
    """The latch, as its unit starts it, once 6379 is closed for good."""
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    environment = {**os.environ, "TOJIMARI_STATE": str(journal.path)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    nft.run("flush ruleset\n")  # that it is back tells that it watches
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "tojimari.app.latch"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(REDIS)
        yield process
        process.kill()


def test_what_is_closed_for_good_is_put_back_whatever_was_taken_away(journal: Journal) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    assert latch.hold(journal).missing == ()
    for damage in (
        "flush ruleset",
        "flush set inet tojimari closed",
        "flush chain inet tojimari doors",
        "delete table inet tojimari",
    ):
        nft.run(damage + "\n")
        assert not there(REDIS)
        assert latch.hold(journal).missing == REDIS
        assert there(REDIS)
        assert latch.hold(journal).missing == ()


def test_what_waits_to_be_confirmed_comes_back_with_no_more_than_its_time(
    journal: Journal,
) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    shut(journal, "0a0002", WEB, 3)
    nft.run("flush ruleset\n")
    held = latch.hold(journal)
    assert set(held.missing) == {*REDIS, *WEB}
    assert held.again is not None
    assert until(WEB, gone=True) < 10
    assert there(REDIS)
    assert latch.hold(journal).missing == ()


def test_an_element_that_the_kernel_would_take_out_is_made_to_stay(journal: Journal) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    shut(journal, "0a0002", REDIS, 2)  # the same door a second time, for a moment
    assert latch.hold(journal).missing == REDIS
    found = nft.present()
    assert found is not None
    assert found.timed == frozenset()


def test_one_change_undone_leaves_what_another_closes(journal: Journal) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    second = apply.confirm(journal, shut(journal, "0a0002", (*REDIS, *WEB)))
    apply.undo(journal, second)
    latch.hold(journal)
    assert there(REDIS)
    assert not there(WEB)


def test_a_record_that_cannot_be_read_keeps_no_other_from_being_held(journal: Journal) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    (journal.records / "0a0002.json").write_bytes(b"{")
    nft.run("flush ruleset\n")
    assert latch.hold(journal).missing == REDIS


def test_elements_that_others_made_impossible_keep_no_other_out(journal: Journal) -> None:
    target = Target(Transport.TCP, 80)
    wide, narrow = (table.closing([target], [one]) for one in ("10.0.0.0/8", "10.1.0.0/16"))
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    apply.confirm(journal, shut(journal, "0a0002", wide))
    record = replace(shut(journal, "0a0003", WEB), deeds=(Deed(Kind.SHUT, elements=narrow),))
    journal.write(replace(record, state=State.CONFIRMED))
    nft.run("flush ruleset\n")
    with pytest.raises(Exception, match="nft failed"):
        latch.hold(journal)
    assert there((*REDIS, *wide))


def test_after_a_flush_of_all_rules_the_door_is_shut_again_within_a_second(
    watching: subprocess.Popen[str],
) -> None:
    for damage in ("flush ruleset", "delete table inet tojimari"):
        nft.run(damage + "\n")
        assert until(REDIS) < 1.0
    assert watching.stderr is not None
    assert "closed as the journal has it: tcp . 6379" in watching.stderr.readline()
    said = watching.stderr.readline()
    assert said.startswith("nft (")
    assert "had opened what is closed; closed again: tcp . 6379" in said


def test_what_is_undone_stays_open_and_the_latch_ends_with_the_last_of_it(
    journal: Journal, watching: subprocess.Popen[str]
) -> None:
    with journal.alone():
        apply.undo(journal, journal.get("0a0001"))
    assert watching.wait(timeout=PATIENCE) == 0
    assert nft.present() is None
    nft.run("flush ruleset\n")
    assert nft.present() is None


def test_undone_and_flushed_at_once_nothing_is_closed_again(
    journal: Journal, watching: subprocess.Popen[str]
) -> None:
    others = [apply.confirm(journal, shut(journal, f"0b{n:04}", WEB)) for n in range(8)]
    stop = threading.Event()

    def flushing() -> None:
        while not stop.is_set():
            nft.run("flush ruleset\n")

    thread = threading.Thread(target=flushing)
    thread.start()
    try:
        for one in others:
            with journal.alone():
                apply.undo(journal, one)
    finally:
        stop.set()
        thread.join()
    until(REDIS)
    assert not there(WEB)
    assert watching.poll() is None


def test_whatever_the_latch_needs_fits_into_little_memory(watching: subprocess.Popen[str]) -> None:
    rollup = Path(f"/proc/{watching.pid}/smaps_rollup").read_text(encoding="ascii")
    sizes = {line.split()[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    assert sizes["Private_Dirty:"] < 20_000  # KiB


def test_once_tells_what_was_missing(journal: Journal) -> None:
    apply.confirm(journal, shut(journal, "0a0001", REDIS))
    nft.run("flush ruleset\n")
    assert app.once(journal.path).missing == REDIS
    assert app.once(journal.path).missing == ()
