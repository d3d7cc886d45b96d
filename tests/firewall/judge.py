"""The kernel as judge: real packets through real rules, against the reasoner's word.

A network namespace holds the machine that is judged, with two interfaces. Their other ends are
here, so that packets with any source can be put on the wire. A base chain behind all others notes
which packets got there, by a number that each carries (IPv4's identification, IPv6's flow label).
"""

import errno
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tojimari.firewall import intervals
from tojimari.firewall.answer import certain_sources
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.dialects import iptables, nft_json
from tojimari.firewall.machine import Address, Machine, Route
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, Ruleset
from tojimari.firewall.worlds import Walk

AGENT = Path(__file__).with_name("agent.py")
_numbers = itertools.count()

_NOTED = """
table FAMILY zz_notes {
    set i { typeof NUMBER . FAMILY daddr . th dport; flags dynamic; size 65535; }
    set f { typeof NUMBER . FAMILY daddr . th dport; flags dynamic; size 65535; }
    chain i { type filter hook input priority 2147483000; policy accept;
        tcp flags & (syn|rst|ack) != syn return
        meta l4proto { tcp, udp } NUMBER != 0 add @i { NUMBER . FAMILY daddr . th dport }
    }
    chain f { type filter hook postrouting priority 2147483000; policy accept;
        oifname "lo" return
        tcp flags & (syn|rst|ack) != syn return
        meta l4proto { tcp, udp } NUMBER != 0 add @f { NUMBER . FAMILY daddr . th dport }
    }
}
"""
RECORDER = "".join(
    _NOTED.replace("NUMBER", number).replace("FAMILY", family)
    for family, number in (("ip", "ip id"), ("ip6", "ip6 flowlabel"))
)
# The machine that is judged: two networks, a default route by the first, more networks by the second.  # noqa: E501 - one ruleset, kept readable as it is
HERE = {4: ("192.0.2.1", "198.51.100.1"), 6: ("2001:db8:1::1", "2001:db8:2::1")}
BEHIND = {4: "10.99.0.0/16", 6: "2001:db8:99::/48"}
GATES = {4: ("192.0.2.254", "198.51.100.254"), 6: ("2001:db8:1::fe", "2001:db8:2::fe")}
LENGTHS = {4: 24, 6: 64}
INTERFACES = ("eth0", "eth1")


def run(*words: str, text: str | None = None) -> str:
    """Run a program; its output, or an error that says what it said."""
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)[:120]}: {done.stderr[:800]}")
    return done.stdout


@dataclass(frozen=True)
class Shot:
    """One packet, and what the reasoner says of it."""

    number: int
    family: int
    source: int
    question: Question


@dataclass
class Verdict:
    """What the reasoner allows for one packet.

    Attributes:
        ends: Destination and port with which it may arrive; None as a port for one of several.
        surely: Whether it must arrive.
        maybe: Whether it may be stopped as well as arrive.
    """

    ends: set[tuple[int | None, int | None]]
    surely: bool
    maybe: bool


@dataclass
class Tally:
    """What came of many shots."""

    checks: int = 0
    arrived: int = 0
    undecided: int = 0
    rulesets: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list[str])


class Judge:
    """The namespace, the interfaces and the packets."""

    def __init__(self) -> None:
        """Build everything; ``close`` takes it down."""
        self.name = f"judge{os.getpid()}x{next(_numbers)}"
        self.ends = [f"j{os.getpid() % 100000}{letter}{next(_numbers)}" for letter in "ab"]
        run("ip", "netns", "add", self.name)
        script: list[str] = ["link set lo up"]
        for at, (name, end) in enumerate(zip(INTERFACES, self.ends, strict=True)):
            run("ip", "link", "add", end, "type", "veth", "peer", "name", name, "netns", self.name)
            run("ip", "link", "set", end, "up")
            script.append(f"link set {name} up")
            for family in (4, 6):
                nodad = " nodad" if family == 6 else ""
                script += [
                    f"addr add {HERE[family][at]}/{LENGTHS[family]} dev {name}{nodad}",
                    (
                        f"neigh add {GATES[family][at]} lladdr 02:00:00:00:00:0{at + 1} dev {name}"
                        " nud permanent"
                    ),
                ]
        for family in (4, 6):
            flag = f"-{family} " if family == 6 else ""
            script.append(f"{flag}route add default via {GATES[family][0]} dev eth0")
            script.append(f"{flag}route add {BEHIND[family]} via {GATES[family][1]} dev eth1")
        self.batch([line for line in script if not line.startswith("-6")])
        for line in script:
            if line.startswith("-6"):
                run("ip", "-n", self.name, *line.split())
        self.inside(
            "sysctl",
            "-qw",
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv6.auto_flowlabels=0",
            *(f"net.ipv4.conf.{name}.rp_filter=0" for name in ("all", "default", *INTERFACES)),
        )
        self.sockets: dict[str, socket.socket] = {}
        self.targets: dict[str, bytes] = {}
        for name, end in zip(INTERFACES, self.ends, strict=True):
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            wire.bind((end, 0))
            self.sockets[name] = wire
            link = json.loads(run("ip", "-j", "-n", self.name, "link", "show", name))[0]["address"]
            self.targets[name] = bytes.fromhex(link.replace(":", ""))
        self.agent = subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, str(AGENT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Take everything down."""
        self.agent.stdin.close()  # type: ignore[union-attr]  # it was made with a pipe
        self.agent.wait()
        self.agent.stdout.close()  # type: ignore[union-attr]  # the same
        for wire in self.sockets.values():
            wire.close()
        run("ip", "netns", "del", self.name)

    def batch(self, lines: list[str]) -> None:
        """Several commands of ip at once."""
        run("ip", "-n", self.name, "-batch", "-", text="\n".join(lines))

    def inside(self, *words: str, text: str | None = None) -> str:
        """Run a program on the machine that is judged."""
        return run("ip", "netns", "exec", self.name, *words, text=text)

    def obey(self, line: str) -> None:
        """Have the agent do something, and wait for it."""
        assert self.agent.stdin
        assert self.agent.stdout
        self.agent.stdin.write(line + "\n")
        self.agent.stdin.flush()
        assert self.agent.stdout.readline() == "ok\n"

    def load(self, ruleset: str) -> Ruleset:
        """Load a ruleset and read it back as the product reads it."""
        self.inside("nft", "-f", "-", text=f"flush ruleset\n{ruleset}\n{RECORDER}")
        self.obey("flush")
        return self.listed()

    def listed(self) -> Ruleset:
        """The ruleset as it stands, without our notes."""
        found = nft_json.read(self.inside("nft", "-j", "list", "ruleset"))
        nft_json.devices(found, self.inside("nft", "-s", "-t", "list", "ruleset"))
        found.tables = [table for table in found.tables if table.name != "zz_notes"]
        return found

    def load_iptables(self, dump: str) -> Ruleset:
        """Load a dump by iptables-nft and read it back as iptables-save gives it."""
        program = "iptables" if dump.startswith("#4") else "ip6tables"
        self.inside("nft", "flush", "ruleset")
        self.inside(f"{program}-nft-restore", text=dump)
        self.inside("nft", "-f", "-", text=RECORDER)
        self.obey("flush")
        return iptables.DIALECT.read(self.inside(f"{program}-nft-save"), {}, program)

    def machine(self) -> Machine:
        """What the reasoner is told of the machine."""
        addresses: list[Address] = []
        routes: list[Route] = []
        for family in (4, 6):
            default, other = GATES[family]
            del default, other
            routes.append(Route(family, 0, 0, "eth0"))
            first, _ = intervals.parse_network(BEHIND[family], family)
            routes.append(Route(family, first, 16 if family == 4 else 48, "eth1"))
            for at, name in enumerate(INTERFACES):
                number = intervals.parse_address(HERE[family][at], family)
                own = Address(family, number, LENGTHS[family], name)
                addresses.append(own)
                routes.append(Route(family, own.network[0], own.length, name))
        return Machine(tuple(addresses), tuple(routes), {4: True, 6: True})

    def fire(self, shots: list[Shot]) -> None:
        """Send every packet; afterwards each has met its verdict, for veth delivers at once."""
        assert self.agent.stdin
        for shot in shots:
            asked = shot.question
            packet = written(shot)
            wire = self.sockets.get(asked.interface or "")
            if wire is None:
                # It might be the answer to an earlier one, sent on by a rule, and then not be new.
                self.obey("flush")
                self.agent.stdin.write(f"{shot.family} {packet.hex()}\n")
            else:
                kind = b"\x08\x00" if shot.family == 4 else b"\x86\xdd"
                self.send(
                    wire, self.targets[asked.interface or ""] + b"\x02\0\0\0\0\1" + kind + packet
                )
        self.agent.stdin.flush()
        self.obey("sync")

    def send(self, wire: socket.socket, frame: bytes) -> None:
        """Put a frame on a wire; where a busy machine's queue is full, once it has been emptied."""
        for _ in range(1000):
            try:
                wire.send(frame)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.obey("sync")
            else:
                return
        msg = "the queue stays full"
        raise RuntimeError(msg)

    def notes(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Family and number of every packet that arrived, with its last destination and port."""
        # What is still in a queue of the kernel's is delivered before a later system call returns
        # there, since veth hands packets to the same processor's backlog.
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for family, table in ((4, "ip"), (6, "ip6")):
            for name in ("i", "f"):
                listed = json.loads(
                    self.inside("nft", "-j", "list", "set", table, "zz_notes", name)
                )
                for one in listed["nftables"]:
                    for element in one.get("set", {}).get("elem", []):
                        number, address, port = _note(element)
                        key = family, int(number)
                        found[key] = intervals.parse_address(address, family), int(port)
        return found


def _note(element: dict[str, Any]) -> list[Any]:
    inner: dict[str, Any] = element.get("elem", {}).get("val", element)
    return list(inner["concat"])


def written(shot: Shot) -> bytes:
    """The packet's bytes from the network header on, checksums right."""
    asked = shot.question
    if asked.protocol == TCP:
        body = struct.pack(
            "!HHIIBBHHH", asked.source_port, asked.port, 1000, 0, 5 << 4, 2, 64240, 0, 0
        )
    else:
        body = struct.pack("!HHHH", asked.source_port, asked.port, 8, 0)
    size = 4 if shot.family == 4 else 16
    ends = shot.source.to_bytes(size, "big") + asked.destination.to_bytes(size, "big")
    pseudo = ends + (
        struct.pack("!BBH", 0, asked.protocol, len(body))
        if shot.family == 4
        else struct.pack("!IHBB", len(body), 0, 0, asked.protocol)
    )
    at = 16 if asked.protocol == TCP else 6
    body = body[:at] + struct.pack("!H", checksum(pseudo + body) or 0xFFFF) + body[at + 2 :]
    if shot.family == 6:
        head = struct.pack("!IHBB", 6 << 28 | shot.number, len(body), asked.protocol, 64)
        return head + ends + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), shot.number, 0, 64, asked.protocol, 0)
    head = head[:10] + struct.pack("!H", checksum(head + ends))
    return head + ends + body


def checksum(data: bytes) -> int:
    """RFC 1071."""
    words: tuple[int, ...] = struct.unpack(f"!{len(data) // 2}H", data)
    total = sum(words)
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return ~total & 0xFFFF


def allowed(walk: Walk, maybe: intervals.Intervals, source: int) -> Verdict:
    """What the reasoner allows for one source."""
    ends: set[tuple[int | None, int | None]] = set()
    stopped = False
    for ending in walk.endings:
        if not intervals.contains(ending.sources, source):
            continue
        if ending.arrives:
            state = ending.state
            ends.add((None if state.vague else state.destination, state.port))
        else:
            stopped = True
    in_doubt = bool(ends) and stopped
    return Verdict(ends, bool(ends) and not stopped, in_doubt or intervals.contains(maybe, source))


def agrees(verdict: Verdict, arrived: tuple[int, int] | None) -> bool:
    """Whether what happened is among what the reasoner allows."""
    if arrived is None:
        return not verdict.surely
    return any(
        address in {None, arrived[0]} and port in {None, arrived[1]}
        for address, port in verdict.ends
    )


Generator = Callable[[random.Random, int], str]


@dataclass
class Trial:
    """One ruleset, the packets that were sent, and what arrived.

    Attributes:
        name: Where it came from.
        ruleset: As the product read it.
        machine: What the reasoner is told of the machine.
        groups: Questions, each with the numbers and the sources of its packets.
        notes: What arrived; see ``Judge.notes``.
    """

    name: str
    ruleset: Ruleset
    machine: Machine
    groups: list[tuple[Question, list[tuple[int, int]]]]
    notes: dict[tuple[int, int], tuple[int, int]]


def tried(
    judge: Judge,
    generate: Generator,
    questions: Callable[[random.Random, int], Iterator[tuple[Question, list[int]]]],
    seeds: range,
    load: Callable[[Judge, str], Ruleset],
) -> Iterator[Trial | str]:
    """Load random rulesets and send packets.

    Args:
        judge: The namespace.
        generate: A ruleset as text, for a random source and a family.
        questions: Packets to send, with their sources.
        seeds: One ruleset each; odd ones are IPv4.
        load: How text becomes a ruleset in the kernel, and in the product.

    Yields:
        A trial; or why the kernel did not take a ruleset.
    """
    machine = judge.machine()
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - for variety, with a fixed seed
        family = 4 if seed % 2 else 6
        text = generate(chance, family)
        try:
            ruleset = load(judge, text)
        except RuntimeError as error:
            yield f"seed {seed}: {error}"
            continue
        shots: list[Shot] = []
        groups: list[tuple[Question, list[tuple[int, int]]]] = []
        seen: set[tuple[object, ...]] = set()
        for asked, sources in questions(chance, family):
            group: list[tuple[int, int]] = []
            for source in sources:
                key = source, asked.destination, asked.protocol, asked.port, asked.source_port
                if key not in seen:
                    seen.add(key)
                    shots.append(Shot(len(shots) + 1, family, source, asked))
                    group.append((len(shots), source))
            groups.append((asked, group))
        judge.fire(shots)
        yield Trial(f"seed {seed}", ruleset, machine, groups, judge.notes())


def compare(trial: Trial, tally: Tally) -> None:
    """Ask the reasoner what the kernel was asked."""
    tally.rulesets += 1
    program = compile_ruleset(trial.ruleset)
    reasoner = Reasoner(program, trial.machine)
    for asked, group in trial.groups:
        walk = reasoner.ask(asked)
        _, maybe = certain_sources(program, walk)
        for number, source in group:
            verdict = allowed(walk, maybe, source)
            arrived = trial.notes.get((asked.family, number))
            tally.checks += 1
            tally.arrived += arrived is not None
            tally.undecided += verdict.maybe
            if not agrees(verdict, arrived):
                text = next(intervals.networks([source, source + 1], asked.family))
                tally.wrong.append(f"{trial.name}: {text} {asked}: {verdict}, kernel {arrived}")
