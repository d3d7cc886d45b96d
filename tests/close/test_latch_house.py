"""What was closed for good in real houses, with real systemd: flushed, booted anew, undone."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import booted_anew, knocked, snapshot, tojimari, until

HOUSE, PORT, UNIT = "files", 21, "tojimari-latch.service"

# Does something, then looks until the door is shut again; prints how long that took.
FLUSHED = """
import subprocess, sys, time
began = time.monotonic()
subprocess.run(sys.argv[1:], check=True)
done = time.monotonic()
while b"tcp . 21" not in subprocess.run(
    ["nft", "list", "table", "inet", "tojimari"], capture_output=True
).stdout:
    if time.monotonic() > done + 20:
        sys.exit("still open")
print(time.monotonic() - done)
"""


@pytest.fixture
def town(streets: Streets) -> Street:
    return streets.up("town")


@pytest.fixture
def closed(town: Street) -> Iterator[tuple[Street, list[str]]]:
    """FTP closed by the firewall for good, and how the house was before."""
    before = snapshot(town, HOUSE)
    code, said = tojimari(town, HOUSE, "close", str(PORT), "--by", "firewall", "--yes")
    assert code == 0, said
    assert inside(town, HOUSE, "sh", "-c", f"ls /etc/systemd/system/{UNIT} || true") == ""
    code, said = tojimari(town, HOUSE, "confirm")
    assert code == 0, said
    assert f"for good: {UNIT}" in said
    yield town, before
    tojimari(town, HOUSE, "undo")
    assert snapshot(town, HOUSE) == before


def flushed(street: Street, *command: str) -> float:
    return float(inside(street, HOUSE, "python3", "-c", FLUSHED, *command))


def test_whoever_flushes_the_rules_opens_nothing_for_longer_than_a_second(
    closed: tuple[Street, list[str]],
) -> None:
    town, _ = closed
    conf = "printf '#!/usr/sbin/nft -f\\nflush ruleset\\n' >/run/flushing.conf"
    inside(town, HOUSE, "sh", "-c", conf)
    for command in (
        ("nft", "flush", "ruleset"),
        ("nft", "-f", "/run/flushing.conf"),
        ("nft", "delete", "table", "inet", "tojimari"),
        ("systemctl", "restart", "nftables"),
        ("systemctl", "stop", "nftables"),
    ):
        assert flushed(town, *command) < 1.0, command
        assert knocked(town, HOUSE, PORT) != "open"
    heard = inside(town, HOUSE, "journalctl", "-u", UNIT, "-o", "cat")
    assert "had opened what is closed; closed again: tcp . 21" in heard


def test_a_latch_that_is_killed_comes_back_by_itself(closed: tuple[Street, list[str]]) -> None:
    town, _ = closed
    inside(town, HOUSE, "systemctl", "kill", "-s", "KILL", UNIT)
    assert flushed(town, "nft", "flush", "ruleset") < 5


def test_undone_everything_is_as_before_and_the_unit_is_gone(
    closed: tuple[Street, list[str]],
) -> None:
    town, before = closed
    inside(town, HOUSE, "nft", "flush ruleset; add table inet somebody")
    assert tojimari(town, HOUSE, "undo")[0] == 0
    assert until(lambda: knocked(town, HOUSE, PORT), "open") == "open"
    known = inside(town, HOUSE, "systemctl", "list-units", "--all", "--plain", "--no-legend", UNIT)
    assert known == ""
    assert inside(town, HOUSE, "nft", "list", "ruleset").strip() == "table inet somebody {\n}"
    inside(town, HOUSE, "nft", "delete table inet somebody")
    assert snapshot(town, HOUSE) == before


def test_the_first_of_two_undone_leaves_the_latch_to_the_other(
    closed: tuple[Street, list[str]],
) -> None:
    town, _ = closed
    words = ("close", "22", "--by", "firewall", "--yes", "--for", "0", "--json")
    code, said = tojimari(town, HOUSE, *words, "--even-if-locked-out")
    assert code == 0, said
    assert any(UNIT in one for one in json.loads(said)["change"]["proof"])
    assert tojimari(town, HOUSE, "undo")[0] == 0
    assert flushed(town, "nft", "flush", "ruleset") < 1.0
    assert knocked(town, HOUSE, PORT) != "open"


def test_after_a_boot_the_door_is_shut_before_the_network_is_there(
    closed: tuple[Street, list[str]],
) -> None:
    town, _ = closed
    booted_anew(town, HOUSE)
    assert ":21 " in inside(town, HOUSE, "ss", "-ltn")
    assert knocked(town, HOUSE, PORT) != "open"
    moments = ("systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value")
    latched, network = (
        int(inside(town, HOUSE, *moments, unit)) for unit in (UNIT, "network-pre.target")
    )
    assert 0 < latched <= network


def test_killed_wherever_it_is_a_confirmation_ends_undone_or_held(town: Street) -> None:
    before = snapshot(town, HOUSE)
    moment = 0
    for moment in range(99):
        code, said = tojimari(town, HOUSE, "close", "21", "--by", "firewall", "--yes")
        assert code == 0, said
        ended = killed(town, moment, "changes.confirm()")
        state = json.loads(tojimari(town, HOUSE, "journal", "--json")[1])["changes"][-1]["state"]
        assert state in {"pending", "confirmed"}
        # The next start, whatever it is for, brings the unit in line.
        code, said = tojimari(town, HOUSE, "undo")
        assert code == 0, said
        assert snapshot(town, HOUSE) == before, moment
        if not ended:
            break
    assert moment > 6


def test_killed_wherever_it_is_undoing_ends_with_nothing_left(town: Street) -> None:
    before = snapshot(town, HOUSE)
    moment = 0
    for moment in range(99):
        words = ("close", "21", "--by", "firewall", "--yes", "--for", "0")
        code, said = tojimari(town, HOUSE, *words)
        assert code == 0, said
        ended = killed(town, moment, "changes.undo()")
        tojimari(town, HOUSE, "undo")
        deadline = time.monotonic() + 30
        while (after := snapshot(town, HOUSE)) != before and time.monotonic() < deadline:
            pass
        assert after == before, moment
        if not ended:
            break
    assert moment > 5


KILLED = """
import os, signal, sys
sys.path[:0] = ["/opt/tojimari/code", "/opt/tojimari/libraries"]
os.environ["PYTHONPATH"] = "/opt/tojimari/code:/opt/tojimari/libraries"
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
from pathlib import Path
from tojimari.app import changes
from tojimari.close import deeds, nft
moments = int(sys.argv[1])
def passing(function):
    def wrapped(*arguments, **keywords):
        global moments
        if moments == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        moments -= 1
        return function(*arguments, **keywords)
    return wrapped
os.fsync, deeds.run, nft.run = map(passing, (os.fsync, deeds.run, nft.run))
Path.replace, Path.unlink = passing(Path.replace), passing(Path.unlink)
exec(sys.argv[2])
"""


def killed(street: Street, moment: int, act: str) -> bool:
    """Do it, and be killed at the n-th of all moments at which something is about to happen."""
    done = subprocess.run(
        street.line(HOUSE, ["python3", "-P", "-c", KILLED, str(moment), act]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -9, 137}, done.stderr
    return done.returncode != 0
