"""The UDP scan against nmap -sU, whole processes, of a machine that limits its errors.

script/bench scan_udp [-n N] [--ports N] [--limit MILLISECONDS]

Linux sends one "port unreachable" a second to each peer, after six at once: no scan can learn of a
thousand shut doors sooner than in a thousand seconds. By default the bench lets one out every 20
ms, so that it ends in the day; what is compared is how near each comes to the limit. nmap runs at
its own pace: with -T4 it gives up on most of the shut doors (13 to 27 of 60 right at 1,000 ms).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from _far import THEIRS, far
from _lab import own_network
from _measure import interleaved, machine, show, verdict

TOJIMARI = str(Path(sys.executable).parent / "tojimari")
HALF = 0.5  # of nmap's wall time
BURST = 6  # errors at once (XRLIM_BURST_FACTOR of net/ipv4/icmp.c)
OPEN = (53, 500)

_ANSWER = """
import select, socket, sys
doors = []
for port in sys.argv[1:]:
    door = socket.socket(type=socket.SOCK_DGRAM)
    door.bind(("", int(port)))
    doors.append(door)
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        said, sender = door.recvfrom(2048)
        if said:
            door.sendto(said, sender)
"""


def main(words: Sequence[str] | None = None) -> int:
    """Measure; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10, help="runs of each command")
    parser.add_argument("--ports", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=20, help="milliseconds between two errors")
    options = parser.parse_args(words)
    if os.geteuid() != 0:
        print("needs root: the network is made in namespaces of its own", file=sys.stderr)
        return 2
    ports, limit = int(options.ports), int(options.limit)
    ours = (TOJIMARI, "scan", THEIRS, "--udp", "-p", f"1-{ports}", "--json", "--all")
    theirs = ("nmap", "-sU", "-Pn", "-n", "-p", f"1-{ports}", THEIRS)
    print(machine(options.n))
    least = (ports - len(OPEN) - BURST) * limit / 1000
    print(f"{ports} ports, an error every {limit} ms: at the limit it is {least:.1f} s")
    own_network()
    with far() as there:
        there.run("sysctl", "-qw", f"net.ipv4.icmp_ratelimit={limit}")
        there.serve(_ANSWER, *map(str, OPEN))
        runs = interleaved({"nmap -sU": theirs, "tojimari, udp": ours}, options.n)
        show("a machine that limits its errors", runs)
        print(f"  right: tojimari {_ours(ours, ports)}, nmap {_theirs(theirs, ports)} of {ports}")
    mine, other = runs["tojimari, udp"].median, runs["nmap -sU"].median
    return 0 if verdict("ours / nmap -sU", mine / other, HALF, "x") else 1


def _ours(words: Sequence[str], ports: int) -> int:
    """How many ports are told right."""
    told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    states = {one["port"]: one["state"] for one in told["doors"]}
    return _right(states, ports)


def _theirs(words: Sequence[str], ports: int) -> int:
    command = [*words, "-oX", "-", "-dd"]  # with -dd each port is told of by itself
    told = subprocess.run(command, check=True, capture_output=True).stdout
    start = told.index(b"<nmaprun")
    end = told.rindex(b"</nmaprun>") + len(b"</nmaprun>")
    root = ET.fromstring(told[start:end])  # noqa: S314 - our own nmap wrote it
    states = {
        int(port.get("portid", 0)): state.get("state", "")
        for port in root.iter("port")
        if (state := port.find("state")) is not None
    }
    return _right(states, ports)


def _right(states: dict[int, str], ports: int) -> int:
    return sum(
        states.get(port, "") == ("open" if port in OPEN else "closed")
        for port in range(1, ports + 1)
    )


if __name__ == "__main__":
    sys.exit(main())
