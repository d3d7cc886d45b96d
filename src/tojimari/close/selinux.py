"""What Linux's security modules say of a door that moves: SELinux by number, AppArmor by program.

Under SELinux a confined server may only bind to numbers that carry its label; so a new number gets
the label of the old one (semanage-port(8)). AppArmor tells numbers apart only by the capability
that those below 1024 need (apparmor.d(5), "Capability rules"; capabilities(7)). Pure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tojimari.close.grammar import Files
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Target

PROGRAM = "semanage"
PRIVILEGED = 1024  # below it, a capability is needed
# Labels that a number has because no other is given to it: they are of no server.
_GENERIC = {
    *("port_t", "reserved_port_t", "hi_reserved_port_t", "unreserved_port_t"),
    "ephemeral_port_t",
}
# ``ssh_port_t   tcp   22, 2222-2230``
_LINE = re.compile(r"(?m)^(?P<label>\w+_t)[ \t]+(?P<transport>tcp|udp)[ \t]+(?P<ports>[\d, -]+)$")
# For whoever has no semanage here: of the reference policy (corenetwork.te.in).
_USUAL = (
    ("ftp_port_t", {21}),
    ("ssh_port_t", {22}),
    ("smtp_port_t", {25, 465, 587}),
    ("dns_port_t", {53}),
    ("http_port_t", {80, 443}),
    ("ntp_port_t", {123}),
    ("pop_port_t", {110, 143, 993, 995}),
    ("smbd_port_t", {139, 445}),
    ("rsync_port_t", {873}),
    ("mysqld_port_t", {3306}),
    ("postgresql_port_t", {5432}),
    ("amqp_port_t", {5672}),
    ("redis_port_t", {6379}),
    ("memcache_port_t", {11211}),
)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of numbers, as semanage lists them.

    Attributes:
        all: What ``semanage port -l`` prints; empty where there is no semanage.
        local: The same of those that somebody has given on this machine (``-C``).
    """

    all: str = ""
    local: str = ""


def along(known: Labels, target: Target, port: int) -> Deed | Message | None:
    """What goes with a move: a deed, why there is none, or None where nothing is needed.

    Args:
        known: The labels.
        target: The door.
        port: Its new number.
    """
    if not known.all:
        usual = next((label for label, ports in _USUAL if target.port in ports), "TYPE")
        return Message(
            "selinux-said",
            "SELinux enforces, and without semanage the new number cannot be given its label; if it"
            " is refused everything is undone, and this comes first: {command}",
            {"command": f"{PROGRAM} port -a -t {usual} -p {target.transport} {port}"},
        )
    old, new = (_label(known.all, target, one) for one in (target.port, port))
    if old is None or old == new:
        return None
    ours = _label(known.local, target, port)
    words = (PROGRAM, "port")
    which = ("-p", str(target.transport), str(port))
    back = (*words, "-d", *which) if ours is None else (*words, "-m", "-t", ours, *which)
    return Deed(Kind.RUN, (*words, "-a" if new is None else "-m", "-t", old, *which), back)


def confined(files: Files, pids: Iterable[int], old: int, port: int) -> Iterator[Message]:
    """That a profile of AppArmor's may refuse the new number.

    Args:
        files: Where ``/proc`` is looked for.
        pids: The processes that hold the door.
        old: Its number.
        port: Its new number.
    """
    if port >= PRIVILEGED or old < PRIVILEGED:
        return
    profiles = {_profile(files.text(f"/proc/{pid}/attr/current") or "") for pid in pids}
    for one in sorted(profiles - {""}):
        yield Message(
            "apparmor",
            "the AppArmor profile {profile} confines it: without the line 'capability"
            " net_bind_service,' a number below 1024 is refused, and everything is undone",
            {"profile": one},
        )


def _profile(text: str) -> str:
    """The profile of ``/proc/PID/attr/current``, where it is enforced: ``NAME (enforce)``."""
    name, space, mode = text.strip().rpartition(" ")
    return name if space and mode == "(enforce)" else ""


def _label(text: str, target: Target, port: int) -> str | None:
    """The label that a number was given; None where it has only one of those for any number."""
    for line in _LINE.finditer(text):
        if line["label"] in _GENERIC or line["transport"] != target.transport:
            continue
        for part in line["ports"].split(","):
            first, _, last = part.strip().partition("-")
            if first and int(first) <= port <= int(last or first):
                return line["label"]
    return None
