"""An interface with a gateway behind it that answers nothing but its own address."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager

NAME = "out0"
HERE = {4: "192.0.2.1", 6: "2001:db8::1"}
_GATEWAYS = """
ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:01 dev out0 nud permanent
ip -6 neigh add 2001:db8::fe lladdr 02:00:00:00:00:01 dev out0 nud permanent
ip route add default via 192.0.2.254 dev out0
ip -6 route add default via 2001:db8::fe dev out0
"""
_CABLE = """
set -e
ip link add out0 type veth peer name far0
ip addr add 192.0.2.1/24 dev out0; ip -6 addr add 2001:db8::1/64 dev out0 nodad
ip link set out0 up; ip link set far0 up
"""


@contextmanager
def laid(*, gateway: bool = True) -> Generator[str]:
    """The interface's name.

    Args:
        gateway: Whether a default route leads through it.
    """
    script = _CABLE + (_GATEWAYS if gateway else "")
    subprocess.run(["sh", "-c", script], check=True)
    try:
        yield NAME
    finally:
        subprocess.run(["ip", "link", "del", NAME], check=True)


def left() -> str:
    """Interfaces and disciplines of this namespace, and programs at the interface's hooks."""
    said = [
        subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for words in (["ip", "-br", "link"], ["tc", "qdisc"], ["ip", "neigh"])
    ]
    return "\n".join(said)
