"""The firewalls of a machine, one a network namespace, each read only where rules stand."""

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tojimari.core.errors import HostError, TojimariError
from tojimari.core.message import Message
from tojimari.core.socket import InsideView, Namespace, Unseen

if TYPE_CHECKING:
    from tojimari.app.exposures import Gate
    from tojimari.app.firewall import Firewall
    from tojimari.linux.namespaces import Visitor


@dataclass(slots=True)
class Firewalls:
    """What stands before the doors of each namespace.

    Attributes:
        read: By inode of the namespace: the firewalls that were read.
        free: Namespaces in which no rule stands.
        unread: Namespaces whose firewall could not be read.
        unseen: What could not be read, for a person.
        gates: By inode: those that were read, once somebody has made them ready to be asked.
    """

    read: "dict[int, Firewall]" = field(default_factory=dict[int, "Firewall"])
    free: set[int] = field(default_factory=set[int])
    unread: set[int] = field(default_factory=set[int])
    unseen: tuple[Unseen, ...] = ()
    gates: "dict[int, Gate]" = field(default_factory=dict[int, "Gate"])


def survey(seen: InsideView, *, command: str = "look") -> Firewalls:
    """Ask each namespace in which somebody waits, and the host's.

    Args:
        seen: What the kernel said of the sockets.
        command: The command to type again with more rights.
    """
    busy = {listener.netns for listener in seen.listeners}
    wanted = [one for one in seen.namespaces if one.is_host or one.inode in busy]
    found = Firewalls()
    if sys.platform != "linux":
        found.unread.update(one.inode for one in wanted)
        found.unseen = (_foreign(),)
        return found
    failures = _ask(wanted, found)
    found.unread.update(failures)
    hosts = [failures[one.inode] for one in wanted if one.is_host and one.inode in failures]
    others = len(failures) - len(hosts)
    again = f"sudo tojimari {command}"
    said = [one for firewall in found.read.values() for one in firewall.unseen]
    said += [_of_the_host(error, again) for error in hosts]
    said += [_of_others(others, again)] if others else []
    found.unseen = tuple(said)
    return found


def _ask(wanted: Iterable[Namespace], found: Firewalls) -> dict[int, Exception]:
    """Read what there is; return what could not be read, and why."""
    from tojimari.linux.namespaces import Visitor  # noqa: PLC0415 - only where there is a Linux

    own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    failures: dict[int, Exception] = {}
    visitor = Visitor()
    try:
        for one in wanted:
            try:
                firewall = _own() if one.inode == own else _inside(one, visitor)
            except (OSError, HostError) as error:
                failures[one.inode] = error
                continue
            if firewall is None:
                found.free.add(one.inode)
            else:
                found.read[one.inode] = firewall
    finally:
        visitor.close()
    return failures


def _own() -> "Firewall | None":
    """The firewall of our own namespace; None where no rule stands there.

    Raises:
        OSError: We may not know.
        HostError: Nothing that lists rules is installed.
    """
    return _read(None) if _stands_something() else None


def _inside(namespace: Namespace, visitor: "Visitor") -> "Firewall | None":
    """The firewall of another namespace; the same."""
    descriptor = entrance(namespace)
    try:
        stands = visitor.visit(descriptor, _stands_something)
        return _read(descriptor) if stands else None
    finally:
        os.close(descriptor)


def _stands_something() -> bool:
    from tojimari.linux import netfilter  # noqa: PLC0415 - only where there is a Linux

    return netfilter.has_tables() or netfilter.takes_loopback_from_outside()


def _read(descriptor: int | None) -> "Firewall":
    from tojimari.app import firewall  # noqa: PLC0415 - heavy, and most machines have no rules

    return firewall.live(descriptor)


def entrance(namespace: Namespace) -> int:
    """A descriptor of a namespace, which the caller closes.

    Raises:
        OSError: It has gone, or we may not.
    """
    problem = OSError(errno.ENOENT, namespace.name)
    paths = [f"/proc/{pid}/ns/net" for pid in namespace.pids]
    for path in (*paths, f"/run/netns/{namespace.name}"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            problem = error
            continue
        if os.fstat(descriptor).st_ino == namespace.inode:
            return descriptor
        os.close(descriptor)
    raise problem


def _of_the_host(error: Exception, again: str) -> Unseen:
    if isinstance(error, PermissionError):
        message = Message(
            "firewall-not-permitted",
            "The firewall cannot be read without root's rights (CAP_NET_ADMIN): it may keep"
            " others out, or open doors that are not listed here.",
        )
        return Unseen(message, 0, again, hides_doors=True)
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    hint = error.hint.text if isinstance(error, TojimariError) else ""
    message = Message(
        "firewall-not-read",
        "The firewall could not be read ({why}): it may keep others out, or open doors that are"
        " not listed here.",
        {"why": why},
    )
    return Unseen(message, 0, hint, hides_doors=True)


def _of_others(count: int, again: str) -> Unseen:
    message = Message(
        "firewalls-not-read",
        "Network namespaces whose firewall could not be read: {count}.",
        {"count": count},
    )
    return Unseen(message, count, again)


def _foreign() -> Unseen:
    message = Message(
        "firewall-foreign",
        "Only Linux's firewall can be read: this machine's may keep others out.",
    )
    return Unseen(message, 0, hides_doors=True)
