"""Who can reach a door, by the rules of a running kernel: real rules, real packets."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from guarded import CONTAINER, FIX, MACHINE, UFW_AND_DOCKER, Machine, machine
from scenery import HOST_NETNS, NOW, PRIVATE, listener, namespace
from tojimari.app import firewalls
from tojimari.core.errors import HostError
from tojimari.core.socket import InsideView

DOORS = "0.0.0.0:22 0.0.0.0:34567 127.0.0.1:6379 :::9999"


@pytest.fixture(scope="module")
def behind_ufw() -> Iterator[Machine]:
    if os.geteuid() != 0 or os.environ.get("TOJIMARI_TESTS_ISOLATED") != "1":
        pytest.skip("needs root")
    with machine(DOORS) as made:
        made.rules(UFW_AND_DOCKER)
        yield made


def checked(on: Machine, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON, looked at by key
    return json.loads(on.tojimari("check", "--json", *words, code=code))


def door(document: Any, port: int, namespace: str = "host") -> Any:  # noqa: ANN401 - the same
    (found,) = [
        one for one in document["doors"] if (one["port"], one["namespace"]) == (port, namespace)
    ]
    return found


def test_a_door_that_ufw_lets_in_is_open_and_one_that_it_does_not_is_shut(
    behind_ufw: Machine,
) -> None:
    found = checked(behind_ufw, code=1)
    assert door(found, 22)["exposure"]["lan"] == "certainly"
    assert door(found, 34567)["exposure"] == {
        "this-machine": "certainly",
        "containers": "certainly-not",
        "lan": "certainly-not",
        "internet": "certainly-not",
    }
    assert door(found, 22)["witnesses"] == ["firewall", "kernel"]
    assert (behind_ufw.knock(22), behind_ufw.knock(34567)) == ("open", "TimeoutError")


def test_ufw_says_denied_and_docker_opened_it(behind_ufw: Machine) -> None:
    found = checked(behind_ufw, code=1)
    published = door(found, 8080)
    assert (published["widest"], published["inodes"]) == ("lan", [])
    assert {key: published["forwarding"][key] for key in ("address", "port", "namespace")} == {
        "address": CONTAINER,
        "port": 80,
        "namespace": "web",
    }
    finding = next(one for one in found["findings"] if one["code"] == "published-past")
    assert [one["words"] for one in finding["rules"]] == [
        f"Docker publishes 8080/tcp to {CONTAINER} port 80",
        "ufw rule 2: deny 8080/tcp",
    ]
    assert behind_ufw.knock(8080) == "open"


def test_the_round_names_dockers_rule_to_people(behind_ufw: Machine) -> None:
    shown = behind_ufw.tojimari("check", code=1)
    assert (
        "ufw keeps 8080/tcp shut, yet it is open: Docker's rule comes first and sends what arrives"
        f" on to {CONTAINER}:80.\n"
        f"    rule: Docker publishes 8080/tcp to {CONTAINER} port 80\n"
        "    rule: ufw rule 2: deny 8080/tcp\n"
    ) in shown


def test_after_the_right_fix_it_is_shut_and_packets_agree(root: None) -> None:
    del root
    with machine(DOORS) as made:
        made.rules(UFW_AND_DOCKER)
        made.run("nft", "-f", "-", text=FIX)
        found = checked(made, code=1)  # IPv6 is open: nobody wrote a rule for it
        assert 8080 not in [one["port"] for one in found["doors"]]
        assert made.knock(8080) == "TimeoutError"


def test_ipv6_without_rules_is_left_open_beside_ipv4(behind_ufw: Machine) -> None:
    found = checked(behind_ufw, code=1)
    (finding,) = [one for one in found["findings"] if one["check"] == "ipv6-open"]
    assert found["doors"][finding["door"]]["port"] == 9999
    assert [one["words"] for one in finding["rules"]] == ["ufw default: deny (INPUT)"]
    assert behind_ufw.knock(9999, "fd00::2") == "open"
    assert behind_ufw.knock(9999) == "TimeoutError"


def test_a_door_in_full_names_the_rule(behind_ufw: Machine) -> None:
    shown = " ".join(behind_ufw.tojimari("look", "22").split())
    assert "Local network (LAN), Containers: yes. ufw rule 1: allow 22/tcp" in shown
    shown = " ".join(behind_ufw.tojimari("look", "8080").split())
    assert f"Sent on to {CONTAINER}:80, in web" in shown
    assert "This one is never asked: ufw rule 2: deny 8080/tcp" in shown


def test_a_door_that_only_a_rule_opens_is_listed_and_found_by_its_program(
    behind_ufw: Machine,
) -> None:
    assert "sent on to" in behind_ufw.tojimari("look")
    document = json.loads(behind_ufw.tojimari("look", "8080", "--json"))
    assert document["doors"][0]["owners"][0]["name"].startswith("python")
    assert document["doors"][0]["reaches"][2]["passages"][0]["redirection"]["port"] == 80


def test_a_port_for_this_machine_that_the_kernel_opens_to_neighbours_is_found(root: None) -> None:
    del root
    with machine(DOORS) as made:
        assert made.knock(6379, "127.0.0.1") != "open"
        made.run("sysctl", "-qw", "net.ipv4.conf.eth0.route_localnet=1")
        made.run("ip", "-n", "lan", "route", "add", "127.0.0.1/32", "via", MACHINE, "dev", "eth0")
        made.run(
            "ip",
            "netns",
            "exec",
            "lan",
            "ip",
            "rule",
            "add",
            "pref",
            "0",
            "to",
            "127.0.0.1",
            "lookup",
            "main",
        )
        found = checked(made, code=1)
        (finding,) = [one for one in found["findings"] if one["check"] == "loopback-reachable"]
        assert found["doors"][finding["door"]]["port"] == 6379
        assert door(found, 6379)["exposure"]["lan"] == "certainly"


def test_without_any_rule_the_address_decides_and_that_is_said(root: None) -> None:
    del root
    with machine(DOORS) as made:
        found = checked(made)
        assert (found["outcome"], found["unseen"]) == ("as-intended", [])
        assert door(found, 34567)["witnesses"] == ["firewall", "kernel"]
        assert "No rule of the firewall stands in the way." in made.tojimari("look", "34567")


def test_without_the_right_to_read_it_nothing_is_called_open_or_shut(behind_ufw: Machine) -> None:
    words = ("setpriv", "--bounding-set", "-net_admin", sys.executable, "-m", "tojimari")
    found = json.loads(behind_ufw.run(*words, "check", "--json", code=2))
    assert door(found, 22)["exposure"]["lan"] == "maybe"
    assert door(found, 34567)["exposure"]["lan"] == "maybe"
    assert (door(found, 34567)["widest"], door(found, 34567)["farthest"]) == ("this-machine", "lan")
    assert door(found, 6379)["exposure"]["lan"] == "certainly-not"
    assert ("firewall-not-permitted", "sudo tojimari check") in [
        (one["code"], one["next"]) for one in found["unseen"]
    ]
    shown = behind_ufw.run(*words, "check", code=2)
    assert "Perhaps from the local network (LAN)" in shown


_AS_NOBODY = """
import json, os
from tojimari.app import look
from tojimari.core.exposure import Zone
look.look()  # whatever it needs is loaded while the files may be read
os.setgroups([])
os.setegid(65534)
os.seteuid(65534)
found = look.look()
print(json.dumps({
    "lan": {one.endpoint.port: one.exposure.certainty(Zone.LAN) for one in found.doors},
    "unseen": [one.message.code for one in found.unseen],
}))
"""


def test_to_nobody_the_firewall_is_closed_and_nothing_is_called_shut(behind_ufw: Machine) -> None:
    found = json.loads(behind_ufw.run(sys.executable, "-c", _AS_NOBODY))
    assert found["lan"] == {
        "22": "maybe",
        "6379": "certainly-not",
        "9999": "maybe",
        "34567": "maybe",
    }
    assert "firewall-not-permitted" in found["unseen"]


def test_a_container_with_rules_of_its_own_is_judged_by_them(root: None) -> None:
    del root
    with machine(DOORS) as made:
        assert door(checked(made), 80, "web")["exposure"]["containers"] == "certainly"
        made.run("ip", "netns", "exec", "web", "nft", "-f", "-", text=SHUT)
        found = door(checked(made), 80, "web")
        assert found["exposure"]["containers"] == "certainly-not"


SHUT = """table inet own {
    chain i { type filter hook input priority 0; policy drop; iif lo accept
    }
}"""


def test_what_the_machine_does_not_forward_to_a_container_nobody_outside_reaches(
    behind_ufw: Machine,
) -> None:
    with machine(DOORS, "0.0.0.0:80 0.0.0.0:81") as made:
        made.rules(UFW_AND_DOCKER)
        found = checked(made, code=1)
        # Docker lets others through to port 80 of the container, and to nothing else of it.
        assert door(found, 80, "web")["exposure"]["lan"] == "maybe"
        assert door(found, 81, "web")["exposure"]["lan"] == "certainly-not"


def seen() -> InsideView:
    own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    machine = namespace(PRIVATE)
    here = type(machine)(own, "host", is_host=True, interfaces=machine.interfaces)
    return InsideView("house", NOW, (here,), (listener(),), (), (), "bpf")


@pytest.mark.usefixtures("network")
def test_a_firewall_without_a_program_that_lists_it_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(descriptor: int | None) -> None:
        raise HostError("no program that lists firewall rules was found", hint="sudo apt-get")

    monkeypatch.setattr("tojimari.linux.netfilter.has_tables", lambda: True)
    monkeypatch.setattr("tojimari.app.firewall.live", nothing)
    found = firewalls.survey(seen())
    (unseen,) = found.unseen
    assert (unseen.message.code, unseen.next, len(found.unread)) == (
        "firewall-not-read",
        "sudo apt-get",
        1,
    )


def test_a_namespace_that_has_gone_is_counted() -> None:
    gone = type(namespace())(HOST_NETNS + 1, "gone", is_host=False, pids=(2**22 + 1,))
    view = InsideView("house", NOW, (gone,), (), (), (), "bpf")
    assert firewalls.survey(view).unread == set()  # nobody waits there, so nobody asked
    waiting = listener()
    there = type(waiting)(waiting.endpoint, gone.inode, ())
    found = firewalls.survey(InsideView("house", NOW, (gone,), (there,), (), (), "bpf"))
    assert [one.message.code for one in found.unseen] == ["firewalls-not-read"]


def test_another_system_s_firewall_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    found = firewalls.survey(seen())
    assert [one.message.code for one in found.unseen] == ["firewall-foreign"]
