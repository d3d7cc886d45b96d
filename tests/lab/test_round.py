"""The round in a real house: its own systemd, real daemons, a policy, and an ordinary user."""

import json
import subprocess
from typing import Any

import pytest

from streets import Streets, inside

POLICY = """
schema = "tojimari.doors/1"

[[door]]
port = 22
from = ["lan"]
unit = "ssh.service"
why = "remote administration"

[[door]]
port = [80, 443]
from = ["lan"]
unit = "apache2.service"
why = "the town's page"
"""
STRANGERS = POLICY.replace("apache2.service", "nginx.service")
SHUT = POLICY + '\n[[door]]\nport = 8443\nfrom = ["lan"]\nwhy = "the page of tomorrow"\n'


def round_of(streets: Streets, policy: str, *words: str) -> tuple[int, str]:
    """The round in the web house by a policy; exit code and what was printed."""
    street = streets.up("town")
    inside(street, "web", "sh", "-c", "cat > /root/doors.toml", said=policy)
    command = ("sh", "-c", f"cd /root && tojimari check {' '.join(words)}")
    done = subprocess.run(
        street.line("web", command), capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout


def document(streets: Streets, policy: str) -> dict[str, Any]:
    """The same, as JSON."""
    found: dict[str, Any] = json.loads(round_of(streets, policy, "--json")[1])
    return found


def test_a_house_that_is_as_it_was_meant_passes(streets: Streets) -> None:
    code, said = round_of(streets, POLICY)
    assert "All as intended." in said
    assert code == 0


def test_a_door_that_was_not_written_down_is_found_with_its_unit(streets: Streets) -> None:
    lines = POLICY.replace("[80, 443]", "80")
    found = document(streets, lines)
    assert [(one["code"], one["values"]["program"]) for one in found["findings"]] == [
        ("unintended-open", "apache2")
    ]
    (door,) = [one for one in found["doors"] if one["port"] == 443]
    assert {owner["unit"] for owner in door["owners"]} == {"apache2.service"}


def test_another_unit_than_was_meant_is_found(streets: Streets) -> None:
    found = document(streets, STRANGERS)
    assert {one["code"] for one in found["findings"]} == {"wrong-owner"}
    assert {one["values"]["found"] for one in found["findings"]} == {"apache2.service"}


def test_a_door_that_is_shut_is_missed(streets: Streets) -> None:
    code, said = round_of(streets, SHUT, "--plain")
    assert "8443/tcp is meant to be open (the page of tomorrow)" in said
    assert code == 1


def test_an_ordinary_user_sees_the_unit_of_every_door(streets: Streets) -> None:
    street = streets.up("town")
    said = inside(
        street,
        "web",
        *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
        *("env", "HOME=/nonexistent", "tojimari", "look", "--json"),
    )
    doors = json.loads(said)["doors"]
    units = {door["port"]: {owner["unit"] for owner in door["owners"]} for door in doors}
    assert units == {22: {"ssh.service"}, 80: {"apache2.service"}, 443: {"apache2.service"}}


@pytest.mark.parametrize("house", ["web", "mail", "names", "files"])
def test_every_door_of_a_house_has_its_holder(streets: Streets, house: str) -> None:
    street = streets.up("town")
    doors = json.loads(inside(street, house, "tojimari", "look", "--json"))["doors"]
    assert doors
    assert all(owner["pid"] and owner["unit"] for door in doors for owner in door["owners"])
    assert all(door["owners"] for door in doors)
