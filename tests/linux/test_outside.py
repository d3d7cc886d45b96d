"""A place outside: what is sent from there comes in by the real interface, and nothing is left."""

import contextlib
import errno
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tojimari.core.errors import HostError, PrivilegeError
from tojimari.linux import bpf, steering
from tojimari.linux.outside import SOURCES, Outside, vantage
from wire import HERE, laid, left

# As many doors as this test needs: whom the machine answers, and by which interface it came in.
RULES = """table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        iifname "out0" tcp dport 7000 accept
    }
}
"""

# Holds a place outside until it is killed; says when it is there.
HOLDS = """
import sys
from tojimari.linux import bpf
from tojimari.linux.outside import SOURCES, Outside
if "old" in sys.argv:
    import errno
    def refuse(*given):
        raise OSError(errno.EINVAL, "before Linux 6.6")
    bpf.link = refuse
with Outside("out0", SOURCES, ("192.0.2.1",)):
    print("there", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def wire(root: None) -> Iterator[str]:
    with laid() as name:
        yield name


@pytest.fixture
def before_tcx(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel before Linux 6.6 does not know the attachment that hangs on a descriptor."""

    def refuse(*given: object) -> int:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(bpf, "link", refuse)


def connects(outside: Outside, address: str, port: int, seconds: float = 5) -> bool:
    def connect() -> bool:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as one:
            one.settimeout(seconds)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
            return one.connect_ex((address, port)) == 0

    return outside.visit(connect)


def waiting(one: socket.socket) -> list[bytes]:
    """Everything that has come by now."""
    found: list[bytes] = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(one.recv(2048))
    return found


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("family", [4, 6])
def test_a_connection_from_there_meets_the_rules_of_the_real_interface(
    wire: str, family: int
) -> None:
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    try:
        doors = [
            socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            for port in (7000, 7001)
        ]
        with Outside(wire, SOURCES, tuple(HERE.values())) as outside:
            assert connects(outside, HERE[family], 7000)
            assert not connects(outside, HERE[family], 7001)
        for door in doors:
            door.close()
    finally:
        subprocess.run(["nft", "flush", "ruleset"], check=True)


@pytest.mark.usefixtures("before_tcx", "root")
@pytest.mark.parametrize("family", [4, 6])
def test_an_older_kernel_steers_with_a_filter_and_is_left_as_it_was(wire: str, family: int) -> None:
    before = left()
    with (
        socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True),
        Outside(wire, SOURCES, tuple(HERE.values())) as outside,
    ):
        assert connects(outside, HERE[family], 7000)
    assert left() == before


@pytest.mark.usefixtures("before_tcx", "root")
def test_a_discipline_of_somebody_else_is_shared_and_stays(wire: str) -> None:
    subprocess.run(["tc", "qdisc", "add", "dev", wire, "clsact"], check=True)
    before = left()
    with (
        socket.create_server(("", 7000)),
        Outside(wire, {4: SOURCES[4]}, (HERE[4],)) as outside,
    ):
        assert connects(outside, HERE[4], 7000)
    assert left() == before
    assert "clsact" in before


@pytest.mark.usefixtures("root")
def test_somebody_of_the_link_is_answered_where_no_default_route_leads_through_it(
    root: None,
) -> None:
    with laid(gateway=False) as wire, socket.create_server(("", 7000)):
        before = left()
        source = vantage(socket.if_nametoindex(wire), 4, ["192.0.2.1/24"], [])
        assert source is not None
        assert source.startswith("192.0.2.")
        with Outside(wire, {4: source}, (HERE[4],)) as outside:
            assert connects(outside, HERE[4], 7000)
        assert left() == before


@pytest.mark.usefixtures("root")
def test_an_address_for_measurements_is_taken_where_the_default_route_leads(wire: str) -> None:
    index = socket.if_nametoindex(wire)
    assert vantage(index, 4, ["192.0.2.1/24"], []) == "198.18.0.1"
    assert vantage(index, 6, ["2001:db8::1/64"], []) == "2001:2::1"
    assert vantage(index + 1000, 4, ["192.0.2.1/24"], []) is None


@pytest.mark.usefixtures("root")
def test_nothing_of_it_is_on_the_wire(wire: str) -> None:
    with (
        socket.create_server(("", 7000)),
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as beyond,
    ):
        beyond.bind(("far0", 3))
        beyond.settimeout(0)
        with Outside(wire, SOURCES, tuple(HERE.values())) as outside:
            assert connects(outside, HERE[4], 7000)
        assert not [one for one in waiting(beyond) if socket.inet_aton(SOURCES[4]) in one]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("other", ["ether", "tunnel"])
def test_no_answer_leaves_by_another_interface_where_rules_of_routing_lead_it_there(
    wire: str, other: str
) -> None:
    """Of Ethernet's kind it comes back as it would outside, of the others it is dropped."""
    kind = {
        "ether": "ip link add by0 type veth peer name beyond0 && ip link set beyond0 up",
        "tunnel": "ip tuntap add by0 mode tun",
    }[other]
    script = f"""
set -e
{kind}
ip addr add 10.8.0.1/24 dev by0; ip link set by0 up
ip route add default dev by0 table 77
ip rule add from 192.0.2.1 lookup 77
"""
    if other == "ether":
        script += "ip neigh add 198.18.0.1 lladdr 02:00:00:00:00:02 dev by0 nud permanent"

    try:
        subprocess.run(["sh", "-c", script], check=True)
        with (
            socket.create_server((HERE[4], 7000)),
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as leaving,
        ):
            leaving.bind(("by0", 3))
            leaving.settimeout(0)
            with Outside(wire, {4: SOURCES[4]}, (HERE[4],)) as outside:
                assert connects(outside, HERE[4], 7000, seconds=1) is (other == "ether")
            assert not [one for one in waiting(leaving) if socket.inet_aton(SOURCES[4]) in one]
    finally:
        subprocess.run(["ip", "rule", "del", "from", "192.0.2.1", "lookup", "77"], check=True)
        subprocess.run(["ip", "link", "del", "by0"], check=True)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("kernel", ["new", "old"])
def test_a_killed_process_leaves_no_more_than_the_next_one_takes_away(
    wire: str, kernel: str
) -> None:
    before = left()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, kernel],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "there\n"
        there = left()
        assert "tojimari-" in there
        with gone(holder, there):
            holder.send_signal(signal.SIGKILL)
            holder.wait()
    if kernel == "old":
        for index, _ in socket.if_nameindex():
            steering.clear(index)
    assert left() == before


class gone:  # noqa: N801 - reads as a word
    """Leaving it waits until the kernel has taken the cable of a namespace away."""

    def __init__(self, holder: "subprocess.Popen[str]", there: str) -> None:
        del holder
        self.name = next(word for word in there.split() if word.startswith("tojimari-"))
        self.news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.news.bind((0, 1))  # RTMGRP_LINK

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        name = self.name.partition("@")[0]
        while Path(f"/proc/sys/net/ipv4/conf/{name}").exists():
            assert select.select([self.news], [], [], 20)[0]
            self.news.recv(65535)
        self.news.close()


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("interface", ["lo", "nowhere0"])
def test_an_interface_that_takes_no_frames_is_refused(interface: str) -> None:
    with pytest.raises(HostError, match=interface), Outside(interface, SOURCES, ()):
        pass


@pytest.mark.usefixtures("as_nobody")
def test_whoever_may_not_is_told_what_is_lacking() -> None:
    with pytest.raises(PrivilegeError, match="CAP_NET_ADMIN"), Outside("lo", SOURCES, ()):
        pass
