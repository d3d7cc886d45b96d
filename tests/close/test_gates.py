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


OWNED = (("office", "ufw"), ("bank", "firewalld"))


def without_backups(lines: list[str]) -> list[str]:
    """All but the copies that firewalld keeps of what it has written over."""
    return [one for one in lines if not one.split(" ")[0].endswith(".xml.old")]


@pytest.mark.parametrize(("house", "owner"), OWNED)
def test_a_door_is_shut_by_the_rules_of_whom_the_firewall_is_if_that_is_asked_for(
    gates: Street, house: str, owner: str
) -> None:
    before = without_backups(theirs(gates, house))
    code, said = tojimari(gates, house, "close", "80", "--by", owner, *LASTING)
    assert code == 0, said
    assert "80/tcp is closed now; every other port and source as before" in said
    again = RELOADS[house][0]
    for words in ("true", again):
        inside(gates, house, "sh", "-c", f"({words}) >/dev/null")
        heard = asked(gates, house, 80)
        assert (heard.sockets, heard.rules, heard.spoken) == (OPEN, SHUT, SILENT), words
        assert heard.scan == "filtered"
        assert asked(gates, house, 22).spoken == "ssh"
    inside(gates, house, "sh", "-c", "! nft list table inet tojimari 2>/dev/null")
    assert tojimari(gates, house, "undo")[0] == 0
    assert asked(gates, house, 80).spoken == "http"
    assert sorted(without_backups(theirs(gates, house))) == sorted(before)


@pytest.mark.parametrize(("house", "owner"), OWNED)
def test_what_nobody_confirms_is_undone_in_the_owners_words(
    gates: Street, house: str, owner: str
) -> None:
    before = sorted(without_backups(theirs(gates, house)))
    words = ("close", "80", "--by", owner, "--yes", "--for", "3s")
    code, said = tojimari(gates, house, *words)
    assert code == 0, said
    until(lambda: asked(gates, house, 80).spoken, "http")
    until(lambda: str(sorted(without_backups(theirs(gates, house))) == before), "True")
    assert sorted(without_backups(theirs(gates, house))) == before
    assert asked(gates, house, 80).spoken == "http"


@pytest.mark.parametrize("begun", [1, 2, 3])
@pytest.mark.parametrize(("house", "owner"), OWNED)
def test_what_is_killed_half_way_is_put_back_by_the_timer_alone(
    gates: Street, house: str, owner: str, begun: int
) -> None:
    before = sorted(without_backups(theirs(gates, house)))
    # Killed as soon as the journal says that so many deeds were begun; or, being faster, confirmed
    # by nobody.
    script = f"""
tojimari close 80 --by {owner} --yes --for 5s >/dev/null 2>&1 &
until grep -l '"begun":[{begun}-9],"state":"applying"' /var/lib/tojimari/journal/*.json 2>/dev/null
do kill -0 $! || break; done
kill -9 $!; wait $!; echo $?
"""
    ended = inside(gates, house, "bash", "-c", script).splitlines()[-1]
    assert ended in {"137", "0"}
    until(lambda: str(sorted(without_backups(theirs(gates, house))) == before), "True")
    assert sorted(without_backups(theirs(gates, house))) == before
    listed = json.loads(tojimari(gates, house, "journal", "--json")[1])["changes"]
    assert listed[-1]["state"] in {"undone", "applying"}
    if listed[-1]["state"] == "applying":  # before the timer was set nothing else was begun
        tojimari(gates, house, "undo", listed[-1]["id"])


def test_a_published_port_passes_the_rule_of_ufws_and_everything_is_undone(gates: Street) -> None:
    before = theirs(gates, "office")
    code, said = tojimari(gates, "office", "close", "8080/tcp", "--by", "ufw", "--yes")
    assert code == 2
    assert "ufw has the rule now, and all the same 8080/tcp can be reached" in said
    assert "--by firewall closes that too" in said
    assert sorted(theirs(gates, "office")) == sorted(before)
    assert asked(gates, "office", 8080).spoken == "http"


@pytest.mark.parametrize(("house", "owner"), OWNED)
def test_a_door_is_left_open_to_some_by_the_owners_rules(
    gates: Street, house: str, owner: str
) -> None:
    before = sorted(without_backups(theirs(gates, house)))
    policy = "printf 'schema = \"tojimari.doors/1\"\\n' >/root/doors.toml"
    inside(gates, house, "sh", "-c", policy)
    words = ("--from", "203.0.113.0/24", "--why", "the shop", "--policy", "/root/doors.toml")
    code, said = tojimari(gates, house, "allow", "80", "--by", owner, *words, *LASTING)
    assert code == 0, said
    assert asked(gates, house, 80).spoken == "http"
    other = next(one for one, _ in OWNED if one != house)
    address = str(gates.plan.house(house).ipv4)
    knocks = ("scan", f"{address}", "-p", "80", "--all", "--json")
    state = json.loads(tojimari(gates, other, *knocks)[1].splitlines()[0])["doors"][0]["state"]
    assert state == "filtered"
    assert tojimari(gates, house, "undo")[0] == 0
    assert sorted(without_backups(theirs(gates, house))) == before
