"""A place outside this machine that is nowhere: what is sent from it comes in by a real interface.

It is a network namespace at the end of a cable. What leaves it is taken at the near end and has
come in by the real interface, as if from the wire, so that every rule for that interface decides;
what the machine answers is taken before it leaves by that interface, and comes here. Nothing of it
is ever on the wire. All of it hangs on descriptors of this process: however the process ends, the
kernel takes it away (before Linux 6.6 but for a filter, which the next one removes).
"""

import contextlib
import errno
import ipaddress
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar

from tojimari.core.errors import HostError, PrivilegeError
from tojimari.linux import libc, rtnetlink, steering, wiring
from tojimari.linux.capabilities import Capability, missing
from tojimari.linux.namespaces import Visitor
from tojimari.linux.passage import Passages, Sort
from tojimari.linux.rtnetlink import Link
from tojimari.linux.steering import Hook

FAR = "outside"  # the name of the interface there
SOURCES = {4: "198.18.0.1", 6: "2001:2::1"}  # for measurements (RFC 2544, RFC 5180)
NEEDED = (Capability.NET_ADMIN, Capability.SYS_ADMIN, Capability.NET_RAW)
ETHERNET = 1  # ARPHRD_ETHER of linux/if_arp.h
LOOPBACK = "loopback"
_LENGTH = 6  # bytes of a link address
_TRIED = 64  # addresses of the local link, before it is called full
_TINY = {4: 2, 6: 4}  # bits of hosts below which a network has no room for a visitor

T = TypeVar("T")


class Outside:
    """The place, for as long as its ``with`` lasts.

    Attributes:
        interface: By which what is sent comes in.
        sources: From which addresses, by version.
        hardware: Link address of the real interface, 6 bytes.
        own: Link address of the interface there, 6 bytes.
    """

    def __init__(self, interface: str, sources: Mapping[int, str], targets: Sequence[str]) -> None:
        """Nothing is made before it is entered.

        Args:
            interface: A real one, of Ethernet's kind.
            sources: Addresses to come from, by version.
            targets: Addresses of this machine that can be sent to.
        """
        self.interface = interface
        self.sources = dict(sources)
        self.hardware = b""
        self.own = bytes([0x02, *secrets.token_bytes(_LENGTH - 1)])  # locally administered
        self._targets = tuple(targets)
        self._stack = ExitStack()
        self._visitor = Visitor()
        self._namespace = -1

    def __enter__(self) -> Self:
        """Make it.

        Raises:
            PrivilegeError: Not permitted.
            HostError: It cannot be made: no such interface, or none of Ethernet's kind, or a part
                of the kernel is missing; or somebody else has one, and does not end.
        """
        lacking = missing(NEEDED)
        if lacking:
            raise PrivilegeError(
                "a place outside needs {right}, which this process lacks",
                hint="sudo tojimari scan --from-outside",
                right=str(lacking[0]),
            )
        try:
            self._make()
        except OSError as error:
            self.close()
            raise HostError(
                "no place outside can be made at {interface}: {why}",
                interface=self.interface,
                why=error.strerror or str(error),
            ) from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Take it away."""
        self.close()

    def close(self) -> None:
        """Take it away; a second time does nothing."""
        self._visitor.close()
        self._stack.close()
        self._namespace = -1

    def visit(self, look: Callable[[], T]) -> T:
        """Call something there, in a thread that lives as long as the place.

        Raises:
            OSError: What it raises.
        """
        return self._visitor.visit(self._namespace, look)

    def enter(self) -> None:
        """Take the thread that calls this there; it never comes back, and ends there.

        Raises:
            OSError: The kernel refused.
        """
        libc.setns(self._namespace, libc.CLONE_NEWNET)

    def _make(self) -> None:
        links = rtnetlink.links()
        real = next((one for one in links if one.interface.name == self.interface), None)
        if real is None or real.sort != ETHERNET or len(real.hardware) != _LENGTH:
            raise HostError(
                "{interface} takes no frames of Ethernet, so nothing can come in by it from here",
                interface=self.interface,
            )
        self.hardware = real.hardware
        for _, one in sorted(
            self.sources.items()
        ):  # in one order, so that no two wait for each other
            self._stack.enter_context(_turn(one))
        self._namespace = _fresh()
        self._stack.callback(os.close, self._namespace)
        for one in self.sources.values():  # who was asked for it, has learnt of a neighbour
            self._stack.callback(_unless_gone, _forgetter(real.interface.index, one))
        near = f"tojimari-{secrets.token_hex(3)}"
        wiring.cable(near, FAR, self.own, self._namespace)
        self._stack.callback(_unless_gone, lambda: wiring.cut(near))
        index = socket.if_nametoindex(near)
        addresses = tuple(self.sources.values())
        for program, place, hook in (
            (steering.aside(addresses, index, self.own), real.interface.index, Hook.EGRESS),
            (steering.inwards(addresses, real.interface.index), index, Hook.INGRESS),
        ):
            self._stack.callback(steering.attach(program, place, hook))
        self._guard(links, real.interface.index, index)
        wiring.up(index)
        self.visit(self._furnish)
        wiring.await_up(index)

    def _guard(self, links: Sequence[Link], real: int, near: int) -> None:
        """See that no answer leaves by another interface, where rules of routing lead it there.

        One of Ethernet's kind brings it here, as it would come back to whoever is outside; of the
        others it is dropped.
        """
        addresses = tuple(self.sources.values())
        aside = steering.aside(addresses, near, self.own)
        for one in links:
            known = one.interface
            if known.index == real or not (known.up and known.addresses) or known.kind == LOOPBACK:
                continue
            program = aside if one.sort == ETHERNET else steering.stop(addresses)
            self._stack.callback(steering.attach(program, known.index, Hook.EGRESS))

    def _furnish(self) -> None:
        """Addresses and ways, there."""
        index = socket.if_nametoindex(FAR)
        if 6 in self.sources:  # noqa: PLR2004 - IPv6
            with contextlib.suppress(OSError):  # where it must not be written, it may be 0 already
                Path(f"/proc/sys/net/ipv6/conf/{FAR}/disable_ipv6").write_text("0", "ascii")
        wiring.up(index)
        for source in self.sources.values():
            wiring.live_at(index, source)
            wiring.everything_by(index, source)
        for target in self._targets:
            if ipaddress.ip_address(target).version in self.sources:
                wiring.neighbour(index, target, self.hardware)
        wiring.await_up(index)


def vantage(
    index: int,
    version: int,
    networks: Sequence[str],
    taken: Sequence[int],
    *,
    near: bool = False,
) -> str | None:
    """An address that somebody outside might have, whom the machine answers by an interface.

    One for measurements where the default route leads through the interface, else a free one of its
    own link.

    Args:
        index: Of the interface.
        version: 4 or 6.
        networks: Its own addresses with their prefix lengths.
        taken: Neighbours on the link, as numbers.
        near: Whether it must be one of the link.

    Returns:
        None where the machine would answer nobody by it.

    Raises:
        OSError: The kernel refused.
    """
    ways = Passages()
    try:

        def leads(address: str) -> bool:
            number = int(ipaddress.ip_address(address))
            found = ways.to(version, number)
            return found is not None and found.sort is Sort.UNICAST and found.index == index

        if not near and leads(SOURCES[version]):
            return SOURCES[version]
        held = {int(ipaddress.ip_interface(one).ip) for one in networks} | set(taken)
        for text in networks:
            net = ipaddress.ip_interface(text).network
            bits = net.max_prefixlen - net.prefixlen
            if net.version != version or net.is_link_local or bits < _TINY[version]:
                continue
            for _ in range(_TRIED):
                number = int(net.network_address) + 1 + secrets.randbelow((1 << bits) - 2)
                address = str(ipaddress.ip_address(number.to_bytes(net.max_prefixlen // 8, "big")))
                if number not in held and leads(address):
                    return address
    finally:
        ways.close()
    return None


def _turn(source: str) -> socket.socket:
    """Wait until nobody else looks from an address: two would take each other's answers.

    A name that only a socket holds, in this network namespace, and that goes with it (unix(7)).

    Raises:
        HostError: Somebody else does not end.
        OSError: The kernel refused.
    """
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    until = time.monotonic() + _PATIENCE
    try:
        while not _is_ours(held, source):
            _refuse_after(until)
            time.sleep(_PAUSE)
    except BaseException:
        held.close()
        raise
    return held


def _is_ours(held: socket.socket, source: str) -> bool:
    try:
        held.bind(f"\0{_NAME} {source}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def _refuse_after(until: float) -> None:
    if time.monotonic() > until:
        raise HostError(
            "another tojimari looks at this machine from outside, and does not end",
            hint="wait until it has ended",
        )


_NAME = "tojimari-outside"
_PATIENCE, _PAUSE = 30.0, 0.05  # seconds; a scan of every number takes a few


def _fresh() -> int:
    """A new network namespace, held by a descriptor alone.

    Raises:
        OSError: Not permitted.
    """
    found: list[int | OSError] = []

    def make() -> None:
        try:
            libc.unshare(libc.CLONE_NEWNET)
            found.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            found.append(error)

    maker = threading.Thread(target=make, name="tojimari-outside", daemon=True)
    maker.start()
    maker.join()
    (made,) = found
    if isinstance(made, OSError):
        raise made
    return made


def _forgetter(index: int, address: str) -> Callable[[], None]:
    return lambda: wiring.forget(index, address)


def _unless_gone(undo: Callable[[], None]) -> None:
    try:
        undo()
    except OSError as error:
        if error.errno not in {errno.ENODEV, errno.ENOENT, errno.EPERM}:
            raise
