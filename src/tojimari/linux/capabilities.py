"""What this thread may do: root's rights, one by one.

Source: capabilities(7); linux/capability.h for the numbers.
"""

from collections.abc import Iterable
from enum import IntEnum


class Capability(IntEnum):
    """The rights that tojimari has a use for."""

    DAC_OVERRIDE = 1
    DAC_READ_SEARCH = 2
    KILL = 5
    NET_BIND_SERVICE = 10
    NET_ADMIN = 12
    NET_RAW = 13
    SYS_PTRACE = 19
    SYS_ADMIN = 21
    SYSLOG = 34
    PERFMON = 38
    BPF = 39

    def __str__(self) -> str:
        """As the manual writes it: ``CAP_NET_ADMIN``."""
        return f"CAP_{self.name}"


def effective() -> frozenset[Capability]:
    """Those that this thread has now; empty where that cannot be read."""
    try:
        with open("/proc/thread-self/status", "rb") as file:
            return parse(file.read())
    except OSError:
        return frozenset()


def missing(needed: Iterable[Capability]) -> tuple[Capability, ...]:
    """Those of the needed that this thread does not have, in the order of their numbers."""
    return tuple(sorted(frozenset(needed) - effective()))


def parse(status: bytes) -> frozenset[Capability]:
    """The effective ones out of ``/proc/PID/status`` (proc_pid_status(5): ``CapEff``)."""
    for line in status.splitlines():
        name, _, value = line.partition(b":")
        if name == b"CapEff":
            bits = int(value, 16)
            return frozenset(one for one in Capability if bits >> one & 1)
    return frozenset()
