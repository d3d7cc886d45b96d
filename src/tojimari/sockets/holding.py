"""Who holds which socket: what every method of finding out agrees to report."""

from dataclasses import dataclass, field
from enum import StrEnum

from tojimari.core.socket import Evidence

Place = tuple[int, int]  # process and descriptor number


class Method(StrEnum):
    """How holders are found."""

    BPF = "bpf"  # a program in the kernel walks all processes' files
    PROCFS = "procfs"  # every descriptor under /proc is read
    CGROUP = "cgroup"  # the socket's control group says in which processes to look


@dataclass(slots=True)
class Holding:
    """What a method found.

    Attributes:
        places: Socket inode to the processes and descriptors that hold it.
        evidence: How a socket is held that has no descriptor, by inode.
        port_locks: UDP inode to whether the program chose the port, and the address
            (``sk_userlocks``); empty where only BPF could tell.
        spaces: Network namespace to one place where a socket of it is held, for namespaces that
            may not be known otherwise.
        refused: Processes whose descriptors we may not read, ascending.
    """

    places: dict[int, list[Place]] = field(default_factory=dict[int, list[Place]])
    evidence: dict[int, Evidence] = field(default_factory=dict[int, Evidence])
    port_locks: dict[int, tuple[bool, bool]] = field(default_factory=dict[int, tuple[bool, bool]])
    spaces: dict[int, Place] = field(default_factory=dict[int, Place])
    refused: list[int] = field(default_factory=list[int])
