"""Doors closed beside real ufw and firewalld: theirs stays theirs to the byte, ours outlives them.

After each change every witness is asked: sockets, rules, a scan from another house, and whoever
speaks with the door from there.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import snapshot, tojimari, until
from witnesses import HEADING, OPEN, SHUT, SILENT, asked

NEW = 40777  # where doors are moved to
LASTING = ("--yes", "--for", "10m")

# What others rule, and nothing of ours: rules without their counters, and what their owner says.
RULES = "nft -s list ruleset 2>/dev/null | awk '/^table /{ours = $3 == \"tojimari\"} !ours'\n"
OWNERS = {
    "office": "ufw status verbose",
    "bank": "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
}


@pytest.fixture(scope="module")
def gates(streets: Streets) -> Iterator[Street]:
    """The street; what was changed in its houses is of no other test's concern."""
    yield streets.up("gates")
    streets.down()


def theirs(street: Street, house: str) -> list[str]:
    """Every file below /etc, and every rule that is not ours."""
    everything = snapshot(street, house)
    files = [line for line in everything if line.startswith("/")]
    return [*files, *inside(street, house, "sh", "-c", RULES + OWNERS[house]).splitlines()]


def whole(street: Street, house: str, unit: str) -> list[str]:
    """The same with the state of a unit, and with our own rules where there are any."""
    ours = inside(street, house, "sh", "-c", "nft list table inet tojimari 2>&1 || true")
    states = snapshot(street, house, [unit])[-5:]
    return [*theirs(street, house), *states, ours]


@dataclass(frozen=True)
class Door:
    """A door behind a gate.

    Attributes:
        house: Where.
        gate: Which program owns the firewall.
        port: Its number.
        unit: That holds it.
        protocol: That is spoken there.
    """

    house: str
    gate: str
    port: int
    unit: str
    protocol: str


DOORS = (
    Door("office", "ufw", 80, "nginx.service", "http"),
    Door("office", "ufw", 22, "ssh.service", "ssh"),
    Door("bank", "firewalld", 80, "nginx.service", "http"),
    Door("bank", "firewalld", 22, "ssh.service", "ssh"),
)
# By each way: what sockets and rules say afterwards, and what a scan may say.
SAID = {
    "unit": (SHUT, OPEN, {"closed"}),
    "config": (SHUT, OPEN, {"closed"}),
    "firewall": (OPEN, SHUT, {"filtered"}),
    "move": (SHUT, OPEN, {"closed"}),
}


@pytest.mark.parametrize("door", DOORS, ids=lambda one: f"{one.gate}-{one.port}")
def test_every_witness_says_that_it_is_shut_and_nothing_of_the_gates_was_touched(
    gates: Street, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[str] = []
    for way, (sockets, rules, scans) in SAID.items():
        untouched = theirs(gates, door.house)
        before = whole(gates, door.house, door.unit)
        was = asked(gates, door.house, door.port)
        assert (was.sockets, was.rules, was.scan, was.spoken) == (OPEN, OPEN, OPEN, door.protocol)
        words = ("move", str(door.port), str(NEW)) if way == "move" else ("close", str(door.port))
        by = () if way == "move" else ("--by", way)
        code, said = tojimari(gates, door.house, *words, *by, *LASTING)
        assert code == 0, said
        heard = asked(gates, door.house, door.port)
        rows.append(f"{door.gate:11}{door.port:<7}{way:10}{heard}")
        assert (heard.sockets, heard.rules, heard.spoken) == (sockets, rules, SILENT)
        assert heard.scan in scans
        if way == "firewall":
            assert theirs(gates, door.house) == untouched
        code, said = tojimari(gates, door.house, "undo")
        assert code == 0, said
        again = lambda: asked(gates, door.house, door.port).spoken  # noqa: E731 - asked again
        assert until(again, door.protocol) == door.protocol
        assert whole(gates, door.house, door.unit) == before, way
    with capsys.disabled():
        print(f"\n{'gate':11}{'door':7}{'way':10}{HEADING}")  # noqa: T201 - the table that was promised
        print("\n".join(rows))  # noqa: T201 - the same


RELOADS = {
    "office": ("ufw reload", "systemctl restart ufw", "ufw --force disable; ufw --force enable"),
    "bank": (
        "firewall-cmd --reload",
        "firewall-cmd --complete-reload",
        "systemctl restart firewalld",
    ),
}


@pytest.mark.parametrize("house", RELOADS)
def test_a_door_stays_shut_while_its_gate_is_loaded_anew(gates: Street, house: str) -> None:
    untouched = sorted(theirs(gates, house))  # ufw loads its chains in another order
    code, said = tojimari(gates, house, "close", "80", "--by", "firewall", *LASTING)
    assert code == 0, said
    for words in RELOADS[house]:
        inside(gates, house, "sh", "-c", f"({words}) >/dev/null")
        heard = asked(gates, house, 80)
        assert (heard.rules, heard.scan, heard.spoken) == (SHUT, "filtered", SILENT), words
        assert sorted(theirs(gates, house)) == untouched, words
    now = theirs(gates, house)
    assert tojimari(gates, house, "undo")[0] == 0
    assert asked(gates, house, 80).spoken == "http"
    assert theirs(gates, house) == now
    assert (
        inside(gates, house, "sh", "-c", "nft list table inet tojimari 2>/dev/null || echo") == "\n"
    )


def test_what_ufw_changes_meanwhile_is_kept_by_the_undoing(gates: Street) -> None:
    code, said = tojimari(gates, "office", "close", "80", "--by", "firewall", *LASTING)
    assert code == 0, said
    inside(gates, "office", "ufw", "allow", "9001/tcp")
    changed = theirs(gates, "office")
    assert tojimari(gates, "office", "undo")[0] == 0
    assert theirs(gates, "office") == changed
    inside(gates, "office", "ufw", "delete", "allow", "9001/tcp")


def test_a_published_port_that_ufw_denies_is_shut_in_the_first_way_that_is_offered(
    gates: Street,
) -> None:
    # ufw denies it, and everybody comes in all the same: its rules are of INPUT.
    was = asked(gates, "office", 8080)
    assert (was.sockets, was.rules, was.scan, was.spoken) == (SHUT, OPEN, OPEN, "http")
    untouched = theirs(gates, "office")
    code, said = tojimari(gates, "office", "close", "8080", *LASTING, "--json")
    assert code == 0, said
    assert json.loads(said.splitlines()[0])["change"]["move"] == "firewall"
    heard = asked(gates, "office", 8080)
    assert (heard.rules, heard.scan, heard.spoken) == (SHUT, "filtered", SILENT)
    assert theirs(gates, "office") == untouched
    inside(gates, "office", "sh", "-c", "ufw reload >/dev/null")
    assert asked(gates, "office", 8080).spoken == SILENT
    assert tojimari(gates, "office", "undo")[0] == 0
    assert asked(gates, "office", 8080).spoken == "http"
    assert theirs(gates, "office") == untouched
