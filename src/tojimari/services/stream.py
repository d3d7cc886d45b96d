"""Conversations over TCP, plain and inside TLS."""

import contextlib
import errno
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tojimari.services import limits
from tojimari.services.contact import Contact, Ended, Terms, followed
from tojimari.services.dialogue import (
    Command,
    Peer,
    Read,
    Reconnect,
    Rewind,
    Send,
    StartTls,
    Talk,
)
from tojimari.services.inbox import Inbox
from tojimari.services.loop import READ, WRITE, Job, Wait

if TYPE_CHECKING:
    from tojimari.services.tls import TlsLayer
    from tojimari.services.tlsfacts import TlsFacts

T = TypeVar("T")
CHUNK = 1 << 14  # bytes a call: a TLS record's worth
REFUSALS = frozenset({errno.ECONNREFUSED})
PIECES = (1, 2, 4, 5, 8, 12, 14, 16, 24)
"""Bytes after which a server that hangs up tells how long the heads of its messages are: SOCKS 1,
Erlang 2; PostgreSQL, Git, RPC and Kafka 4; MQTT and LDAP 5; FastCGI and SQL Server 8; X11 12; JDWP
14; MongoDB 16; ADB 24. A TLS server waits for the whole."""
RTT_AT = 68  # bytes into struct tcp_info (linux/tcp.h): tcpi_rtt, microseconds in 32 bits
MOST_PATIENCE = 0.25  # seconds a piece, wherever the peer is
CUTS = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


def talk(peer: Peer, conversation: Callable[[Peer], Talk[T]], terms: Terms) -> Job[Contact[T]]:
    """Connect, have one conversation, close.

    Args:
        peer: The other end.
        conversation: Begun once the connection is there.
        terms: How long it may take.
    """
    stream = Stream(peer, terms)
    try:
        if not (yield from stream.connect()):
            return Contact(None, stream.ended, connections=stream.connections)
        dialogue = conversation(replace(peer, local=stream.local))
        result = yield from stream.follow(dialogue)
        return Contact(
            result,
            stream.ended,
            stream.heard,
            stream.facts,
            stream.trouble,
            stream.connections,
            hung_up_at=stream.hung_up_at,
        )
    finally:
        stream.close()


def _way(connected: socket.socket) -> float:
    """Seconds there and back, as the kernel measured them; 0 where it does not tell.

    Our own clock would count how busy we are with other doors.
    """
    if sys.platform != "linux":
        return 0.0
    told = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RTT_AT + 4)
    return int.from_bytes(told[RTT_AT:], sys.byteorder) / 1e6 if len(told) == RTT_AT + 4 else 0.0


class Stream:
    """One TCP connection at a time to one door, and the commands of a dialogue over it."""

    def __init__(self, peer: Peer, terms: Terms) -> None:
        """Prepare; see ``talk`` for the arguments."""
        self._peer = peer
        self._terms = terms
        self._socket: socket.socket | None = None
        self._layer: TlsLayer | None = None
        self._inbox = Inbox()
        self.ended = Ended.OPEN
        self.heard = b""
        self.facts: TlsFacts | None = None
        self.trouble = ""
        self.connections = 0
        self.local = ""
        self.hung_up_at: int | None = None

    def connect(self) -> Job[bool]:
        """Be let in; ``ended`` says why not."""
        endpoint = self._peer.endpoint
        family = socket.AF_INET6 if endpoint.is_ipv6 else socket.AF_INET
        self.connections += 1
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)  # noqa: FBT003 - the standard library's signature
            code = self._socket.connect_ex((endpoint.address, endpoint.port))
        except OSError as error:
            return self._not_connected(error.errno or errno.ENETUNREACH)
        if code == errno.EINPROGRESS:
            ready = yield self._wait(self._socket, WRITE, limits.CONNECT)
            if not ready:
                return self._not_connected(errno.ETIMEDOUT)
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return self._not_connected(code)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local = str(self._socket.getsockname()[0])
        return True

    def follow(self, dialogue: Talk[T]) -> Job[T]:
        """Do what a dialogue asks for, until it returns."""
        result = yield from followed(dialogue, self._do)
        self.heard = self.heard or self._inbox.heard
        return result

    def close(self) -> None:
        """Leave in good order: say goodbye, and take what is on its way, lest it be a reset."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            if self._layer is not None:
                self._layer.close()
                self._socket.send(self._layer.outgoing())
            self._socket.shutdown(socket.SHUT_WR)
            for _ in range(limits.HEARD // CHUNK):
                if not self._socket.recv(CHUNK):
                    break
        self._socket.close()
        self._socket = None
        self._layer = None

    def _not_connected(self, code: int) -> bool:
        if code in CUTS:
            self.ended = Ended.RESET
        else:
            self.ended = Ended.REFUSED if code in REFUSALS else Ended.UNREACHABLE
        return False

    def _wait(self, which: socket.socket, events: int, seconds: float) -> Wait:
        return Wait(which, events, self._terms.deadline(seconds))

    def _do(self, command: Command) -> Job[bytes]:
        match command:
            case Send():
                yield from self._say(command.data)
            case Read():
                return (yield from self._hear(command))
            case Rewind():
                self._inbox.rewind()
            case StartTls():
                return (yield from self._start_tls(command))
            case Reconnect():
                return (yield from self._again())
        return b""

    def _say(self, data: bytes) -> Job[None]:
        if self._layer is not None:
            from tojimari.services.tls import HandshakeError  # noqa: PLC0415 - ssl is 27 ms

            try:
                self._layer.write(data)
            except HandshakeError:
                self._inbox.end()
                return
            data = self._layer.outgoing()
        yield from self._put(data)

    def _put(self, data: bytes) -> Job[None]:
        """Send wire bytes; a peer that is gone is noticed when it is read from."""
        left = memoryview(data)
        while left and self._socket is not None:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                if not (yield self._wait(self._socket, WRITE, self._terms.patience)):
                    return
            except OSError as error:
                self._cut(error)
                return

    def _hear(self, read: Read) -> Job[bytes]:
        deadline = self._terms.deadline(read.seconds)
        while (found := self._inbox.take(read)) is None:
            data = yield from self._get(deadline)
            if data is None:
                return self._inbox.take(read, final=True) or b""
            self._feed(data)
        return found

    def _feed(self, data: bytes) -> None:
        """Wire bytes to the inbox, through TLS where it is spoken; none mean the end."""
        if self._layer is not None:
            from tojimari.services.tls import HandshakeError  # noqa: PLC0415 - ssl is 27 ms

            self._layer.incoming(data)
            try:
                self._inbox.feed(self._layer.read())
            except HandshakeError as error:
                self.trouble = str(error)
                self._inbox.end()
        else:
            self._inbox.feed(data)
        if not data:
            self._inbox.end()

    def _get(self, deadline: float) -> Job[bytes | None]:
        """Some wire bytes; none where the peer ended, None where the time passed."""
        assert self._socket is not None  # noqa: S101 - a dialogue runs only while connected
        while True:
            try:
                data = self._socket.recv(CHUNK)
            except BlockingIOError:
                if self._terms.clock() >= deadline:
                    return None
                if not (yield Wait(self._socket, READ, deadline)):
                    return None
            except OSError as error:
                self._cut(error)
                return b""
            else:
                if not data and self.ended is Ended.OPEN:
                    self.ended = Ended.CLOSED
                return data

    def _cut(self, error: OSError) -> None:
        self.ended = Ended.RESET if error.errno in CUTS else Ended.CLOSED
        self._inbox.end()

    def _start_tls(self, command: StartTls) -> Job[bytes]:
        from tojimari.services.tls import HandshakeError, TlsLayer  # noqa: PLC0415 - ssl is 27 ms

        layer = TlsLayer(self._peer.name, command.alpn)
        wire = Inbox()
        deadline = self._terms.deadline(command.seconds)
        try:
            by_pieces = command.by_pieces
            while True:
                done = layer.handshake()
                said = layer.outgoing()
                if by_pieces and (yield from self._put_by_pieces(said)):
                    self.trouble = "hung up"
                    return b""
                if not by_pieces:
                    yield from self._put(said)
                by_pieces = False
                if done:
                    break
                data = yield from self._get(deadline)
                if data is None:
                    self.trouble = "no answer"
                    self.heard = wire.heard
                    return b""
                wire.feed(data)
                layer.incoming(data)
        except HandshakeError as error:
            self.trouble = str(error)
            yield from self._put(layer.outgoing())
            self.heard = wire.heard
            return b""
        self._layer = layer
        self._inbox = Inbox()
        self.facts = layer.facts()
        self._take_early(layer)
        return f"{self.facts.version} {self.facts.alpn}".strip().encode()

    def _put_by_pieces(self, data: bytes) -> Job[bool]:
        """Send the first bytes one after the other; whether the peer hung up at one of them."""
        assert self._socket is not None  # noqa: S101 - a dialogue runs only while connected
        pause = min(max(limits.PIECE, 4 * _way(self._socket)), MOST_PATIENCE)
        sent = 0
        for size in PIECES:
            yield from self._put(data[sent:size])
            sent = size
            if not (yield self._wait(self._socket, READ, pause)):
                continue
            if not self._hangs_up():
                break
            self.hung_up_at = size
            return True
        yield from self._put(data[sent:])
        return False

    def _hangs_up(self) -> bool:
        """Whether what came is the end; what was said stays to be read."""
        assert self._socket is not None  # noqa: S101 - the caller has seen to it
        try:
            ended = not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError as error:
            self._cut(error)
            return True
        if ended:
            self.ended = Ended.CLOSED
        return ended

    def _take_early(self, layer: "TlsLayer") -> None:
        """What came together with the end of the handshake."""
        from tojimari.services.tls import HandshakeError  # noqa: PLC0415 - ssl is 27 ms

        try:
            self._inbox.feed(layer.read())
        except HandshakeError as error:
            self.trouble = str(error)
            self._inbox.end()

    def _again(self) -> Job[bytes]:
        """A fresh connection, inside TLS where this one was."""
        if self.connections >= self._terms.allowed:
            return b""
        was_tls = self.facts
        self.heard = self.heard or self._inbox.heard
        self.close()
        self._inbox = Inbox()
        self.ended = Ended.OPEN
        if not (yield from self.connect()):
            self._inbox.end()
            return b""
        if was_tls is not None:
            offered = (was_tls.alpn,) if was_tls.alpn else ()
            if not (yield from self._start_tls(StartTls(offered))):
                return b""
        return b"yes"
