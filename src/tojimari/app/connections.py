"""Which program talks with which."""

from tojimari.app import look
from tojimari.core.conversations import EVERYTHING, Conversations, Filter
from tojimari.core.socket import InsideView


def connections(wanted: Filter = EVERYTHING) -> Conversations:
    """The conversations of this machine.

    Args:
        wanted: Which of them.

    Raises:
        HostError: The kernel's sockets cannot be read.
    """
    return select(look.view(connections=True), wanted)


def select(seen: InsideView, wanted: Filter = EVERYTHING) -> Conversations:
    """The conversations that are asked for, out of all.

    Args:
        seen: What the kernel said, conversations included.
        wanted: Which of them.
    """
    found = seen.connections
    if wanted != EVERYTHING:
        found = tuple(one for one in found if wanted.matches(one))
    return Conversations(
        host=seen.host,
        at=seen.at,
        namespaces=seen.namespaces,
        connections=found,
        unseen=seen.unseen,
        method=seen.method,
    )
