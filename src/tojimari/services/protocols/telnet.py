r"""Telnet: the options are refused one by one until the text behind them comes.

Source: RFC 854 (commands), RFC 855 (options), RFC 1091 (terminal type).
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Confidence, Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, read_exactly
from tojimari.services.grammar import telnet as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet, text

IAC = 255
SB, SE = 250, 240
WILL, WONT, DO, DONT = 251, 252, 253, 254
QUIET = 0.5  # seconds; then the server has shown what it shows
MOST_READS = 4096
MOST_SHOWN = 2048  # bytes
MOST_HEARD = 8192  # bytes; options alone take some 100
MOST_OPTIONS = 64  # a server that wants more goes on without our refusals
OPTIONS = {
    1: "echo",
    3: "suppress-go-ahead",
    5: "status",
    24: "terminal-type",
    31: "window-size",
    32: "terminal-speed",
    33: "remote-flow-control",
    34: "linemode",
    35: "x-display",
    36: "environ",
    37: "authentication",
    38: "encrypt",
    39: "new-environ",
}
_STRANGE = bytes(set(range(0x20)) - set(b"\0\a\b\t\n\v\f\r\x1b"))  # octets that no text has
PROMPTS = (b"login:", b"username:", b"password:", b"user name:", b"user:", b"account:", b"login >")


def greet(peer: Peer) -> Dialogue:
    """Refuse every option, and read what is behind."""
    del peer
    begun = yield from read_exactly(3)
    if begun[:1] != bytes([IAC]):
        return (yield from _without_options(begun))
    shown = b""
    asked: list[int] = []
    unread = begun
    heard = len(begun)
    for _ in range(MOST_READS):
        plain, answers, options, unread = negotiate(unread)
        asked += [option for option in options if option not in asked]
        shown += plain
        if not _is_text(shown) or _prompts(shown) or len(shown) > MOST_SHOWN:
            break
        if answers and len(asked) <= MOST_OPTIONS:
            yield Send(answers)
        more = yield Read(seconds=QUIET)
        heard += len(more)
        if not more or heard > MOST_HEARD:
            break
        unread += more
    if not asked or not _is_text(shown):
        return None
    return _service(shown, asked)


def _without_options(begun: bytes) -> Dialogue:
    """A server that asks for nothing is known by its prompt alone."""
    if not _is_text(begun) or begun[:3].isdigit():
        return None
    shown = begun + (yield Read(limit=MOST_SHOWN))
    if not _is_text(shown) or not _prompts(shown):
        return None
    return _service(shown, [])


def _service(shown: bytes, asked: list[int]) -> Service:
    software = grammar.product(text(shown))
    details: dict[str, Value] = {}
    if asked:
        details["options"] = ", ".join(OPTIONS.get(one, str(one)) for one in asked)
    words = " ".join(text(shown).split())
    if words:
        details["banner"] = words[:200]
    system = grammar.system(text(shown))
    if system is not None:
        details["system"] = system
    return named(
        "telnet",
        software,
        evidence=snippet(shown) if words else "IAC",
        confidence=Confidence.CERTAIN if asked else Confidence.LIKELY,
        details=details,
    )


def negotiate(data: bytes) -> tuple[bytes, bytes, list[int], bytes]:
    """Take the commands out of what a server sent.

    Returns:
        The text between them, the refusals to send, the options that were named, and the beginning
        of a command whose end has not come yet.
    """
    plain = bytearray()
    answers = bytearray()
    options: list[int] = []
    at = 0
    while at < len(data):
        if data[at] != IAC:
            plain.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == bytes([SB]):
            end = data.find(bytes([IAC, SE]), at)
            if end < 0:
                break
            at = end + 2
        elif len(data) < at + 2 or (WILL <= data[at + 1] <= DONT and len(data) < at + 3):
            break
        elif WILL <= data[at + 1] <= DONT:
            command, option = data[at + 1], data[at + 2]
            options.append(option)
            if command == WILL:
                answers += bytes([IAC, DONT, option])
            elif command == DO:
                answers += bytes([IAC, WONT, option])
            at += 3
        else:
            at += 2
    return bytes(plain), bytes(answers), options, data[at:]


def _prompts(data: bytes) -> bool:
    return data.lower().rstrip().endswith(PROMPTS)


def _is_text(data: bytes) -> bool:
    """Terminals are sent letters, line ends and escapes; a few strange octets are forgiven."""
    return (len(data) - len(data.translate(None, _STRANGE))) * 10 <= len(data)


PROTOCOL = Protocol(
    name="telnet",
    transport=Transport.TCP,
    ports=frozenset({23, 2323}),
    tls_ports=frozenset({992}),
    server_speaks_first=True,
    source="RFC 854; RFC 855",
    dialogue=greet,
    executables=frozenset({"telnetd", "in.telnetd", "utelnetd"}),
    likelihood=30,
)
