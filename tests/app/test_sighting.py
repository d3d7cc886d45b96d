"""What was seen from outside beside what the kernel and the rules say, on the real kernel."""

import datetime as dt
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tojimari.app import check as checking
from tojimari.app import identify, look, sighting
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty
from tojimari.core.finding import Finding
from tojimari.core.observation import State, Witness
from tojimari.core.socket import InsideView
from tojimari.linux import steering
from tojimari.linux.assembler import R0, R1, R6, Assembler
from tojimari.linux.outside import SOURCES
from tojimari.linux.steering import Hook
from wire import HERE, laid

RULES = """table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established accept
        meta l4proto ipv6-icmp accept
        tcp dport { 7000, 7004, 7005 } accept
        meta nfproto ipv6 tcp dport 7003 accept
        udp dport { 7100, 7101, 7103, 7104 } accept
    }
}
"""
SPEAKS, SILENT, KEPT_OUT, REFUSED, UNHELD = 7100, 7101, 7102, 7103, 7104
OPEN, SHUT, SIX_ALONE, SWALLOWED, NOBODY, AGAINST = 7000, 7001, 7003, 7004, 7005, 7006

# Answers every SYN to a number as if somebody waited there; no socket of the kernel's has it.
ANSWERS = """
import socket, struct, sys
from tojimari.close.segment import checksum
port = int(sys.argv[1])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE: all of a scan comes by
wire.bind(("out0", 3))  # ETH_P_ALL: it hears before the programs at the interface
print("there", flush=True)
while True:
    heard, said = wire.recvfrom(2048)
    if said[2] == socket.PACKET_OUTGOING or heard[12:14].hex() != "0800" or heard[23] != 6:
        continue
    source, to, number, _, _, flags = struct.unpack_from("!HHIIBB", heard, 34)
    if to != port or flags != 2:
        continue
    here, there = heard[30:34], heard[26:30]
    segment = struct.pack("!HHIIBBHHH", to, source, 1, number + 1 & 0xFFFFFFFF, 80, 18, 1024, 0, 0)
    total = checksum(here + there + struct.pack("!HH", 6, len(segment)) + segment)
    segment = segment[:16] + struct.pack("!H", total) + segment[18:]
    head = struct.pack("!BBHHHBBH", 69, 0, 40, 0, 0, 64, 6, 0) + here + there
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    wire.send(heard[6:12] + heard[:6] + heard[12:14] + head + segment)
"""


# The same for datagrams: answers them, or says that nobody is there.
ANSWERS_DATAGRAMS = """
import socket, struct, sys
from tojimari.close.segment import checksum
port, kind = int(sys.argv[1]), sys.argv[2]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)
wire.bind(("out0", 3))
print("there", flush=True)
while True:
    heard, said = wire.recvfrom(2048)
    if said[2] == socket.PACKET_OUTGOING or heard[12:14].hex() != "0800" or heard[23] != 17:
        continue
    source, to = struct.unpack_from("!HH", heard, 34)
    if to != port:
        continue
    here, there = heard[30:34], heard[26:30]
    if kind == "answer":
        body, protocol = struct.pack("!HHHH", to, source, 9, 0) + b"!", 17
    else:
        body, protocol = struct.pack("!BBHI", 3, 3, 0, 0) + heard[14:42], 1
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    head = struct.pack("!BBHHHBBH", 69, 0, 20 + len(body), 0, 0, 64, protocol, 0) + here + there
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    wire.send(heard[6:12] + heard[:6] + heard[12:14] + head + body)
"""


@pytest.fixture
def wire(root: None) -> Iterator[str]:
    with laid() as name:
        yield name


@pytest.fixture
def rules(wire: str) -> Iterator[None]:
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    yield
    subprocess.run(["nft", "flush", "ruleset"], check=True)


@pytest.fixture
def doors(wire: str) -> Iterator[None]:
    held = [
        socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        for port in (OPEN, SHUT, SIX_ALONE, SWALLOWED)
    ]
    yield
    for one in held:
        one.close()


@pytest.fixture
def swallows(wire: str) -> Iterator[Callable[[int], None]]:
    """Has a program at the interface drop what comes to a number, which no rule tells of."""
    undo: list[Callable[[], None]] = []

    def swallow(port: int) -> None:
        program = Assembler().move(R6, R1).load_packet(2, 12).jump_unless(R0, 0x0800, "pass")
        program.load_packet(2, 36).jump_unless(R0, port, "pass").set(R0, 2).exit()
        program.label("pass").set(R0, -1).exit()
        undo.append(steering.attach(program.build(), socket.if_nametoindex(wire), Hook.INGRESS))

    yield swallow
    for one in undo:
        one()


@pytest.fixture
def answers() -> Iterator[Callable[..., None]]:
    """Has a process answer at a number, without any socket of the kernel's there."""
    running: list[subprocess.Popen[str]] = []

    def answer(port: int, kind: str = "") -> None:
        words = [sys.executable, "-c", ANSWERS_DATAGRAMS if kind else ANSWERS, str(port), kind]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"

    yield answer
    for one in running:
        one.kill()
        one.communicate()


def seen(ports: frozenset[int] | None = None) -> tuple[InsideView, dict[int, Door]]:
    """The doors of this namespace by number, after a look from outside."""
    view, walls = look.guarded(look.view())
    only = None if ports is None else {Transport.TCP: ports}
    found = sighting.see(view, look.doors(view, walls), walls, ports=only)
    ours = identify.own_namespace(view.namespaces)
    return view, {
        one.endpoint.port: one
        for one in found.doors
        if one.namespace.inode == ours and one.endpoint.transport is Transport.TCP
    }


def findings(view: InsideView, doors: dict[int, Door]) -> dict[str, list[Finding]]:
    """Those of the scan's checks, by their names."""
    verdict = checking.judge(
        view, tuple(doors.values()), intents=(), path=None, today=dt.date(2030, 1, 1)
    )
    found: dict[str, list[Finding]] = {}
    for one in verdict.findings:
        if one.check in {"unanswered", "unheld", "against-the-rules"}:
            found.setdefault(one.check, []).append(one)
    return found


def states(door: Door) -> dict[str, tuple[State, Certainty]]:
    return {one.address: (one.state, one.expected) for one in door.sightings}


@pytest.mark.usefixtures("root", "rules", "doors")
def test_where_rules_and_scan_agree_nothing_is_found() -> None:
    view, found = seen()
    let_in, kept_out = (State.OPEN, Certainty.YES), (State.FILTERED, Certainty.NO)
    assert states(found[OPEN]) == {HERE[4]: let_in, HERE[6]: let_in}
    assert states(found[SHUT]) == {HERE[4]: kept_out, HERE[6]: kept_out}
    assert states(found[SIX_ALONE]) == {HERE[4]: kept_out, HERE[6]: let_in}
    assert findings(view, found) == {}


@pytest.mark.usefixtures("root", "rules", "doors")
def test_a_door_that_a_program_at_the_interface_shuts_is_found(
    swallows: Callable[[int], None],
) -> None:
    swallows(SWALLOWED)
    view, found = seen()
    assert states(found[SWALLOWED])[HERE[4]] == (State.FILTERED, Certainty.YES)
    (finding,) = findings(view, found)["unanswered"]
    assert finding.door == found[SWALLOWED]
    assert finding.message.values["address"] == HERE[4]
    assert finding.next == f"tojimari reach {SWALLOWED} --from {SOURCES[4]} --why"


@pytest.mark.usefixtures("root", "rules", "doors")
def test_what_answers_without_a_socket_is_found(
    swallows: Callable[[int], None], answers: Callable[[int], None]
) -> None:
    swallows(NOBODY)
    answers(NOBODY)
    view, found = seen()
    door = found[NOBODY]
    assert (door.listener, door.endpoint) == (None, Endpoint(Transport.TCP, HERE[4], NOBODY))
    assert [(one.witness, one.state) for one in door.observations] == [(Witness.SCAN, State.OPEN)]
    told = findings(view, found)
    assert [one.door for one in told["unheld"]] == [door]
    assert told["unheld"][0].next == f"tojimari identify {HERE[4]}:{NOBODY}"
    assert set(told) == {"unheld"}


@pytest.mark.usefixtures("root", "rules", "doors")
def test_what_answers_though_the_rules_keep_others_out_is_found(
    answers: Callable[[int], None],
) -> None:
    answers(AGAINST)
    view, found = seen(frozenset({AGAINST, OPEN}))
    (finding,) = findings(view, found)["against-the-rules"]
    assert finding.door == found[AGAINST]
    assert finding.rules[0].chain == "input"


@pytest.mark.usefixtures("root", "wire", "doors")
def test_a_door_that_is_elsewhere_is_no_door_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 7010)):
        _, found = seen(frozenset({OPEN, 7010}))
    assert found[7010].sightings == ()
    assert len(found[OPEN].sightings) == 2


@pytest.mark.usefixtures("root", "wire", "doors")
def test_only_what_is_asked_for_is_knocked_at() -> None:
    shown = look.look([look.question(str(OPEN))], scan=True)
    ours = [one for one in shown.doors if one.sightings]
    assert [one.endpoint.port for one in ours] == [OPEN]
    none: frozenset[int] = frozenset()
    asked = sighting.numbers([look.question("53/udp")], ())
    assert asked == {Transport.TCP: none, Transport.UDP: {53}}
    asked = sighting.numbers([look.question("80-82")], ())
    assert asked == {Transport.TCP: {80, 81, 82}, Transport.UDP: {80, 81, 82}}


@pytest.mark.usefixtures("root", "wire")
def test_a_port_that_a_known_rule_sends_to_a_container_is_agreement() -> None:
    script = """
set -e
ip netns add sighting-inner
ip link add in0 type veth peer name eth0 netns sighting-inner
ip addr add 10.9.9.1/24 dev in0; ip link set in0 up
ip -n sighting-inner addr add 10.9.9.2/24 dev eth0
ip -n sighting-inner link set eth0 up; ip -n sighting-inner link set lo up
ip -n sighting-inner route add default via 10.9.9.1
sysctl -qw net.ipv4.ip_forward=1
nft 'table ip t { chain p { type nat hook prerouting priority -100;
  iifname "out0" tcp dport 8080 dnat to 10.9.9.2:80; }; }'
"""
    serves = (
        "import socket; s = socket.create_server(('', 80)); print('there', flush=True)\n"
        "while True: s.accept()[0].close()"
    )
    words = ["ip", "netns", "exec", "sighting-inner", sys.executable, "-c", serves]
    try:
        subprocess.run(["sh", "-c", script], check=True)
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "there\n"
            with socket.create_server((HERE[4], 7000)):  # so that this namespace's rules are read
                view, found = seen(frozenset({8080, 7000}))
            server.kill()
        door = found[8080]
        assert door.forwarding is not None
        assert (State.OPEN, Certainty.YES) in states(door).values()
        assert findings(view, found) == {}
    finally:
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["ip", "link", "del", "in0"], check=False)
        subprocess.run(["ip", "netns", "del", "sighting-inner"], check=False)


@pytest.fixture
def datagrams(wire: str) -> Iterator[None]:
    """Sockets of UDP, of which one answers whatever it is sent."""
    held = [
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        for _ in (SPEAKS, SILENT, KEPT_OUT, REFUSED)
    ]
    for one, port in zip(held, (SPEAKS, SILENT, KEPT_OUT, REFUSED), strict=True):
        one.bind(("::", port))

    def answer() -> None:
        while said := held[0].recvfrom(2048):
            held[0].sendto(b"!", said[1])
            if said[0] == b"end":
                return

    speaks = threading.Thread(target=answer, daemon=True)
    speaks.start()
    yield
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as last:
        last.sendto(b"end", ("::1", SPEAKS))
        speaks.join()
    for one in held:
        one.close()


def seen_by_udp(ports: frozenset[int] | None = None) -> tuple[InsideView, dict[int, Door]]:
    """The doors of UDP by number, after a look from outside."""
    view, walls = look.guarded(look.view())
    only = None if ports is None else {Transport.UDP: ports}
    found = sighting.see(view, look.doors(view, walls), walls, ports=only)
    ours = identify.own_namespace(view.namespaces)
    assert "datagrams-asked" in [one.message.code for one in found.unseen]
    return view, {
        one.endpoint.port: one
        for one in found.doors
        if one.namespace.inode == ours and one.endpoint.transport is Transport.UDP
    }


@pytest.mark.usefixtures("root", "rules", "datagrams")
def test_by_udp_silence_says_nothing_and_an_answer_agrees() -> None:
    view, found = seen_by_udp()
    assert states(found[SPEAKS]) == dict.fromkeys(HERE.values(), (State.OPEN, Certainty.YES))
    silent = State.OPEN_OR_FILTERED
    assert states(found[SILENT]) == dict.fromkeys(HERE.values(), (silent, Certainty.YES))
    assert states(found[KEPT_OUT]) == dict.fromkeys(HERE.values(), (silent, Certainty.NO))
    assert findings(view, found) == {}


@pytest.mark.usefixtures("root", "rules", "datagrams")
def test_a_held_door_of_udp_that_is_said_to_be_shut_is_found(
    swallows: Callable[[int], None], answers: Callable[..., None]
) -> None:
    swallows(REFUSED)
    answers(REFUSED, "refuse")
    view, found = seen_by_udp(frozenset({REFUSED, SILENT}))
    assert states(found[REFUSED])[HERE[4]] == (State.CLOSED, Certainty.YES)
    told = findings(view, found)
    assert set(told) == {"unanswered"}
    (finding,) = told["unanswered"]
    assert (finding.door, finding.message.code) == (found[REFUSED], "unanswered-datagram")


@pytest.mark.usefixtures("root", "rules", "datagrams")
def test_a_datagram_that_is_answered_without_a_socket_is_found(
    swallows: Callable[[int], None], answers: Callable[..., None]
) -> None:
    swallows(UNHELD)
    answers(UNHELD, "answer")
    view, found = seen_by_udp()
    assert found[UNHELD].endpoint == Endpoint(Transport.UDP, HERE[4], UNHELD)
    told = findings(view, found)
    assert [one.door for one in told["unheld"]] == [found[UNHELD]]
    assert set(told) == {"unheld"}


@pytest.mark.usefixtures("root", "rules", "datagrams")
def test_a_datagram_that_is_answered_though_the_rules_keep_others_out_is_found(
    answers: Callable[..., None],
) -> None:
    answers(KEPT_OUT, "answer")
    view, found = seen_by_udp(frozenset({KEPT_OUT}))
    (finding,) = findings(view, found)["against-the-rules"]
    assert finding.door == found[KEPT_OUT]
