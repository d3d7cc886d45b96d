"""The service manager of this machine, asked: systemd, OpenRC or SysV scripts."""

import os
import re
import subprocess
from collections.abc import Iterator

from tojimari.close.move import Manager, Unit
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Target

TIMEOUT = 30  # seconds
# What systemd tells of a unit (org.freedesktop.systemd1(5)).
_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "UnitFileState", "TriggeredBy", "Triggers"),
    *("RequiredBy", "BoundBy", "Restart", "KillMode", "ConsistsOf"),
)
# ``Listen=[::]:22 (Stream)``; a path or a netlink family has no number at its end.
_LISTEN = re.compile(r"(?m)^Listen=\S*:(?P<port>\d{1,5}) \((?P<kind>Stream|Datagram)\)$")
_RUNS = {"active", "activating", "reloading"}


class System:
    """What starts and stops services here."""

    def __init__(self, root: str = "/") -> None:
        """Nothing is asked before it is needed.

        Args:
            root: Where ``/run`` is looked for.
        """
        self._root = root

    @property
    def manager(self) -> Manager:
        """Which one it is: each makes a folder while it runs (sd_booted(3); openrc(8))."""
        if os.path.isdir(os.path.join(self._root, "run/systemd/system")):  # noqa: PTH112, PTH118 - no Path is needed
            return Manager.SYSTEMD
        if os.path.isdir(os.path.join(self._root, "run/openrc")):  # noqa: PTH112, PTH118 - the same
            return Manager.OPENRC
        return Manager.SYSV

    def unit(self, name: str) -> Unit | None:
        """A unit; None where the manager does not know it, or is none that could be asked."""
        if self.manager is not Manager.SYSTEMD:
            return Unit(name)
        found = show(_ask("show", "--property", ",".join(_PROPERTIES), "--", name))
        if found.get("LoadState") == "not-found" or not found.get("Id"):
            return None
        dependents = (*found["RequiredBy"].split(), *found["BoundBy"].split())
        return Unit(
            found["Id"],
            active=found["ActiveState"] in _RUNS,
            state=found.get("UnitFileState", ""),
            sockets=tuple(_ending(found["TriggeredBy"], ".socket")),
            services=tuple(_ending(found["Triggers"], ".service")),
            dependents=tuple(one for one in dependents if _runs(one)),
            restart="" if found.get("Restart", "no") == "no" else found["Restart"],
            keeps_children=found.get("KillMode") in {"process", "none"},
        )

    def sockets(self) -> dict[Target, str]:
        """The doors that the manager itself holds open, and the unit that each is of."""
        if self.manager is not Manager.SYSTEMD:
            return {}
        return listening(_ask("show", "--property", "Id,Listen", "*.socket"))


def listening(text: str) -> dict[Target, str]:
    """What ``systemctl show --property Id,Listen`` prints of sockets, a paragraph each."""
    found: dict[Target, str] = {}
    for paragraph in text.split("\n\n"):
        name = re.search(r"(?m)^Id=(\S+)", paragraph)
        for line in _LISTEN.finditer(paragraph):
            if name is not None and int(line["port"]):
                transport = Transport.TCP if line["kind"] == "Stream" else Transport.UDP
                found[Target(transport, int(line["port"]))] = name[1]
    return found


def show(text: str) -> dict[str, str]:
    """What ``systemctl show`` prints: a property a line."""
    pairs = (line.partition("=") for line in text.splitlines())
    result = dict.fromkeys(_PROPERTIES, "")
    result.update({key: value for key, sign, value in pairs if sign})
    return result


def _ending(text: str, end: str) -> Iterator[str]:
    return (one for one in text.split() if one.endswith(end))


def _runs(name: str) -> bool:
    # A target only groups others, and nothing of it stops.
    return not name.endswith(".target") and _ask("is-active", "--", name).strip() in _RUNS


def _ask(*words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - names of units come from the kernel's own groups
            ["systemctl", *words],  # noqa: S607 - found on root's PATH
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")
