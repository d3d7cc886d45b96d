"""Rules of bridges, of devices and of ARP: real packets that come and go by a bridge."""

import socket
import struct
from collections.abc import Iterator

import pytest

from firewall.judge import GATES, HERE, Judge, Shot, agrees, allowed
from firewall.worlds import MACHINE, ask, reasoner
from tojimari.app.firewall import from_files
from tojimari.firewall import intervals, live
from tojimari.firewall.answer import certain_sources
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.machine import Machine
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, UDP
from tojimari.linux.namespaces import Visitor

SET_UP = f"""
link add br0 type bridge
addr flush dev eth0
link set eth0 master br0
link set br0 up
addr add {HERE[4][0]}/24 dev br0
route add default via {GATES[4][0]} dev br0
neigh add {GATES[4][0]} lladdr 02:00:00:00:00:01 dev br0 nud permanent
""".strip()
ETH_P_IP = 0x0800  # linux/if_ether.h
SOME = [1 << 27, (1 << 27) + 1]  # 8.0.0.0
SOURCES = [intervals.parse_ipv4(text) for text in ("8.8.8.8", "10.1.2.3", "192.0.2.77")]


def chain(family: str, base: str, *rules: str) -> str:
    """A table with one base chain."""
    lines = [f"type filter hook {base};", *rules]
    return f"table {family} f {{\nchain c {{\n{chr(10).join(lines)}\n}}\n}}\n"


SSH, ONE = "tcp dport 22 drop", "priority 0"
# A ruleset, and whether it leaves something in doubt: a port of a bridge is not known by its name.
RULESETS = [
    (chain("bridge", f"input {ONE}", SSH), False),
    (
        chain(
            "bridge",
            f"input {ONE}; policy drop",
            "ether type arp accept",
            "ether type ip ip saddr 8.0.0.0/8 accept",
        ),
        False,
    ),
    (chain("bridge", "prerouting priority -300", f'iifname "eth0" {SSH}'), True),
    (
        chain("bridge", "prerouting priority -300", "udp dport 53 meta mark set 7")
        + chain("ip", f"input {ONE}", "meta mark 7 drop"),
        False,
    ),
    (chain("bridge", f"output {ONE}", SSH), False),
    (chain("bridge", f"forward {ONE}; policy drop"), False),
    (chain("netdev", f"ingress device eth0 {ONE}", SSH), True),
    (chain("netdev", f"ingress device br0 {ONE}", SSH), False),
    (chain("netdev", f"egress device eth1 {ONE}", SSH), True),  # it might be a port of br0
    (chain("netdev", f"egress device br0 {ONE}", SSH), False),
]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Judge()
    made.batch(SET_UP.splitlines())
    made.sockets["br0"] = made.sockets["eth0"]
    link = made.inside("cat", "/sys/class/net/br0/address").strip()
    made.targets["br0"] = bytes.fromhex(link.replace(":", ""))
    yield made
    made.close()


def machine(judge: Judge) -> Machine:
    """The machine as the product sees it."""
    visitor = Visitor()
    try:
        with open(f"/run/netns/{judge.name}", "rb") as space:  # noqa: PTH123 - a descriptor is needed
            return visitor.visit(space.fileno(), live.around).machine
    finally:
        visitor.close()


def listening(end: str) -> socket.socket:
    """A socket that hears what comes out at one end of a cable."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    wire.bind((end, ETH_P_IP))
    wire.settimeout(0)
    return wire


def came_out(wire: socket.socket) -> dict[int, tuple[int, int]]:
    """The numbers of the packets that came out, with their destinations; closes the socket."""
    found: dict[int, tuple[int, int]] = {}
    with wire:
        while True:
            try:
                frame, at = wire.recvfrom(2048)
            except BlockingIOError:
                return found
            if at[2] != socket.PACKET_OUTGOING:  # that is what we sent
                number, to, port = struct.unpack("!18xH10xI2xH", frame[:38])
                found[number] = to, port


@pytest.mark.parametrize(("ruleset", "doubtful"), RULESETS)
@pytest.mark.usefixtures("root")
def test_packets_by_a_bridge_fare_as_is_said(judge: Judge, ruleset: str, doubtful: bool) -> None:
    program = compile_ruleset(judge.load(ruleset))
    asked = Reasoner(program, machine(judge))
    beyond, behind = intervals.parse_ipv4("10.99.0.5"), intervals.parse_ipv4("100.64.0.9")
    here = intervals.parse_ipv4(HERE[4][0])
    shots = [
        Shot(0, 4, source, Question(4, protocol, port, to, interface, [source, source + 1]))
        for source in SOURCES
        for protocol, port in ((TCP, 22), (TCP, 80), (UDP, 53))
        for to, interface in ((here, "br0"), (beyond, "br0"), (behind, "eth1"))
    ]
    shots = [Shot(at, 4, shot.source, shot.question) for at, shot in enumerate(shots, start=1)]
    wires = [listening(end) for end in judge.ends]
    judge.fire(shots)
    # What is for the machine is noted there; what leaves it is seen on the wires.
    notes = {number: end for (_, number), end in judge.notes().items() if end[0] == here}
    for wire in wires:
        notes |= came_out(wire)
    doubts = 0
    for shot in shots:
        walk = asked.ask(shot.question)
        verdict = allowed(walk, certain_sources(program, walk)[1], shot.source)
        assert agrees(verdict, notes.get(shot.number)), (shot, verdict)
        doubts += verdict.maybe
    assert (doubts > 0) is doubtful


def test_what_leaves_by_a_bridge_or_a_device_is_judged_there() -> None:
    away = "192.0.2.7"
    MACHINE.bridges, MACHINE.stacked = frozenset({"bridge1"}), frozenset({"bridge1"})
    try:
        for text in (
            chain("bridge", f"output {ONE}; policy drop"),
            chain("netdev", f'egress device "bridge1" {ONE}; policy drop'),
        ):
            assert ask(reasoner(text), 22, to=away).startswith("certainly-not | policy of ")
            assert ask(reasoner(text), 22) == "certainly | nothing"
    finally:
        MACHINE.bridges, MACHINE.stacked = frozenset(), frozenset()


def test_on_an_unknown_machine_a_bridge_is_a_doubt() -> None:
    made = from_files(
        [chain("bridge", f"input {ONE}; policy drop")],
        ["192.0.2.1/24@eth0"],
    )
    asked = Reasoner(made.program, made.machine)
    question = Question(
        4, TCP, 22, intervals.parse_ipv4("192.0.2.1"), "eth0", [1 << 27, 1 + (1 << 27)]
    )
    sure, maybe = certain_sources(made.program, asked.ask(question))
    assert (sure, bool(maybe)) == ([], True)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        (chain("arp", f"input {ONE}; policy drop"), True),
        (chain("arp", f"input {ONE}", "arp saddr ip 192.0.2.1 drop"), True),
        (chain("arp", f"input {ONE}", "accept"), False),
    ],
)
def test_rules_for_arp_leave_a_doubt(text: str, doubted: bool) -> None:
    expected = "maybe | nothing | doubt rules for ARP" if doubted else "certainly | nothing"
    assert ask(reasoner(text), 22) == expected
    assert ask(reasoner(text), 22, "2001:db8:1::1") == "certainly | nothing"
