"""The scan in the practice network: every door of real daemons, seen by a visitor."""

import json
import subprocess
import sys
from typing import Any

import pytest

from streets import Streets, every_scene
from tojimari.core.endpoint import Transport
from tojimari.lab.launch import Street
from tojimari.lab.scene import Audience, Scene
from tojimari.services import catalogue

DHCP = 67
BUSY = 5  # scans: a street has just come up, and dnsmasq hears nobody while it pings what it offers


@pytest.fixture(scope="session", params=every_scene(), ids=lambda plan: plan.name)
def street(streets: Streets, request: pytest.FixtureRequest) -> Street:
    """Every scene's street in turn; pytest runs all tests of one before the next."""
    plan: Scene = request.param
    return streets.up(plan.name)


def scanned(street: Street, *words: str) -> dict[tuple[str, int], str]:
    """What the visitor's machine finds: address and number to state."""
    namespace = f"--net=/proc/{street.leader('visitor')}/ns/net"
    command = [sys.executable, "-m", "tojimari", "scan", "--json", "--all", *words]
    done = subprocess.run(
        ["nsenter", namespace, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads(done.stdout)
    assert told["end"]["known"] == told["end"]["doors"]
    return {(one["address"], one["port"]): one["state"] for one in told["doors"]}


def doors(street: Street, transport: Transport) -> dict[tuple[str, int], Audience]:
    return {
        (house.ipv4, service.port): service.answers
        for house, service in street.plan.doors()
        if service.transport is transport and not service.loopback and house.ipv4 is not None
    }


def test_every_udp_daemon_is_found(street: Street) -> None:
    """Whoever answers strangers, in a protocol that is usual at its number and that we speak, is
    open; and nobody is called closed.
    """
    expected = doors(street, Transport.UDP)
    if not expected:
        return
    addresses = sorted({address for address, _ in expected})
    ports = ",".join(str(port) for port in sorted({port for _, port in expected}))
    found = scanned(street, *addresses, "--udp", "-p", ports)
    for _ in range(BUSY):
        busy = [address for address, port in expected if port == DHCP]
        if all(found[address, DHCP] == "open" for address in busy):
            break
        found |= scanned(street, *busy, "--udp", "-p", str(DHCP))
    lost = {door for door in expected if found[door] not in {"open", "open|filtered"}}
    assert not lost
    silent = {
        door
        for door, audience in expected.items()
        if audience in {Audience.EVERYBODY, Audience.OTHERS} and found[door] != "open"
        if catalogue.expected(door[1], None, catalogue.over(Transport.UDP))
    }
    moved = street.plan.name == "moved"  # who speaks something else there need not understand us
    assert moved or not silent


@pytest.mark.parametrize("method", ["syn", "connect"])
def test_every_tcp_door_is_found(street: Street, method: str) -> None:
    expected = doors(street, Transport.TCP)
    if not expected:
        return
    addresses = sorted({address for address, _ in expected})
    ports = ",".join(str(port) for port in sorted({port for _, port in expected}))
    found = scanned(street, *addresses, "-p", ports, "--method", method)
    lost = {door for door in expected if found[door] != "open"}
    assert not lost


def in_house(street: Street, name: str, *words: str) -> dict[str, Any]:
    """What a command of ours tells in a house's network."""
    namespace = f"--net=/proc/{street.leader(name)}/ns/net"
    command = [sys.executable, "-m", "tojimari", *words, "--json"]
    done = subprocess.run(
        ["nsenter", namespace, *command], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_house_seen_from_outside_is_what_a_neighbour_sees(street: Street) -> None:
    """The packets are made inside and come in by the real interface; the visitor's are real."""
    houses = [one for one in street.plan.houses if one.ipv4 is not None and one.services]
    for house in houses:
        assert house.ipv4 is not None
        told = in_house(street, house.name, "scan", "--from-outside", house.ipv4, "-p", "-")
        here = {one["port"] for one in told["doors"] if one["state"] == "open"}
        found = scanned(street, house.ipv4, "-p", "-", "--open")
        there = {port for (_, port), state in found.items() if state == "open"}
        assert (house.name, here) == (house.name, there)


def test_rules_and_scan_agree_about_every_house(street: Street) -> None:
    """What the firewall's rules let expect is what a knock meets: nothing is to be found."""
    houses = [one for one in street.plan.houses if one.ipv4 is not None and one.services]
    strange: list[tuple[str, str, str]] = []
    for house in houses:
        told = in_house(street, house.name, "check", "--scan")
        strange += [
            (house.name, one["check"], one["text"])
            for one in told["findings"]
            if one["check"] in {"unanswered", "unheld", "against-the-rules"}
        ]
        reachable = [
            one for one in house.services if one.transport is Transport.TCP and not one.loopback
        ]
        assert any(one["scan"] for one in told["doors"]) or not reachable
    assert not strange
