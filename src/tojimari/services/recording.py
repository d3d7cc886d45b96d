"""Conversations played back: what a real peer once said, without the peer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

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

T = TypeVar("T")
SERVER = "server"
CLIENT = "client"
TLS = "tls"
AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a recorded conversation.

    Attributes:
        who: ``server`` said it, ``client`` (we) said it; ``tls``: the answer to ``StartTls``;
            ``again``: a fresh connection was made.
        data: What was said.
    """

    who: str
    data: bytes


class Replay:
    """The driver that has no peer."""

    def __init__(
        self,
        turns: Iterable[Turn],
        *,
        datagrams: bool = False,
        chunk: int | None = None,
    ) -> None:
        """Prepare.

        Args:
            turns: The conversation. What we said then is passed over when we say something now.
            datagrams: Whether each turn of the server's is one datagram.
            chunk: Hand out so many bytes at a time; None for a turn at once.
        """
        self._turns = list(turns)
        self._datagrams = datagrams
        self._chunk = chunk
        self._inbox = Inbox()
        self.said: list[bytes] = []

    def follow(self, dialogue: Talk[T]) -> T:
        """Play a dialogue to its end.

        Raises:
            PeerError: What the dialogue raises.
        """
        try:
            command = next(dialogue)
            while True:
                command = dialogue.send(self._do(command))
        except StopIteration as end:
            result: T = end.value
            return result

    def _do(self, command: Command) -> bytes:
        match command:
            case Send():
                self._say(command.data)
            case Read():
                return self._datagram(command) if self._datagrams else self._hear(command)
            case Rewind():
                self._inbox.rewind()
            case StartTls():
                return self._special(TLS)
            case Reconnect():
                return self._special(AGAIN)
        return b""

    def _say(self, data: bytes) -> None:
        """Pass over what we said then, and what was never heard before it."""
        self.said.append(data)
        for position, turn in enumerate(self._turns):
            if turn.who == CLIENT:
                self._feed_before(position)
                del self._turns[: position + 1]
                return

    def _feed_before(self, position: int) -> None:
        if not self._datagrams:
            for turn in self._turns[:position]:
                if turn.who == SERVER:
                    self._inbox.feed(turn.data)

    def _special(self, who: str) -> bytes:
        for position, turn in enumerate(self._turns):
            if turn.who == who:
                del self._turns[: position + 1]
                self._inbox = Inbox()
                return turn.data or b"yes"
        self._inbox.end()
        return b""

    def _datagram(self, read: Read) -> bytes:
        if self._turns and self._turns[0].who == SERVER:
            return self._turns.pop(0).data[: read.limit]
        return b""

    def _hear(self, read: Read) -> bytes:
        while (found := self._inbox.take(read)) is None:
            if not (self._turns and self._turns[0].who == SERVER):
                return self._inbox.take(read, final=True) or b""
            data = self._turns[0].data
            size = self._chunk or len(data)
            self._inbox.feed(data[:size])
            if data[size:]:
                self._turns[0] = Turn(SERVER, data[size:])
            else:
                del self._turns[0]
        return found


def recorded(
    conversation: Callable[[Peer], Talk[T]], turns: list[Turn]
) -> Callable[[Peer], Talk[T]]:
    """The same conversation, which writes down its turns as it goes.

    Args:
        conversation: What is said.
        turns: Where the turns are added.
    """

    def listened(peer: Peer) -> Talk[T]:
        dialogue = conversation(peer)
        try:
            command = next(dialogue)
            while True:
                if isinstance(command, Rewind):
                    del turns[:]
                answer = yield command
                turns.extend(_turn(command, answer))
                command = dialogue.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    return listened


def _turn(command: Command, answer: bytes) -> Iterable[Turn]:
    match command:
        case Send():
            yield Turn(CLIENT, command.data)
        case Read() if answer:
            yield Turn(SERVER, answer)
        case StartTls() if answer:
            yield Turn(TLS, answer)
        case Reconnect() if answer:
            yield Turn(AGAIN, answer)
        case _:
            return


def heard(data: bytes, conversation: Talk[T], *, datagrams: bool = False) -> T:
    """What a dialogue makes of bytes that were already heard, whatever it says itself.

    Args:
        data: What the peer said.
        conversation: The dialogue.
        datagrams: Whether they are one datagram.
    """
    return Replay([Turn(SERVER, data)], datagrams=datagrams).follow(conversation)
