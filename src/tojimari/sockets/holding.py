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
        open_spaces: Network namespace to one place where it is held open as a file.
        rings: Where an io_uring is held, which may hold sockets as fixed files.
        carriers: Where a unix socket is held that descriptors are on their way through.
        multipath: Whether anybody holds an MPTCP socket; where nobody could tell, it may be.
        met: Processes of which BPF surely saw the files.
        others: Sockets that nobody asked for, with the first place of each; empty where BPF did
            the search.
        refused: Processes whose descriptors we may not read, ascending.
    """

    places: dict[int, list[Place]] = field(default_factory=dict[int, list[Place]])
    evidence: dict[int, Evidence] = field(default_factory=dict[int, Evidence])
    port_locks: dict[int, tuple[bool, bool]] = field(default_factory=dict[int, tuple[bool, bool]])
    spaces: dict[int, Place] = field(default_factory=dict[int, Place])
    open_spaces: dict[int, Place] = field(default_factory=dict[int, Place])
    rings: list[Place] = field(default_factory=list[Place])
    carriers: list[Place] = field(default_factory=list[Place])
    multipath: bool = True
    met: set[int] = field(default_factory=set[int])
    others: dict[int, Place] = field(default_factory=dict[int, Place])
    refused: list[int] = field(default_factory=list[int])
