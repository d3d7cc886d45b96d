r"""Which unit and which container a control group belongs to, out of its path alone.

A path is read from the left. The container is the outermost one, since that is the one that this
machine's runtime knows by its identifier. The unit is the innermost one that is not merely the
container's own scope: inside a container that runs systemd, the unit in there; around a container
that a unit started, that unit.

Unit names stay as systemd writes them (``dev-disk-by\x2dlabel.mount``), because that is what
systemctl takes.

Source: systemd's docs/CONTROL_GROUP_INTERFACE and src/basic/cgroup-util.c; runc's
libcontainer/cgroups; the prefixes are each runtime's own.
"""

import re
from typing import NamedTuple

from tojimari.core.socket import Container

DELETED = " (deleted)"  # what /proc/PID/cgroup appends for a removed group (cgroups(7))
UNIT_SUFFIXES = (".service", ".scope", ".socket", ".mount", ".swap")  # units that hold processes
MANAGER_SCOPE = "init.scope"  # where a systemd puts itself, below its own service or at the root

# One of these stands in every path that leads into a container.
_MARKS = ("docker", "libpod", "cri", "nerdctl", "kubepods", "ecs/", "machine", "nspawn", "lxc")

# Patterns are compiled by ``re`` when first needed: most machines have no containers.
_ID = "(?P<id>[0-9a-f]{64})"

# A component that is one container. The name before the identifier is the runtime's.
_SCOPE = rf"(?P<runtime>docker|libpod|cri-containerd|crio|nerdctl)-{_ID}(?:\.scope)?\Z"
_COLONS = rf".*:(?P<runtime>docker|libpod|cri-containerd|crio|nerdctl):{_ID}\Z"
_SPLIT = rf"(?P<runtime>libpod)-payload-{_ID}\Z"
_BARE = rf"{_ID}\Z"
_RUNTIMES = {
    "docker": "docker",
    "libpod": "podman",
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
    "crio": "cri-o",
}
# The monitor of a container runs beside it, in a scope of its own.
_MONITOR = r"(?:libpod-conmon-|crio-conmon-|lxc\.monitor\.)"
# kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice, where "-" of the UID is
# "_" (kubelet's cgroup manager, systemd driver); or kubepods/burstable/podUID (cgroupfs driver)
_POD = r"(?:.*-)?pod(?P<uid>[0-9a-f]{8}[-_0-9a-f]{24,28})(?:\.slice(?::.*)?)?\Z"
_NSPAWN = r"systemd-nspawn@(?P<name>.+)\.service\Z"
_MACHINE = r"machine-(?P<name>.+)\.scope\Z"
_LIBVIRT = r"(?P<driver>qemu|xen|lxc)-\d+-(?P<name>.+)\Z"  # libvirt's virsystemd.c
_LXC_PAYLOAD = "lxc.payload."  # lxc.cgroup.dir's default since LXC 4.0
_OPENRC = ("openrc.", "openrc_")  # OpenRC's sh/rc-cgroup.sh, v2 and v1
_ESCAPE = rb"\\x([0-9a-f]{2})"


class Place(NamedTuple):
    """Where a process or a socket belongs.

    Attributes:
        unit: systemd unit, or OpenRC's name of the service; None where no supervisor says.
        container: The outermost container; None outside any.
    """

    unit: str | None
    container: Container | None


NOWHERE = Place(None, None)


def place(path: str) -> Place:
    r"""Read one control group path.

    Args:
        path: As in ``/proc/PID/cgroup``, version 1 or 2, from the root of the hierarchy:
            ``/system.slice/ssh.service``.

    Returns:
        What the path says. runit and s6 make no groups, so they leave both parts None.
    """
    parts = [part for part in path.removesuffix(DELETED).split("/") if part]
    found = _container(parts) if any(map(path.__contains__, _MARKS)) else None
    own_scope = found.at if found and found.own_scope else -1
    unit: str | None = None
    for index, part in enumerate(parts):
        name = _unit(parts, index)
        # A systemd that runs for a user or in a container is best known by the unit around it.
        if name is None or index == own_scope or (part == MANAGER_SCOPE and unit):
            continue
        if found is None or not re.match(_SCOPE, part):  # the scope of a container in a container
            unit = name
    if unit is None and found is None:
        return NOWHERE
    return Place(unit, found.container if found else None)


class _Found(NamedTuple):
    """A container, and the component that names it.

    Attributes:
        container: The container.
        at: Which component.
        own_scope: Whether the component is a unit only because every scope is one.
    """

    container: Container
    at: int
    own_scope: bool


def _container(parts: list[str]) -> _Found | None:
    """The outermost container."""
    pod: str | None = None
    for index, part in enumerate(parts):
        if re.match(_MONITOR, part):
            return None
        if match := re.match(_POD, part):
            pod = match["uid"].replace("_", "-")
        container = _by_identifier(parts, index, pod) or _by_name(parts, index)
        if container:
            return _Found(container, index, own_scope=part.endswith(".scope"))
    return None


def _by_identifier(parts: list[str], index: int, pod: str | None) -> Container | None:
    """A container that the runtime numbers."""
    part = parts[index]
    if match := re.match(_SCOPE, part) or re.match(_COLONS, part) or re.match(_SPLIT, part):
        return Container(_RUNTIMES[match["runtime"]], match["id"], pod=pod)
    if not re.match(_BARE, part) or index == 0:
        return None
    if pod:  # the cgroupfs driver does not say which runtime
        return Container("kubernetes", part, pod=pod)
    if parts[index - 1] == "docker" or parts[0] == "ecs":  # ECS's agent drives Docker
        return Container("docker", part)
    return None


def _by_name(parts: list[str], index: int) -> Container | None:
    """A container that people name."""
    part = parts[index]
    if match := re.match(_NSPAWN, part):
        beside = parts[index + 1 : index + 2] == ["supervisor"]  # nspawn itself, not its guests
        return None if beside else _named("nspawn", _unescaped(match["name"]))
    if match := re.match(_MACHINE, part):
        return _machine(_unescaped(match["name"]))
    if part.startswith(_LXC_PAYLOAD):
        return _named("lxc", part.removeprefix(_LXC_PAYLOAD))
    if index and parts[index - 1] == "lxc":
        return _named("lxc", part)
    return None


def _machine(name: str) -> Container | None:
    """A machine that systemd-machined registered; a virtual machine is no container."""
    match = re.match(_LIBVIRT, name)
    if match is None:
        return _named("nspawn", name)
    return _named("lxc", match["name"]) if match["driver"] == "lxc" else None


def _named(runtime: str, name: str) -> Container:
    return Container(runtime, name, name)


def _unit(parts: list[str], index: int) -> str | None:
    """The unit that a component names."""
    part = parts[index].removeprefix("_")  # systemd's escape before a reserved name
    if part.endswith(UNIT_SUFFIXES):
        return part
    if part.startswith(_OPENRC):
        return part[len(_OPENRC[0]) :]
    if index == 1 and parts[0] == "openrc":
        return part
    return None


def _unescaped(name: str) -> str:
    r"""A unit name's part as it was before systemd escaped it: ``\x2d`` is ``-``."""
    plain = re.sub(
        _ESCAPE, lambda match: bytes([int(match[1], 16)]), name.encode(errors="surrogateescape")
    )
    return plain.decode(errors="surrogateescape")
