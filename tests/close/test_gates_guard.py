"""Who would be locked out behind real ufw and firewalld: somebody who sits there over SSH asks.

sshd waits at 22 and at 2222; whether the second is a way back in is for the rules to say.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import by_ssh, let_in

CUT, FREE = True, False
OURS = "close 22 --by firewall"


@dataclass(frozen=True)
class Case:
    """One state of a gate, and what is said to whoever comes from 203.0.113.10.

    Attributes:
        name: A sentence.
        rules: Commands that make it so.
        back: Commands that undo them.
        asked: What is asked of tojimari.
        cut: Whether the next login is said to find no door.
    """

    name: str
    rules: tuple[str, ...]
    back: tuple[str, ...]
    asked: str
    cut: bool


def ufw(name: str, rule: str, asked: str, cut: bool) -> Case:
    """A case with one rule of ufw's."""
    rules = (f"ufw {rule}",) if rule else ()
    back = (f"ufw delete {rule.removeprefix('prepend ')}",) if rule else ()
    return Case(name, rules, back, asked, cut)


def zone(name: str, words: str, cut: bool) -> Case:
    """A case with some words to firewalld."""
    each = words.split(";") if words else []
    rules = tuple(f"firewall-cmd -q {one}" for one in each)
    back = tuple(one.replace("--add-", "--remove-") for one in reversed(rules))
    return Case(name, rules, back, OURS, cut)


OFFICE = (
    ufw("ufw lets nobody in at the second door", "", OURS, CUT),
    ufw("ufw lets everybody in there", "allow 2222/tcp", OURS, FREE),
    ufw("ufw only limits how often", "limit 2222/tcp", OURS, FREE),
    ufw("ufw denies it", "deny 2222/tcp", OURS, CUT),
    ufw(
        "ufw lets others in there", "allow from 192.0.2.0/24 to any port 2222 proto tcp", OURS, CUT
    ),
    ufw("ufw lets one in there", "allow from 203.0.113.0/24 to any port 2222", OURS, FREE),
    ufw("ufw lets one in by IPv6 alone", "allow from 2001:db8:3::/64 to any port 2222", OURS, CUT),
    ufw("it closes by ufw's own rule", "", "close 22 --by ufw", CUT),
    ufw("it closes so, and the second door is there", "limit 2222/tcp", "close 22 --by ufw", FREE),
    ufw("ufw is to let others in", "", "allow 22 --by ufw --from 192.0.2.0/24 --why x", CUT),
    ufw("ufw is to let one in", "", "allow 22 --by ufw --from 203.0.113.0/24 --why x", FREE),
    ufw("sshd moves to where ufw lets nobody in", "", "move 22 2223", CUT),
    ufw("sshd moves to where ufw limits how often", "limit 2223/tcp", "move 22 2223", FREE),
)
BANK = (
    zone("firewalld lets nobody in at the second door", "", CUT),
    zone("its zone lets everybody in there", "--add-port=2222/tcp", FREE),
    zone(
        "a zone of one's own network lets all in",
        "--zone=trusted --add-source=203.0.113.0/24",
        FREE,
    ),
    zone(
        "a zone of one's own network lets in there",
        "--zone=work --add-source=203.0.113.0/24;--zone=work --add-port=2222/tcp",
        FREE,
    ),
    zone(
        "a zone of another network lets in there",
        "--zone=work --add-source=192.0.2.0/24;--zone=work --add-port=2222/tcp",
        CUT,
    ),
    zone(
        "the zone lets in there, and that of one's own network does not",
        "--add-port=2222/tcp;--zone=work --add-source=203.0.113.0/24",
        CUT,
    ),
    Case("it closes by firewalld's own rule", (), (), "close 22 --by firewalld", CUT),
)


@pytest.fixture(scope="module")
def gates(streets: Streets) -> Iterator[Street]:
    """The street, with a second door of sshd's in each house."""
    street = streets.up("gates")
    second = "printf 'Port 22\\nPort 2222\\n' >/etc/ssh/sshd_config.d/second.conf"
    for house in ("office", "bank"):
        inside(street, house, "sh", "-ec", f"{second}; systemctl restart ssh")
        policy = "printf 'schema = \"tojimari.doors/1\"\\n' >/etc/tojimari/doors.toml"
        inside(street, house, "sh", "-ec", f"mkdir -p /etc/tojimari; {policy}")
    yield street
    streets.down()


def is_cut(street: Street, house: str, case: Case) -> bool:
    """Whether somebody who types it over SSH is told that their next login would find no door."""
    words = let_in(street, house)
    for one in case.rules:
        inside(street, house, "sh", "-ec", f"{one} >/dev/null")
    code, said = by_ssh((street, words), f"tojimari {case.asked} --dry-run --json")
    for one in case.back:
        inside(street, house, "sh", "-ec", f"{one} >/dev/null")
    danger = json.loads(said.splitlines()[0])["danger"]
    assert all("would find no door" in one for one in danger)
    assert code == (2 if danger else 0)
    return bool(danger)


@pytest.mark.parametrize("case", OFFICE, ids=[one.name for one in OFFICE])
def test_who_is_locked_out_behind_ufw(gates: Street, case: Case) -> None:
    assert is_cut(gates, "office", case) is case.cut


@pytest.mark.parametrize("case", BANK, ids=[one.name for one in BANK])
def test_who_is_locked_out_behind_firewalld(gates: Street, case: Case) -> None:
    assert is_cut(gates, "bank", case) is case.cut
