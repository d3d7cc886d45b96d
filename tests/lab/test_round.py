"""The round in a real house: its own systemd, real daemons, a policy, and an ordinary user."""

import json
import subprocess
from typing import Any

import pytest

from streets import Streets, inside, knock

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


RULES = """table inet f {
    chain i { type filter hook input priority 0; policy accept;
        tcp dport 443 drop comment "closed for the test"
    }
    chain d { type nat hook prerouting priority -100;
        fib daddr type local tcp dport 8080 redirect to :80
    }
}"""


def test_what_the_firewall_of_a_house_lets_in_is_what_a_visitor_finds(streets: Streets) -> None:
    street = streets.up("town")
    inside(street, "web", "nft", "-f", "-", said=RULES)
    try:
        found = document(streets, POLICY)
        (web,) = [house.ipv4 for house in street.plan.houses if house.name == "web"]
        assert web is not None
        heard = knock(street, "visitor", [(web, port) for port in (80, 443, 8080)])
    finally:
        inside(street, "web", "nft", "delete", "table", "inet", "f")
    reached = {one["port"]: one["exposure"]["lan"] for one in found["doors"]}
    assert reached == {22: "certainly", 80: "certainly", 443: "certainly-not", 8080: "certainly"}
    assert heard == {f"{web}:80": "open", f"{web}:443": "TimeoutError", f"{web}:8080": "open"}
    sent = {one["address"]: one for one in found["doors"] if one["port"] == 8080}
    assert set(sent) == {"0.0.0.0", "::"}
    assert (sent["::"]["forwarding"]["port"], sent["::"]["forwarding"]["here"]) == (80, True)
    assert {owner["unit"] for owner in sent["::"]["owners"]} == {"apache2.service"}


def identified(streets: Streets, house: str, *words: str) -> dict[str, Any]:
    """The round with a conversation at every door of a house in which all have changed places."""
    street = streets.up("moved")
    done = subprocess.run(
        street.line(house, ("tojimari", "check", "--identify", "--json", *words)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_http_at_22_and_ssh_at_80_are_told_by_the_conversation(streets: Streets) -> None:
    found = identified(streets, "swap")
    told = {
        found["doors"][one["door"]]["port"]: (one["values"]["usual"], one["values"]["spoken"])
        for one in found["findings"]
        if one["code"] == "moved-service"
    }
    assert (told[22], told[80]) == (("ssh", "http"), ("http", "ssh"))
    products = {one["port"]: one["conversation"]["product"] for one in found["doors"]}
    assert (products[22], products[80]) == ("nginx", "OpenSSH")


def test_a_policy_that_names_the_services_is_held_against_what_speaks(streets: Streets) -> None:
    street = streets.up("moved")
    lines = [
        f'[[door]]\nport = {port}\nservice = "{service}"\nfrom = ["lan"]\nwhy = "test"\n'
        for port, service in ((22, "http"), (80, "http"))
    ]
    text = "\n".join(['schema = "tojimari.doors/1"\n', *lines])
    inside(street, "swap", "sh", "-c", "cat > /root/doors.toml", said=text)
    found = identified(streets, "swap", "--policy", "/root/doors.toml")
    wrong = {
        found["doors"][one["door"]]["port"]: one["values"]
        for one in found["findings"]
        if one["code"] == "wrong-service"
    }
    assert wrong == {80: {"meant": "http", "spoken": "ssh"}}


def test_a_door_in_full_tells_who_speaks_with_product_version_and_certificate(
    streets: Streets,
) -> None:
    street = streets.up("moved")
    shown = inside(street, "swap", "tojimari", "look", "22", "25", "--identify")
    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert any(row.startswith("What speaks http: nginx 1.") for row in rows)
    assert any(row.startswith("What speaks https: nginx 1.") for row in rows)
    assert any("tls" in row.lower() for row in rows), shown


def test_ctrl_c_in_the_middle_of_the_conversations_leaves_nothing(streets: Streets) -> None:
    street = streets.up("moved")
    done = subprocess.run(
        street.line("riddles", ("python3", "-c", _INTERRUPTED)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["130", "0"], done.stderr


# A silent door keeps the round busy for seconds; it is interrupted as soon as it speaks with it.
_INTERRUPTED = """
import signal, subprocess

def sockets():
    line = ["ss", "-Htnp", "state", "established"]
    return subprocess.run(line, capture_output=True, text=True).stdout.count(f"pid={round.pid},")

round = subprocess.Popen(["tojimari", "check", "--identify"], stdout=subprocess.DEVNULL)
while not sockets():
    assert round.poll() is None
round.send_signal(signal.SIGINT)
print(round.wait(), sockets())
"""
