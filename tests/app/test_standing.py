"""A network namespace with doors and rules of its own, asked by each of its names."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tojimari.app import reach, standing
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Certainty, Zone

NAME = f"stand{os.getpid()}"
LISTEN = (
    "import socket, sys\n"
    "tcp = socket.create_server(('', 8022))\n"
    "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "udp.bind(('', 8053))\n"
    "print('ready', flush=True)\n"
    "sys.stdin.read()\n"
)
RULES = """table inet f {
    chain i { type filter hook input priority 0; policy drop;
        tcp dport 8022 accept
    }
}
"""


def run(*words: str, text: str | None = None) -> None:
    subprocess.run(words, input=text, check=True, text=True, capture_output=True)


@pytest.fixture(scope="module")
def process() -> Iterator[int]:
    """A process that listens in a namespace of its own."""
    run("ip", "netns", "add", NAME)
    try:
        run("ip", "-n", NAME, "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        run("ip", "-n", NAME, "link", "set", "peer0", "up")
        run("ip", "-n", NAME, "addr", "add", "192.0.2.1/24", "dev", "eth0")
        run("ip", "-n", NAME, "link", "set", "eth0", "up")
        run("ip", "-n", NAME, "route", "add", "default", "via", "192.0.2.254")
        run("ip", "netns", "exec", NAME, "nft", "-f", "-", text=RULES)
        with subprocess.Popen(
            ["ip", "netns", "exec", NAME, sys.executable, "-c", LISTEN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as listener:
            assert listener.stdout
            assert listener.stdout.readline() == "ready\n"
            yield listener.pid
    finally:
        run("ip", "netns", "del", NAME)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("way", ["name", "process", "inode"])
def test_a_namespace_is_asked_by_each_of_its_names(process: int, way: str) -> None:
    inode = os.stat(f"/proc/{process}/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    stands = standing.there({"name": NAME, "process": str(process), "inode": str(inode)}[way])
    assert stands.doors == ((8022, Transport.TCP), (8053, Transport.UDP))
    fates = [
        reach.row(stands.firewall, transport, port).exposure.certainty(Zone.INTERNET)
        for port, transport in stands.doors
    ]
    assert fates == [Certainty.YES, Certainty.NO]


@pytest.mark.usefixtures("root")
def test_our_own_namespace_is_another_one(process: int) -> None:
    del process
    stands = standing.here()
    assert (8022, Transport.TCP) not in stands.doors
    assert stands.firewall.ruleset.tables == []


@pytest.mark.usefixtures("root")
def test_a_namespace_that_is_not_there_is_refused_with_those_that_are(process: int) -> None:
    del process
    with pytest.raises(UsageError) as caught:
        standing.there("nowhere")
    assert NAME in str(caught.value.hint.values["known"])


def test_a_group_stands_for_its_members() -> None:
    groups = {"office": ("10.1.0.0/16", "2001:db8:1::/48"), "near": ("lan",)}
    assert standing.members("office", groups) == ("10.1.0.0/16", "2001:db8:1::/48")
    assert standing.members("lan", groups) == ("lan",)
    assert standing.members("192.0.2.1", groups) == ("192.0.2.1",)
    with pytest.raises(UsageError) as caught:
        standing.members("offices", groups)
    assert "office, near" in str(caught.value.hint.values["known"])
