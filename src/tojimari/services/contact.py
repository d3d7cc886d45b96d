"""What one connection, or one exchange of datagrams, brought. Shared by every driver."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from tojimari.services.dialogue import Command, Talk
from tojimari.services.loop import Job
from tojimari.services.tlsfacts import TlsFacts

T = TypeVar("T")


class Ended(StrEnum):
    """How it ended, whatever was said before."""

    OPEN = "open"  # by us
    CLOSED = "closed"  # by the peer, in good order
    RESET = "reset"  # by the peer, cut
    REFUSED = "refused"  # it never began: nobody is there
    UNREACHABLE = "unreachable"  # it never began: the network did not carry us


@dataclass(frozen=True, slots=True)
class Terms:
    """How long and how often one may speak.

    Attributes:
        until: When everything must be over, by ``clock``.
        patience: Seconds for a ``Read`` that names none.
        allowed: How many connections may be made, the first included; over UDP, datagrams.
        clock: Seconds, never going back.
    """

    until: float
    patience: float
    allowed: int
    clock: Callable[[], float] = time.monotonic

    def deadline(self, seconds: float | None = None) -> float:
        """When so many seconds from now are over, or else all of it."""
        wanted = self.patience if seconds is None else seconds
        return min(self.clock() + wanted, self.until)


@dataclass(frozen=True, slots=True)
class Contact(Generic[T]):
    """What one conversation brought.

    Attributes:
        result: What the conversation returned; None where it never began.
        ended: How it ended.
        heard: The bytes of the wire's plain side, up to the cap.
        tls: What the handshake told; None where there was none, or it failed.
        trouble: Why the handshake failed; empty where it did not.
        connections: How many connections were made, or datagrams sent.
        answered_from: UDP: the port that the answer came from, where it is another one.
        hung_up_at: At which byte of a TLS greeting the peer hung up without a word; None where it
            did not, or nobody looked.
    """

    result: T | None
    ended: Ended
    heard: bytes = b""
    tls: TlsFacts | None = None
    trouble: str = ""
    connections: int = 1
    answered_from: int | None = None
    hung_up_at: int | None = None


def followed(dialogue: Talk[T], do: Callable[[Command], Job[bytes]]) -> Job[T]:
    """Do what a dialogue asks for, until it returns; what it returned.

    Args:
        dialogue: Closed at the end, however it ends.
        do: Does one command, and gives its answer.
    """
    try:
        command = next(dialogue)
        while True:
            command = dialogue.send((yield from do(command)))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        dialogue.close()
