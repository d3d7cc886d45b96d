"""Conversations without input or output.

A protocol is a generator. It yields what it wants done (send this, read that) and is sent what was
read. So the same code runs over TCP, over TLS, over UDP, over a recording and under the fuzzer.

A dialogue that returns a ``Service`` says "mine"; ``None`` says "not mine"; ``PeerError`` says
"mine, but broken". It stops before anybody would have to prove who they are.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services import limits


@dataclass(frozen=True, slots=True)
class Send:
    """Say this; over UDP it is one datagram."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Read:
    r"""Hear something. Less than was asked for means that the peer ended, or that time passed.

    Attributes:
        limit: At most so many bytes.
        until: Up to and with these bytes, ``b"\n"`` for a line; None for whatever is there.
        exactly: So many bytes, no fewer and no more; None for whatever is there.
        seconds: How long to wait; None lets the driver decide.
    """

    limit: int = limits.LINE
    until: bytes | None = None
    exactly: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Rewind:
    """Hear again, from the connection's first byte."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """Go on inside TLS.

    The answer is the version and, after a space, the protocol that ALPN chose
    (``b"TLSv1.3 http/1.1"``); nothing where the handshake failed.

    Attributes:
        alpn: What is offered (RFC 7301), the best first; empty offers nothing.
        seconds: How long the handshake may take; None lets the driver decide.
        by_pieces: Whether the first bytes go out one after the other, so that it is seen at which
            of them a peer that speaks something else hangs up.
    """

    alpn: tuple[str, ...] = ()
    seconds: float | None = None
    by_pieces: bool = False


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Close, and begin anew at the same door.

    The answer is ``b"yes"``, or nothing if the budget is used up or the door is shut now.
    """


Command: TypeAlias = Send | Read | Rewind | StartTls | Reconnect
T = TypeVar("T")
Talk: TypeAlias = Generator[Command, bytes, T]
Dialogue: TypeAlias = Generator[Command, bytes, Service | None]


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end, as far as a dialogue may need to know it.

    Attributes:
        endpoint: The door.
        name: What the person called the building; the address where there was no name.
        nonce: 32 bytes that nobody could foresee, for transaction numbers.
        local: Our own address towards it; empty where it is not known.
        expected: Whether the number or the program points to this protocol. Where nothing does,
            a dialogue chooses words that hurt nobody else.
        tls: Whether we are inside TLS.
        alpn: What ALPN chose; empty where it chose nothing.
    """

    endpoint: Endpoint
    name: str
    nonce: bytes
    local: str = ""
    expected: bool = True
    tls: bool = False
    alpn: str = ""

    def number(self, octets: int = 4) -> int:
        """A transaction number of so many octets, the same each time for the same peer."""
        return int.from_bytes(self.nonce[:octets], "big")


HANGS_UP = frozenset({"tls", "http"})
"""What a server does that wants nothing but its own binary messages."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way of speaking, as one file of ``services/protocols`` tells it.

    Attributes:
        name: Short, as ``Service.protocol`` has it.
        transport: TCP or UDP.
        ports: The numbers where it is usual.
        server_speaks_first: Whether the server greets; if so nothing is said before.
        source: Where the conversation is specified.
        dialogue: The conversation.
        tls_ports: The numbers where it is usual inside TLS.
        executables: Names of programs that speak it.
        likelihood: Where nothing points anywhere, the higher is tried first; 0 is never tried.
        source_port: The port that must be ours, since the answer goes there; None for any.
        drops: Over TCP: which foreign greetings (``tls``, ``http``) it answers by hanging up; at
            the others it waits for more. None where it answers foreigners in its own tongue, so
            that nobody has to guess.
        reads: Over TCP: after how many bytes of a TLS greeting it hangs up, which is how long its
            own messages' heads are; None where it does not, or answers.
    """

    name: str
    transport: Transport
    ports: frozenset[int]
    server_speaks_first: bool
    source: str
    dialogue: Callable[[Peer], Dialogue]
    tls_ports: frozenset[int] = frozenset()
    executables: frozenset[str] = frozenset()
    likelihood: int = 0
    source_port: int | None = None
    drops: frozenset[str] | None = HANGS_UP
    reads: int | None = None


def read_line(limit: int = limits.LINE) -> Talk[bytes]:
    """One line with its line feed; without it where the peer ended, or the line has no end."""
    return (yield Read(limit=limit, until=b"\n"))


def read_exactly(count: int) -> Talk[bytes]:
    """So many bytes, or fewer where the peer ended."""
    return (yield Read(exactly=count)) if count else b""


def read_datagram() -> Talk[bytes]:
    """One datagram; empty where none came."""
    return (yield Read(limit=limits.HEARD))


def ask(question: bytes) -> Talk[bytes]:
    """Send a datagram and hear one."""
    yield Send(question)
    return (yield from read_datagram())


def read_reply(continues: Callable[[bytes], bool]) -> Talk[list[bytes]]:
    """An answer of one or more lines, without their line ends.

    Args:
        continues: Whether another line follows this one.
    """
    lines: list[bytes] = []
    while len(lines) < limits.LINES:
        line = yield from read_line()
        if not line:
            break
        lines.append(line.rstrip(b"\r\n"))
        if not line.endswith(b"\n") or not continues(lines[-1]):
            break
    return lines


def first_datagram(protocol: Protocol, peer: Peer) -> bytes | None:
    """What a UDP protocol says first; None where it says nothing or is not over UDP."""
    if protocol.transport is not Transport.UDP:
        return None
    dialogue = protocol.dialogue(peer)
    try:
        command = next(dialogue)
    except StopIteration:
        return None
    dialogue.close()
    return command.data if isinstance(command, Send) else None
