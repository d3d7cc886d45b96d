"""Sessions into a container, which destination NAT sends on and which have no socket here:
they go on when the door is closed, and end where that is asked for, by IPv4 and by IPv6.
"""

import select
import subprocess
from collections.abc import Iterator

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import VISITOR, knocked, tojimari, until

HOUSE, PORT = "archive", 8080
ECHO = """import socket, socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while said := self.request.recv(99):
            self.request.sendall(said)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    address_family = socket.AF_INET6
Server(("::", 80), Echo).serve_forever()
"""
BOX = r"""
set -e
ip netns add box
ip link add bridge0 type veth peer name eth0 netns box
ip addr add 172.17.0.1/16 dev bridge0; ip addr add fd17::1/64 dev bridge0 nodad
ip link set bridge0 up
ip -n box addr add 172.17.0.2/16 dev eth0; ip -n box addr add fd17::2/64 dev eth0 nodad
ip -n box link set eth0 up; ip -n box link set lo up
ip -n box route add default via 172.17.0.1; ip -n box -6 route add default via fd17::1
mkdir -p /run/proc; mount -t proc proc /run/proc
echo 1 >/run/proc/sys/net/ipv4/ip_forward; echo 1 >/run/proc/sys/net/ipv6/conf/all/forwarding
nft -f - <<'RULES'
table inet nat {
    chain PREROUTING {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local meta nfproto ipv4 tcp dport 8080 dnat ip to 172.17.0.2:80
        fib daddr type local meta nfproto ipv6 tcp dport 8080 dnat ip6 to [fd17::2]:80
    }
}
RULES
systemd-run --quiet --unit=box ip netns exec box python3 /root/echo.py
"""
END = (
    "systemctl stop box; ip link del bridge0; ip netns del box; umount /run/proc; nft flush ruleset"
)


@pytest.fixture
def box(streets: Streets) -> Iterator[Street]:
    town = streets.up("town")
    inside(town, HOUSE, "sh", "-c", "cat >/root/echo.py", said=ECHO)
    inside(town, HOUSE, "sh", "-c", BOX)
    assert until(lambda: knocked(town, HOUSE, PORT), "open") == "open"
    yield town
    inside(town, HOUSE, "sh", "-c", END)


class Talker:
    """Somebody in another house who talks with the container."""

    def __init__(self, street: Street, address: str) -> None:
        # Who enters a house forks, and what it started there outlives it: so it ends by itself.
        words = street.line(VISITOR, ["timeout", "120", "nc", address, str(PORT)])
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def heard(self, patience: float = 20) -> bool:
        """Whether what is said now comes back."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(b"x\n")
        except BrokenPipeError:
            return False
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return False
        return self.process.stdout.readline() == b"x\n"

    def leave(self) -> None:
        """End."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_sessions_of_a_container_go_on_or_are_ended_if_that_is_asked_for(
    box: Street, family: str
) -> None:
    talker = Talker(box, str(getattr(box.plan.house(HOUSE), family)))
    words = ("close", str(PORT), "--by", "firewall", "--yes", "--for", "10m")
    try:
        assert talker.heard()
        code, said = tojimari(box, HOUSE, *words)
        assert code == 0, said
        assert "sessions that go on: 1" in said
        assert talker.heard()
        assert tojimari(box, HOUSE, "undo")[0] == 0
        code, said = tojimari(box, HOUSE, *words, "--end-sessions")
        assert code == 0, said
        assert "sessions ended: 0 of this machine, 1 sent on to containers" in said
        assert not talker.heard(patience=3)
        assert tojimari(box, HOUSE, "undo")[0] == 0
        assert knocked(box, HOUSE, PORT) == "open"
    finally:
        talker.leave()
