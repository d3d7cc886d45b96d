"""A door knocked at through the real interface, by a packet that is made here.

A knock over loopback meets other rules than one from outside. So a pair of virtual cables is laid;
what goes into one end is taken out of the other by tc and put into the real interface, as if it had
come from the wire. Answers to that one source are taken away before they leave. Nothing of it is
ever on the wire. The source is an address for measurements (RFC 2544, RFC 5180), or one of those to
whom the door is closed.
"""

import json
import secrets
import select
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from tojimari.close.segment import RST, SYN, Answer, Flow, answer, frame
from tojimari.core.errors import HostError

NEAR, FAR = "tojimari-p0", "tojimari-p1"
SOURCES = {4: "198.18.0.1", 6: "2001:2::1"}
WAIT = 0.3  # seconds; the kernel answers in less than one thousandth
FIRST, COUNT = 40000, 20000  # source ports
TIMEOUT = 10  # seconds for ip and tc
_EVERY = 0x0003  # ETH_P_ALL
_FIELDS = {4: ("ip", "ip", 32), 6: ("ipv6", "ip6", 128)}  # of tc: protocol, header, prefix


def knock(interface: str, flows: Sequence[Flow]) -> list[Answer]:
    """Ask for connections as somebody outside would, all at once.

    Args:
        interface: The real interface.
        flows: Who seems to ask, and which address of the machine; it must answer through
            ``interface``, and the sources are one of each family at most.

    Raises:
        HostError: It cannot be tried: a program or a part of the kernel is missing, or traffic
            control of that interface is somebody else's.
    """
    found = dict.fromkeys(flows, Answer.SILENT)
    with _laid(interface, flows), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
        cable.bind((FAR, _EVERY))
        near, far = (_hardware(name) for name in (FAR, NEAR))
        for flow in flows:
            cable.send(frame(flow, near, far, SYN, secrets.randbits(32)))
        deadline = time.monotonic() + WAIT
        missing = set(flows)
        while missing and (left := deadline - time.monotonic()) > 0:
            if not select.select([cable], [], [], left)[0]:
                break
            heard = cable.recv(65535)
            for flow in tuple(missing):
                said = answer(heard, flow)
                if said is None:
                    continue
                found[flow] = said[0]
                missing.discard(flow)
                if said[0] is Answer.OPEN:  # whoever took it for a caller is told that it is none
                    cable.send(frame(flow, near, far, RST, said[1]))
    return list(found.values())


def flow(destination: str, port: int, source: str | None = None) -> Flow:
    """A knock at one address of the machine.

    Args:
        destination: The address.
        port: The door.
        source: Who seems to ask; None for an address for measurements.
    """
    family = 6 if ":" in destination else 4
    return Flow(source or SOURCES[family], FIRST + secrets.randbelow(COUNT), destination, port)


def clear() -> None:
    """Take away what a probe left that was killed half-way."""
    found = _link(NEAR)
    if found is None:
        return
    interface = str(found.get("ifalias", ""))
    if interface:
        _run("tc", "qdisc", "del", "dev", interface, "clsact", check=False)
    _run("ip", "link", "del", NEAR, check=False)


@contextmanager
def _laid(interface: str, flows: Sequence[Flow]) -> Generator[None]:
    """The cables, and tc's rules that join them to the real interface."""
    if any(word in _run("tc", "qdisc", "show", "dev", interface) for word in ("clsact", "ingress")):
        raise HostError("traffic control of {interface} is in use", interface=interface)
    clear()
    _run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR)
    try:
        _run("ip", "link", "set", NEAR, "alias", interface)
        for name in (NEAR, FAR):
            _run("ip", "link", "set", name, "addrgenmode", "none")
            _run("ip", "link", "set", name, "up")
        for name in (interface, NEAR):
            _run("tc", "qdisc", "add", "dev", name, "clsact")
        for one in {(flow.family, flow.source) for flow in flows}:
            _redirect(interface, *one)
        yield
    finally:
        clear()


def _redirect(interface: str, family: int, source: str) -> None:
    protocol, field, length = _FIELDS[family]
    filtered = ("protocol", protocol, "prio", str(family), "u32", "match", field)
    for device, way, end, other in (
        (interface, "egress", "dst", NEAR),
        (NEAR, "ingress", "src", interface),
    ):
        words = (way, *filtered, end, f"{source}/{length}", "action", "mirred", way)
        _run("tc", "filter", "add", "dev", device, *words, "redirect", "dev", other)


def _link(name: str) -> dict[str, object] | None:
    """What the kernel says of an interface of our own namespace; None where it is not there."""
    said = _run("ip", "-json", "link", "show", "dev", name, check=False)
    found: list[dict[str, object]] = json.loads(said) if said.strip() else []
    return next((one for one in found if one), None)


def _hardware(name: str) -> bytes:
    found = _link(name) or {}
    return bytes.fromhex(str(found.get("address", "")).replace(":", ""))


def _run(*words: str, check: bool = True) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own words; the interface is the kernel's
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError("{program} is not installed", program=words[0]) from error
    if check and done.returncode != 0:
        said = done.stderr.strip()[-200:]
        raise HostError("{program} failed: {why}", program=" ".join(words[:3]), why=said)
    return done.stdout
