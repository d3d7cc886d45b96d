"""Machines that are reached otherwise than by one cable: two roads to one, and a tunnel to another.

A tunnel is a device of which a program is the far end (tun, linux/if_tun.h): WireGuard, OpenVPN and
the like look the same to whoever sends through them.
"""

import contextlib
import json
from collections.abc import Generator

import yard
from yard import Yard, run

LEFT, RIGHT = "left0", "right0"
OURS = {LEFT: ("10.1.0.1", "fd01::1"), RIGHT: ("10.2.0.1", "fd02::1")}
GATEWAYS = {LEFT: ("10.1.0.2", "fd01::2"), RIGHT: ("10.2.0.2", "fd02::2")}
BEYOND = ("10.9.0.9", "fd09::9")  # of the far machine, behind its gateways
TUNNEL = "pipe0"

_PUMP = """
import ctypes, fcntl, os, select, struct, sys
name, kind, link, there = sys.argv[1], int(sys.argv[2], 0), int(sys.argv[3]), sys.argv[4]

def end():
    made = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(made, 0x400454CA, struct.pack("16sH22x", name.encode(), kind))  # TUNSETIFF
    if link:
        fcntl.ioctl(made, 0x400454CD, link)  # TUNSETLINK
    return made

ours = end()
with open(there) as home:
    assert ctypes.CDLL(None).setns(home.fileno(), 0x40000000) == 0
theirs = end()
print("ready", flush=True)
other = {ours: theirs, theirs: ours}
while True:
    for one in select.select(list(other), [], [])[0]:
        packet = os.read(one, 65536)
        try:
            os.write(other[one], packet)
        except OSError:
            pass  # a far end that is not up yet
"""
_CAME = (
    "add table inet roads; add chain inet roads in { type filter hook input priority -10; };"
    " add set inet roads four { typeof iifname . ip saddr; flags dynamic; };"
    " add set inet roads six { typeof iifname . ip6 saddr; flags dynamic; };"
    " add rule inet roads in ip daddr 10.9.0.9 add @four { iifname . ip saddr };"
    " add rule inet roads in ip6 daddr fd09::9 add @six { iifname . ip6 saddr };"
)
TUN, TAP = 0x1001, 0x1002  # IFF_TUN, IFF_TAP with IFF_NO_PI


def _undoubted(device: str, *prefix: str) -> None:
    """Nobody answers by an address that is still looked for twice (RFC 4862, section 5.4)."""
    run(*prefix, "sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{device}/accept_dad")


def address(device: str, pair: tuple[str, str], *prefix: str) -> None:
    """Give a device an address of each family, and put it up."""
    _undoubted(device, *prefix)
    run(*prefix, "ip", "address", "add", f"{pair[0]}/24", "dev", device)
    run(*prefix, "ip", "address", "add", f"{pair[1]}/64", "dev", device, "nodad")
    run(*prefix, "ip", "link", "set", device, "up")


@contextlib.contextmanager
def crossroads() -> Generator[Yard]:
    """A far machine with two cables to it, and addresses that are on neither link."""
    with yard.yard() as far:
        for cable in (LEFT, RIGHT):
            peer = ("peer", cable, "netns", str(far.pid))
            run("ip", "link", "add", cable, "type", "veth", *peer)
            address(cable, OURS[cable])
            address(cable, GATEWAYS[cable], *far.line())
        far.run("ip", "address", "add", f"{BEYOND[0]}/32", "dev", "lo")
        far.run("ip", "address", "add", f"{BEYOND[1]}/128", "dev", "lo", "nodad")
        far.run("nft", _CAME)
        try:
            yield far
        finally:
            for cable in (LEFT, RIGHT):
                run("ip", "link", "del", cable)


@contextlib.contextmanager
def tunnel(kind: int = TUN, link: int = 0) -> Generator[Yard]:
    """A far machine that is reached through a program.

    Args:
        kind: ``TUN`` carries packets, ``TAP`` frames.
        link: What the device says that it is (ARPHRD_* of linux/if_arp.h); 0 for what it is.
    """
    with yard.yard() as far:
        run("ip", "link", "del", yard.CABLE)
        pump = [TUNNEL, str(kind), str(link), f"/proc/{far.pid}/ns/net"]
        far.serve_here(_PUMP, *pump)
        address(TUNNEL, (yard.OURS, yard.OURS_V6))
        address(TUNNEL, (yard.THEIRS, yard.THEIRS_V6), *far.line())
        yield far


@contextlib.contextmanager
def bridged() -> Generator[Yard]:
    """A far machine whose cable is a port of a bridge, which has our addresses."""
    with yard.yard() as far:
        run("ip", "address", "flush", "dev", yard.CABLE)
        run("ip", "link", "add", "bridge0", "type", "bridge")
        run("ip", "link", "set", yard.CABLE, "master", "bridge0")
        address("bridge0", (yard.OURS, yard.OURS_V6))
        yield far


@contextlib.contextmanager
def silent_cable() -> Generator[Yard]:
    """A cable at whose ends nobody asks who has an address: each takes what comes."""
    with yard.yard() as far:
        for prefix in ((), far.line()):
            run(*prefix, "ip", "link", "set", yard.CABLE, "arp", "off")
            run(*prefix, "ip", "link", "set", yard.CABLE, "address", "02:00:00:00:00:01")
        yield far


class _Here(Yard):
    """This machine, as if it were the far one."""

    def line(self, *words: str) -> list[str]:
        return list(words)


@contextlib.contextmanager
def here() -> Generator[Yard]:
    """This machine's own doors."""
    near = _Here(0)
    try:
        yield near
    finally:
        for one in near.programs:
            one.kill()
            one.communicate()


def _of(address: str) -> int:
    return int(":" in address)


def source(cable: str, address: str) -> str:
    """Our address on a cable, of the family of another."""
    return OURS[cable][_of(address)]


def hop(cable: str, address: str) -> list[str]:
    """The words of ``ip route`` for one of several gateways."""
    return ["nexthop", "via", GATEWAYS[cable][_of(address)], "dev", cable]


def route(cable: str, *more: str) -> None:
    """Go by a cable wherever no other way is known, in both families."""
    for family, gateway in zip(("-4", "-6"), GATEWAYS[cable], strict=True):
        run("ip", family, "route", "add", "default", "via", gateway, "dev", cable, *more)


def rule(*words: str) -> None:
    """Add a rule in the family of its address."""
    run("ip", "-6" if _of(words[1]) else "-4", "rule", "add", *words)


def came(far: Yard, address: str) -> set[tuple[str, str]]:
    """By which cables, and from which of our addresses, packets came to an address."""
    kind = "six" if _of(address) else "four"
    told = json.loads(far.run("nft", "-j", "list", "set", "inet", "roads", kind))
    elements = told["nftables"][1]["set"].get("elem", [])
    return {tuple(one["concat"]) for one in elements}
