"""The latch: what was closed for good falls shut again when somebody has flushed the rules.

It sleeps until the kernel tells of a transaction; looks whether tojimari's own table still is what
it was; and puts back what is missing, by the journal as it is at that moment. Whoever takes
elements out (``undo``) writes so into the journal first, and both hold the same lock while they
change the table: so nothing is closed again that was undone.
"""

import os
import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tojimari.close import lasting, nft, table
from tojimari.close.journal import Journal, boot
from tojimari.close.table import Present
from tojimari.core.errors import HostError
from tojimari.core.message import Message
from tojimari.core.plan import Element
from tojimari.linux import nftables, readiness
from tojimari.linux.nftables import Transaction, Transactions

Say = Callable[[Message], None]

LATE = 0.2  # seconds after a time limit has passed, so that the kernel has taken its element out
AGAIN = 5.0  # seconds after which it is tried again where the kernel would not


@dataclass(frozen=True, slots=True)
class Held:
    """How it stands.

    Attributes:
        missing: What was not there, and is now.
        lasting: Whether anything is closed for good.
        again: When it is to be looked at again though nothing happened, in seconds since the epoch;
            None for never.
    """

    missing: tuple[Element, ...]
    lasting: bool
    again: float | None


def hold(journal: Journal) -> Held:
    """Put back what is missing of the table, once.

    Args:
        journal: What must be closed.

    Raises:
        HostError: nft is not installed, or the kernel would not have it.
        PrivilegeError: The firewall may not be changed.
    """
    with journal.rules():
        now = time.time()
        records = journal.sound()
        wanted = lasting.wanted(records, now, boot())
        found = nft.present() if wanted else None
        present = found or Present(chain=False, elements=())
        missing = table.lacking(wanted, present)
        if wanted and (missing or not present.chain):
            _restore(missing, present)
    ends = lasting.next_end(records, now)
    return Held(
        tuple(missing) if present.chain else tuple(wanted),
        any(map(lasting.is_lasting, records)),
        None if ends is None else ends + LATE,
    )


def _restore(missing: Mapping[Element, int], present: Present) -> None:
    """All at once; where the kernel would not, one by one, so that one keeps no other from it."""
    try:
        nft.run(table.restoring(missing, present))
    except HostError:
        failed = None
        for one, seconds in missing.items():
            try:
                nft.run(table.restoring({one: seconds}, present))
            except HostError as error:
                failed = error
        if failed is not None:
            raise failed from None


def is_needed(journal: Journal) -> bool:
    """Whether anything is closed for good."""
    return any(map(lasting.is_lasting, journal.sound()))


def watch(journal: Journal, say: Say) -> None:
    """Hold the table for as long as anything is closed for good; then return.

    Args:
        journal: What must be closed.
        say: Told what was put back, and what went wrong.

    Raises:
        HostError: The kernel does not tell of changes.
        PrivilegeError: The firewall may not be changed.
    """
    try:
        told = Transactions()  # before the first look, so that nothing is missed in between
    except OSError as error:
        raise HostError(
            "the kernel does not tell of changes of the firewall: {why}",
            why=error.strerror or str(error),
        ) from error
    waiting = select.poll()
    waiting.register(told.descriptor, select.POLLIN)
    who: Sequence[Transaction] = ()
    is_ready = False
    while True:
        before = _impression()
        held = _held(journal, who, say)
        if not is_ready:
            is_ready = True
            readiness.ready(os.environ)
        if not held.lasting:
            return
        # Only what was so before and after the look was looked at: rules may be flushed in between.
        known = before if not held.missing and _impression() == before else None
        who = _changed(told, waiting, known, held.again)


def _held(journal: Journal, who: Sequence[Transaction], say: Say) -> Held:
    try:
        held = hold(journal)
    except HostError as error:
        say(error.message)
        return Held((), lasting=True, again=time.time() + AGAIN)
    if held.missing:
        say(_put_back(held.missing, who))
    return held


def _changed(
    told: Transactions, waiting: select.poll, known: bytes | None, again: float | None
) -> list[Transaction]:
    """Wait until our table is not what it was, or until it is time; who changed rules meanwhile.

    Where it is not known what it was (None), whatever changes is a reason to look.
    """
    who: list[Transaction] = []
    while True:
        left = None if again is None else max(0.0, again - time.time())
        if not waiting.poll(None if left is None else left * 1000 + 1):
            return who
        who += told.read()
        if known is None or _impression() != known:
            return who
        who.clear()


def _impression() -> bytes | None:
    """What the table is like; None where it is gone, or could not be seen."""
    try:
        return nftables.impression(nftables.NFPROTO_INET, table.NAME, table.SETS)
    except (OSError, HostError):
        return None


def _put_back(missing: Sequence[Element], who: Sequence[Transaction]) -> Message:
    doors = ", ".join(one.text for one in missing)
    others = {f"{one.name} ({one.pid})" for one in who if one.pid != os.getpid() and one.name}
    if not others:
        return Message("held", "closed as the journal has it: {doors}", {"doors": doors})
    return Message(
        "held-again",
        "{who} had opened what is closed; closed again: {doors}",
        {"who": ", ".join(sorted(others)), "doors": doors},
    )
