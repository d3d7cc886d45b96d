"""One connection, from first byte to last: listen, then speak. Without input or output.

Everything that a server says unasked is understood on this one connection: the dialogues of all
protocols whose servers speak first are played over the same bytes, until one of them says "mine".
Only then is anything said, and only by that one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tojimari.core.endpoint import Transport
from tojimari.core.errors import PeerError
from tojimari.core.message import Message
from tojimari.core.service import Service
from tojimari.services import limits
from tojimari.services.dialogue import (
    Command,
    Dialogue,
    Peer,
    Protocol,
    Read,
    Reconnect,
    Rewind,
    Send,
    StartTls,
    Talk,
)
from tojimari.services.octets import DamagedError
from tojimari.services.recording import heard

HTTP_ALPN = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be done with one connection.

    Attributes:
        listen: Seconds to wait for the peer's first words; 0 does not wait.
        listeners: Protocols whose servers speak first, the most expected first.
        speak: The protocol to speak where the peer says nothing; None says nothing.
        tls: Whether to begin with a TLS handshake.
        alpn: What that handshake offers.
        inside: Where the peer says nothing: try TLS, and this inside.
        expected: Whether anything points to ``speak`` or to the first of the listeners.
    """

    listen: float = 0.0
    listeners: tuple[Protocol, ...] = ()
    speak: Protocol | None = None
    tls: bool = False
    alpn: tuple[str, ...] = ()
    inside: "Attempt | None" = None
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one connection.

    Attributes:
        service: What spoke; None where nobody recognised it.
        protocol: The protocol that recognised it, or complained of it.
        error: What was wrong, where a known protocol was broken.
        banner: The peer's first words, if it spoke first.
        spoke: The protocols that were spoken to it, in order.
        secured: Whether a TLS handshake was finished.
    """

    service: Service | None = None
    protocol: Protocol | None = None
    error: Message | None = None
    banner: bytes = b""
    spoke: tuple[str, ...] = ()
    secured: bool = False


Verdict: TypeAlias = Service | PeerError | None


def connection(attempt: Attempt, peer: Peer) -> Talk[Ending]:
    """Use one connection as the attempt says."""
    if attempt.tls:
        return (yield from _inside(attempt, peer, None))
    ending = yield from _listen(attempt, peer)
    if ending.banner or ending.service or ending.error:
        return ending
    if attempt.inside is not None:
        # Nothing points to TLS here: it is a guess, and waited for as such.
        return (yield from _inside(attempt.inside, peer, limits.ANSWER, by_pieces=True))
    return (yield from _speak(attempt, peer, ending.spoke))


def _inside(
    attempt: Attempt, peer: Peer, seconds: float | None, *, by_pieces: bool = False
) -> Talk[Ending]:
    """Make the handshake, then listen and speak inside TLS."""
    spoke = ("tls",)
    answer = yield StartTls(attempt.alpn, seconds, by_pieces)
    if not answer:
        return Ending(spoke=spoke)
    _, _, alpn = answer.decode("ascii", "replace").partition(" ")
    within = replace(peer, tls=True, alpn=alpn)
    # A web protocol was agreed on: nobody greets in it.
    agreed = replace(attempt, listen=0.0, expected=True) if alpn in HTTP_ALPN else attempt
    ending = yield from _listen(agreed, within)
    if not (ending.banner or ending.service or ending.error):
        ending = yield from _speak(agreed, within, ())
    return replace(ending, secured=True, spoke=spoke + ending.spoke)


def _listen(attempt: Attempt, peer: Peer) -> Talk[Ending]:
    """Wait for the peer's first words, and see who understands them."""
    if not attempt.listen:
        return Ending()
    banner = yield Read(limit=limits.LINE, seconds=attempt.listen)
    if not banner:
        return Ending()
    ending = Ending(banner=banner)
    for position, protocol in enumerate(attempt.listeners):
        yield Rewind()
        expected = attempt.expected and position == 0
        dialogue = protocol.dialogue(replace(peer, expected=expected))
        judged = _Judged(dialogue, None if expected else limits.BANNER)
        verdict = yield from judged.verdict()
        spoke = (protocol.name,) if judged.spent else ()
        if verdict is not None:
            return _ending(verdict, protocol, replace(ending, spoke=spoke))
        if judged.spent:
            return replace(ending, spoke=spoke)
    return ending


def _speak(attempt: Attempt, peer: Peer, spoke: tuple[str, ...]) -> Talk[Ending]:
    """Speak the protocol that the attempt names."""
    protocol = attempt.speak
    if protocol is None:
        return Ending(spoke=spoke)
    judged = _Judged(protocol.dialogue(replace(peer, expected=attempt.expected)))
    verdict = yield from judged.verdict()
    return _ending(verdict, protocol, Ending(spoke=(*spoke, protocol.name)))


def _ending(verdict: Verdict, protocol: Protocol, so_far: Ending) -> Ending:
    if isinstance(verdict, PeerError):
        return replace(so_far, protocol=protocol, error=verdict.message)
    return replace(so_far, service=verdict, protocol=protocol if verdict else None)


class _Judged:
    """A dialogue whose errors are verdicts.

    Attributes:
        spent: Whether it said anything, so that nobody else can begin on this connection.
    """

    def __init__(self, dialogue: Dialogue, seconds: float | None = None) -> None:
        """Prepare.

        Args:
            dialogue: Whose commands are passed on.
            seconds: How long it may wait for more of a greeting that it may not even know.
        """
        self._dialogue = dialogue
        self._seconds = seconds
        self.spent = False

    def verdict(self) -> Talk[Verdict]:
        """Pass its commands on; its return value, or the ``PeerError`` that it raised."""
        answer: bytes | None = None
        while True:
            try:
                command: Command = (
                    next(self._dialogue) if answer is None else self._dialogue.send(answer)
                )
            except StopIteration as end:
                return _service(end.value)
            except PeerError as error:
                return error
            except DamagedError:
                return None
            if isinstance(command, Send | StartTls | Reconnect):
                self.spent = True
            elif isinstance(command, Read) and command.seconds is None and not self.spent:
                command = replace(command, seconds=self._seconds)
            answer = yield command


def _service(value: object) -> Service | None:
    return value if isinstance(value, Service) else None


def recognise(data: bytes, protocols: Sequence[Protocol], peer: Peer) -> Protocol | None:
    """Whose answer these bytes look like, though they answered somebody else's question.

    A peer that is addressed in a foreign tongue often answers in its own: an SSH server sends its
    banner, a web server says 400, a broker names the version that it wants.

    Args:
        data: What was heard.
        protocols: Whom to ask, the likeliest first.
        peer: The other end.
    """
    for protocol, _ in _answers(data, protocols, peer):
        return protocol
    return None


def understood(data: bytes, protocols: Sequence[Protocol], peer: Peer) -> Service | None:
    """What the bytes alone tell, where nothing may be said."""
    for _, service in _answers(data, protocols, peer):
        if service is not None:
            return service
    return None


def _answers(
    data: bytes, protocols: Sequence[Protocol], peer: Peer
) -> Iterator[tuple[Protocol, Service | None]]:
    """Each protocol that calls the bytes its own, whole (with a service) or broken (without)."""
    for protocol in protocols if data else ():
        datagrams = protocol.transport is Transport.UDP
        try:
            service = heard(data, protocol.dialogue(peer), datagrams=datagrams)
        except PeerError:
            yield protocol, None
        except DamagedError:
            continue
        else:
            if service is not None:
                yield protocol, service
