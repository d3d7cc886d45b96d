"""A real daemon under SysV scripts: a house in which, for whoever looks, no systemd runs."""

import json
from collections.abc import Iterator

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import knocked, snapshot, until

HOUSE, PORT, NEW = "files", 21, 40778
# Whatever asks whether systemd runs looks for this folder (sd_booted(3)).
WITHOUT = "mount -t tmpfs none /run/systemd && "


def typed(street: Street, command: str) -> str:
    """What a command prints that is typed where no systemd runs."""
    return inside(street, HOUSE, "unshare", "--mount", "sh", "-c", WITHOUT + command)


@pytest.fixture
def sysv(streets: Streets) -> Iterator[Street]:
    """vsftpd started by its script, with the links of run levels that its package makes."""
    street = streets.up("town")
    inside(street, HOUSE, "systemctl", "stop", "vsftpd")
    typed(street, "update-rc.d vsftpd defaults")
    typed(street, "service vsftpd start")
    assert until(lambda: knocked(street, HOUSE, PORT), "open") == "open"
    yield street
    typed(street, "tojimari undo || true")  # where a test failed on the way
    typed(street, "service vsftpd stop")
    inside(street, HOUSE, "sh", "-c", "rm -f /etc/rc?.d/[SK]*vsftpd")
    inside(street, HOUSE, "systemctl", "start", "vsftpd")
    assert until(lambda: knocked(street, HOUSE, PORT), "open") == "open"


def links(street: Street) -> str:
    return inside(street, HOUSE, "sh", "-c", "ls /etc/rc?.d | grep vsftpd")


@pytest.mark.parametrize("way", ["unit", "config", "move"])
def test_a_door_is_closed_by_its_script_and_put_back_to_the_byte(sysv: Street, way: str) -> None:
    before = snapshot(sysv, HOUSE)
    words = f"move {PORT} {NEW}" if way == "move" else f"close {PORT} --by {way}"
    said = json.loads(typed(sysv, f"tojimari {words} --yes --for 0 --json"))["change"]
    shown = [line for one in said["deeds"] for line in one["shown"]]
    commands = [line.removeprefix("$ ") for line in shown if line.startswith("$ ")]
    assert not [one for one in commands if "systemctl" in one or "systemd-run" in one]
    assert knocked(sysv, HOUSE, PORT) != "open"
    if way == "unit":
        assert "service vsftpd stop" in commands
        assert "update-rc.d vsftpd disable" in commands
        assert not [one for one in links(sysv).split() if one.startswith("S")]
    if way == "move":
        assert until(lambda: knocked(sysv, HOUSE, NEW), "open") == "open"
    typed(sysv, "tojimari undo")
    assert until(lambda: knocked(sysv, HOUSE, PORT), "open") == "open"
    assert snapshot(sysv, HOUSE) == before


def test_what_nobody_confirms_is_undone_by_a_shell_that_sleeps(sysv: Street) -> None:
    before = snapshot(sysv, HOUSE)
    said = typed(sysv, f"tojimari close {PORT} --by unit --yes --for 4s")
    assert f"nobody waits at {PORT}/tcp" in said
    assert until(lambda: knocked(sysv, HOUSE, PORT), "open") == "open"
    until(lambda: str(snapshot(sysv, HOUSE) == before), "True")
    assert snapshot(sysv, HOUSE) == before
