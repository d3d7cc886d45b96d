"""A machine behind a firewall of its own, in namespaces: a neighbour, a container, a few doors.

``lan`` is a neighbour's network namespace, ``web`` a container's. The machine's own first process
is the one that sets it up, so that whatever runs in it takes it for the whole machine.
"""

import contextlib
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass

from tojimari.app import firewall, join
from tojimari.app.firewalls import Firewalls
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.socket import InsideView, Listener, Namespace

NEIGHBOUR, MACHINE, CONTAINER = "192.168.0.9", "192.168.0.2", "172.17.0.2"

_SET_UP = f"""
mount -t tmpfs none /run
ip link set lo up
ip netns add lan
ip netns add web
ip link add eth0 type veth peer name eth0 netns lan
ip link add docker0 type bridge
ip link add port0 type veth peer name eth0 netns web
ip link set port0 master docker0 up
ip link set docker0 up
ip link set eth0 up
ip addr add {MACHINE}/24 dev eth0
ip addr add 172.17.0.1/16 dev docker0
ip addr add fd00::2/64 dev eth0 nodad
ip route add default via 192.168.0.254
ip -n lan link set eth0 up
ip -n lan addr add {NEIGHBOUR}/24 dev eth0
ip -n lan addr add 127.0.0.9/32 dev eth0
ip -n lan addr add fd00::9/64 dev eth0 nodad
ip -n web link set lo up
ip -n web link set eth0 up
ip -n web addr add {CONTAINER}/16 dev eth0
ip -n web route add default via 172.17.0.1
sysctl -qw net.ipv4.ip_forward=1
"""

_LISTEN = """
import socket, sys
held = []
for word in sys.argv[1:]:
    address, _, port = word.rpartition(":")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, int(port)))
    one.listen()
    held.append(one)
print("ready", flush=True)
sys.stdin.readline()
"""

_BEGIN = """
import subprocess, sys
for line in sys.argv[1].strip().splitlines():
    subprocess.run(line.split(), check=True)
listen, doors, inside = sys.argv[2], sys.argv[3].split(), sys.argv[4].split()
line = [sys.executable, "-c", listen]
both = [
    subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for words in ([*line, *doors], ["ip", "netns", "exec", "web", *line, *inside])
]
for one in both:
    one.stdout.readline()
print("ready", flush=True)
sys.stdin.readline()
"""

_KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
except OSError as error:
    print(type(error).__name__)
else:
    print("open")
"""


@dataclass
class Machine:
    """The machine, while it stands."""

    pid: int

    def run(self, *words: str, text: str | None = None, code: int = 0) -> str:
        """What a program prints on the machine."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--", *words],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (
            f"{words}: {done.returncode}: {done.stdout[:400]}{done.stderr}"
        )
        return done.stdout

    def tojimari(self, *words: str, code: int = 0) -> str:
        """What tojimari prints there."""
        return self.run(sys.executable, "-m", "tojimari", *words, code=code)

    def rules(self, dump: str, family: str = "iptables") -> None:
        """Load what ``iptables-save`` would print."""
        self.run(f"{family}-nft-restore", text=dump)

    def knock(self, port: int, address: str = MACHINE) -> str:
        """What a neighbour finds at a door: ``open``, or the kind of its failure."""
        line = ("ip", "netns", "exec", "lan", sys.executable, "-c", _KNOCK, address, str(port))
        return self.run(*line).strip()


@contextlib.contextmanager
def machine(doors: str, inside: str = "0.0.0.0:80") -> Generator[Machine]:
    """A machine that holds doors open.

    Args:
        doors: ``address:port`` each, of the machine.
        inside: The same of the container.
    """
    line = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    with subprocess.Popen(
        [*line, sys.executable, "-c", _BEGIN, _SET_UP, _LISTEN, doors, inside],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield Machine(_child(process.pid))
        finally:
            process.kill()


def _child(pid: int) -> int:
    """The first process inside."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123 - a file of /proc
        return int(file.read().split()[0])


def walls(*texts: str, own: tuple[str, ...], netns: int) -> Firewalls:
    """The firewalls of a machine whose rules are written in a test."""
    return Firewalls(read={netns: firewall.from_files(texts, own)})


def guarded(
    read: Firewalls, namespaces: tuple[Namespace, ...], *listeners: Listener
) -> tuple[Door, ...]:
    """The doors of a machine made by hand, behind rules written in a test."""
    view = InsideView("house", 0.0, namespaces, listeners, (), (), "bpf")
    return join.doors(view, _nothing, read)


def _nothing(endpoint: Endpoint, programs: tuple[str, ...]) -> Meaning:
    del endpoint, programs
    return NOTHING_KNOWN


# ufw's rules and Docker's as both write them, cut down to what decides.
UFW_AND_DOCKER = f"""*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination {CONTAINER}:80
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:ufw-before-input - [0:0]
:ufw-before-forward - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -j ufw-before-forward
-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER -d {CONTAINER}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 8080 -j DROP
COMMIT
"""
# The right fix: an own table before Docker's translation.
FIX = """table inet closed {
    chain before { type filter hook prerouting priority -150; policy accept;
        fib daddr type local tcp dport 8080 counter drop
    }
}"""
