"""Real ufw, real firewalld and a published port: what reach says inside, and packets outside."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street

# Listens in a house at ports of both transports and families, and echoes; says when it does.
LISTEN = """
import socket, sys, threading
ports = [int(word) for word in sys.argv[1:]]
def tcp(server):
    while True:
        server.accept()[0].close()
def udp(server):
    while True:
        data, peer = server.recvfrom(100)
        server.sendto(data, peer)
for family in (socket.AF_INET, socket.AF_INET6):
    for kind, serve in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
        for port in ports:
            server = socket.socket(family, kind)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.bind(("", port))
            if kind == socket.SOCK_STREAM:
                server.listen()
            threading.Thread(target=serve, args=(server,), daemon=True).start()
open("/run/listening", "w").close()
threading.Event().wait()
"""
# Knocks at doors from a house: does anything come back that is no refusal?
KNOCK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def answers(door):
    transport, address, port = door
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as client:
        client.settimeout(1.5)
        try:
            client.connect((address, port))
            if transport == "udp":
                client.send(b"?")
                client.recv(9)
        except OSError:
            return False
    return True
with ThreadPoolExecutor(64) as pool:
    print(json.dumps(list(pool.map(answers, json.load(sys.stdin)))))
"""
VISITOR = ("203.0.113.10", "2001:db8:3::10")
NEIGHBOUR = {"office": ("192.0.2.11", "2001:db8:1::11"), "bank": ("192.0.2.10", "2001:db8:1::10")}
HERE = {"office": ("192.0.2.10", "2001:db8:1::10"), "bank": ("192.0.2.11", "2001:db8:1::11")}
PORTS = list(range(9001, 9013))
SHOP = ("tcp", "192.0.2.10", 8080)

Fates = dict[tuple[str, str, str, int], str]


@pytest.fixture(scope="module")
def gates(streets: Streets) -> Iterator[Street]:
    """The street, with somebody who listens behind every gate."""
    street = streets.up("gates")
    for house in HERE:
        numbers = " ".join(map(str, PORTS))
        inside(street, house, "sh", "-c", "cat >/root/listen.py", said=LISTEN)
        inside(
            street,
            house,
            *("systemd-run", "-q", "--unit=listen", "python3", "/root/listen.py", *numbers.split()),
        )
        wait = "until [ -e /run/listening ]; do read -t 0.1 _ </dev/zero || :; done"
        inside(street, house, "bash", "-c", wait)
    yield street
    streets.down()  # what was changed in the houses is of no other test's concern


def said(street: Street, house: str, ports: list[int]) -> Fates:
    """What reach says inside, by source, destination's family, transport and port."""
    found: Fates = {}
    for source in (*VISITOR, *NEIGHBOUR[house]):
        words = (*map(str, ports), "--from", source, "--json")
        answer = json.loads(inside(street, house, "tojimari", "reach", *words))
        for one in answer["ports"]:
            (reached,) = one["reaches"]
            for passage in reached["passages"]:
                if passage["destination"] in HERE[house]:
                    key = source, passage["destination"], one["transport"], one["first"]
                    assert key not in found or passage["certainty"] == found[key]
                    found[key] = passage["certainty"]
    return found


def knocked(street: Street, house: str, ports: list[int]) -> dict[tuple[str, str, str, int], bool]:
    """Which packets arrive, by the same."""
    found: dict[tuple[str, str, str, int], bool] = {}
    other = next(name for name in HERE if name != house)
    for knocker, sources in (("visitor", VISITOR), (other, NEIGHBOUR[house])):
        doors = [
            (transport, address, port)
            for address in HERE[house]
            for transport in ("tcp", "udp")
            for port in ports
        ]
        answers = json.loads(
            inside(street, knocker, "python3", "-c", KNOCK, said=json.dumps(doors))
        )
        for (transport, address, port), came in zip(doors, answers, strict=True):
            source = sources[":" in address]
            found[source, address, transport, port] = came
    return found


def agree(reach: Fates, packets: Mapping[tuple[str, str, str, int], bool]) -> None:
    """Every answer is sure, and what the packets show."""
    assert set(reach) == set(packets)
    assert set(reach.values()) <= {"certainly", "certainly-not"}
    wrong = {key: reach[key] for key in reach if (reach[key] == "certainly") is not packets[key]}
    assert not wrong
    assert {True, False} == set(packets.values())


def test_ufw_is_said_as_packets_find_it(gates: Street) -> None:
    for rule in (
        "allow 9001",
        "allow 9002/tcp",
        "allow proto udp from 203.0.113.0/24 to any port 9003",
        "deny 9004",
        "reject 9005/tcp",
        "allow in on eth0 to any port 9006",
        "allow in on lo to any port 9007",
        "allow from 2001:db8:3::/64 to any port 9008",
        "insert 1 deny from 192.0.2.11 to any port 9001 proto tcp",
        "allow 9009:9010/tcp",
        "limit 9011/tcp",
    ):
        inside(gates, "office", "ufw", *rule.split())
    # Each knock counts against the limit of 9011: it is asked once, and passed once.
    agree(said(gates, "office", PORTS), knocked(gates, "office", PORTS))
    inside(gates, "office", "ufw", "delete", "allow", "9002/tcp")
    inside(gates, "office", "ufw", "default", "allow", "incoming")
    agree(said(gates, "office", PORTS[:9]), knocked(gates, "office", PORTS[:9]))
    inside(gates, "office", "ufw", "default", "deny", "incoming")


def test_firewalld_is_said_as_packets_find_it(gates: Street) -> None:
    for word in (
        "--add-port=9001/tcp",
        "--add-port=9002-9003/udp",
        "--add-service=http",
        "--add-rich-rule=rule family=ipv4 source address=203.0.113.0/24 port port=9004 protocol=tcp accept",  # noqa: E501 - one rule, as it is typed
        "--add-rich-rule=rule family=ipv6 source address=2001:db8:1::/64 port port=9005 protocol=udp accept",  # noqa: E501 - one rule, as it is typed
        "--add-rich-rule=rule family=ipv4 source address=192.0.2.10 drop",
        "--add-forward-port=port=9006:proto=tcp:toport=9007",
        "--zone=trusted --add-source=2001:db8:3::/64",
    ):  # fmt: skip
        words = word.split(" ", 1) if word.startswith("--zone") else [word]
        inside(gates, "bank", "firewall-cmd", "-q", *words)
    agree(said(gates, "bank", PORTS), knocked(gates, "bank", PORTS))


def test_doors_of_udp_are_asked_from_outside_through_the_gates(gates: Street) -> None:
    for rule in ("allow 9001/udp", "reject 9005/udp", "deny 9012"):
        inside(gates, "office", "ufw", *rule.split())
    publish = (
        "iptables -t nat -A DOCKER ! -i docker0 -p udp -m udp --dport 8053"
        " -j DNAT --to-destination 172.17.0.2:9001;"
        "iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p udp -m udp --dport 9001"
        " -j ACCEPT;"
        "rm /run/listening; systemd-run -q --unit=echo"
        " ip netns exec shop python3 /root/listen.py 9001;"
        "until [ -e /run/listening ]; do read -t 0.1 _ </dev/zero || :; done"
    )
    inside(gates, "office", "bash", "-c", publish)
    asked = from_outside(gates, "office", "8053,9001,9005,9012")
    assert [asked[HERE["office"][0], port] for port in (8053, 9001, 9005, 9012)] == [
        *(("open", "udp-response"), ("open", "udp-response")),
        *(("closed", "port-unreachable"), ("open|filtered", "no-response")),
    ]
    assert asked[HERE["office"][1], 8053] == ("open|filtered", "no-response")  # published by IPv4
    assert asked[HERE["office"][1], 9001] == ("open", "udp-response")
    inside(gates, "bank", "firewall-cmd", "-q", "--add-port=9011/udp")
    inside(
        gates, "bank", "firewall-cmd", "-q", "--add-forward-port=port=9010:proto=udp:toport=9009"
    )
    asked = from_outside(gates, "bank", "9009-9012")
    assert [asked[HERE["bank"][0], port] for port in (9009, 9010, 9011, 9012)] == [
        *(("filtered", "admin-prohibited"), ("open", "udp-response")),
        *(("open", "udp-response"), ("filtered", "admin-prohibited")),
    ]


def test_a_published_port_of_udp_is_told_beside_ufw_that_denies_it(gates: Street) -> None:
    told = tojimari(gates, "office", "check", "--scan")
    past = [one for one in told["findings"] if one["code"] == "published-past"]
    doors = [told["doors"][one["door"]] for one in past]
    assert [(one["transport"], one["port"]) for one in doors] == [("udp", 8053), ("tcp", 8080)]
    assert {one["values"]["manager"] for one in past} == {"ufw"}


def tojimari(street: Street, house: str, *words: str) -> dict[str, Any]:
    """What a command says, all well or not."""
    run = ("sh", "-c", 'tojimari "$@" --json || [ $? -eq 1 ]', "-", *words)
    told: dict[str, Any] = json.loads(inside(street, house, *run))
    return told


def from_outside(street: Street, house: str, ports: str) -> dict[tuple[str, int], tuple[str, str]]:
    """What each door of UDP does, and why we say so, by address and port."""
    told = tojimari(street, house, "scan", "--from-outside", "--udp", "-p", ports)
    return {(one["address"], one["port"]): (one["state"], one["reason"]) for one in told["doors"]}


def test_a_published_port_passes_ufw_until_the_right_rule_stands(gates: Street) -> None:
    (before,) = reached(gates)
    assert (before["certainty"], before["decider"]["owner"]) == ("certainly", "Docker")
    sent = before["redirection"]
    assert (sent["address"], sent["port"]) == ("172.17.0.2", 80)
    assert sent["decider"]["words"] == "Docker publishes 8080/tcp to 172.17.0.2 port 80"
    assert arrives(gates)
    deny = ("ufw", "deny", "from", "203.0.113.10", "to", "any", "port", "8080")
    inside(gates, "office", *deny)  # the wrong fix
    assert reached(gates)[0]["certainty"] == "certainly"
    assert arrives(gates)
    fix = (
        *("iptables", "-I", "DOCKER-USER", "-i", "eth0", "-p", "tcp", "-m", "conntrack"),
        *("--ctorigdstport", "8080", "-j", "DROP"),
    )
    inside(gates, "office", *fix)
    (after,) = reached(gates)
    assert after["certainty"] == "certainly-not"
    assert after["decider"]["chain"] == "DOCKER-USER"
    assert not arrives(gates)
    internet = json.loads(inside(gates, "office", "tojimari", "reach", "8080/tcp", "--json"))
    (port,) = internet["ports"]
    assert {one["source"]: one["certainty"] for one in port["reaches"]} == {
        "this-machine": "certainly",
        "containers": "certainly-not",
        "lan": "certainly-not",
        "internet": "certainly-not",
    }


def reached(street: Street) -> list[dict[str, Any]]:
    """What becomes of the visitor's packets to the published port."""
    words = ("8080/tcp", "--from", VISITOR[0], "--to", SHOP[1], "--json")
    answer = json.loads(inside(street, "office", "tojimari", "reach", *words))
    passages: list[dict[str, Any]] = answer["ports"][0]["reaches"][0]["passages"]
    return passages


def arrives(street: Street) -> bool:
    """Whether the visitor is served by the container."""
    answer = inside(street, "visitor", "python3", "-c", KNOCK, said=json.dumps([SHOP]))
    (came,) = json.loads(answer)
    return bool(came)
