"""One network namespace of this machine: its firewall, and the doors where somebody waits."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tojimari.app import firewall as walls
from tojimari.app import firewalls, look
from tojimari.app.firewall import Firewall
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, PrivilegeError, UsageError
from tojimari.core.exposure import Zone
from tojimari.core.socket import InsideView, Namespace, Role

Doors = tuple[tuple[int, Transport], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A firewall, and what stands behind it.

    Attributes:
        firewall: The rules.
        doors: The numbers where somebody waits, ascending.
    """

    firewall: Firewall
    doors: Doors


def here() -> Standing:
    """Our own namespace.

    Raises:
        HostError: The sockets cannot be read, or nothing that lists rules is installed.
    """
    seen = look.view()
    own = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    return Standing(walls.live(), _doors(seen, own))


def there(name: str) -> Standing:
    """Another namespace of this machine.

    Args:
        name: Its name, its inode, the name of a container, or the number of a process in it.

    Raises:
        UsageError: There is no such namespace.
        PrivilegeError: We may not enter it.
        HostError: The sockets cannot be read, or nothing that lists rules is installed.
    """
    seen = look.view()
    namespace = _named(seen.namespaces, name)
    try:
        descriptor = firewalls.entrance(namespace)
    except PermissionError as error:
        raise PrivilegeError(
            "the network namespace {name} may not be entered without root's rights",
            hint="sudo tojimari reach --namespace {name}",
            name=name,
        ) from error
    except OSError as error:
        raise HostError(
            "the network namespace {name} cannot be entered: {why}",
            name=name,
            why=error.strerror or str(error),
        ) from error
    try:
        return Standing(walls.live(descriptor), _doors(seen, namespace.inode))
    finally:
        os.close(descriptor)


def _named(namespaces: Iterable[Namespace], name: str) -> Namespace:
    inode = _of_process(name)
    for one in namespaces:
        if name in {one.name, str(one.inode)} or one.inode == inode:
            return one
    raise UsageError(
        "There is no network namespace {name}.",
        hint="--namespace takes one of these: {known}",
        name=name,
        known=", ".join(one.name for one in namespaces),
    )


def _of_process(name: str) -> int | None:
    """The namespace of a process; None where the name is no number of one."""
    try:
        return os.stat(f"/proc/{int(name)}/ns/net").st_ino  # noqa: PTH116 - a link of the kernel's
    except (OSError, ValueError):
        return None


def _doors(seen: InsideView, inode: int) -> Doors:
    found = {
        (one.endpoint.port, one.endpoint.transport)
        for one in seen.listeners
        if one.netns == inode and one.role is not Role.CLIENT
    }
    return tuple(sorted(found))


def members(name: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What a source stands for: a group's zones and networks, or itself.

    Args:
        name: A zone, a group of the policy, an address or a network.
        groups: The groups of the policy in force.

    Raises:
        UsageError: It is a word, and neither a zone nor a group.
    """
    if name in groups:
        return groups[name]
    if name not in list(Zone) and not any(letter in name for letter in ".:"):
        known = ", ".join([*Zone, *groups])
        raise UsageError(
            "not a source: {text}",
            hint="--from takes an address, a network, or one of these: {known}",
            text=name,
            known=known,
        )
    return (name,)
