r"""Telnet: the options are refused one by one until the text behind them comes.

Source: RFC 854 (commands), RFC 855 (options), RFC 1091 (terminal type).
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Confidence, Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send
from tojimari.services.grammar import telnet as grammar
from tojimari.services.octets import snippet, text

IAC = 255
SB, SE = 250, 240
WILL, WONT, DO, DONT = 251, 252, 253, 254
ROUNDS = 6  # of negotiation; a server that wants more goes on without us
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
PROMPTS = (b"login:", b"username:", b"password:", b"user name:", b"user:", b"account:", b"login >")


def greet(peer: Peer) -> Dialogue:
    """Refuse every option, and read what is behind."""
    del peer
    shown = b""
    asked: list[int] = []
    negotiated = False
    for turn in range(ROUNDS):
        data = yield Read(seconds=None if turn == 0 else 0.5)
        if not data:
            break
        plain, answers, options = negotiate(data)
        if turn == 0 and not options and not _prompts(data):
            return None
        if not _is_text(plain):
            return None
        negotiated = negotiated or bool(options)
        asked += [option for option in options if option not in asked]
        shown += plain
        if _prompts(shown) or len(shown) > 2048:
            break
        if answers:
            yield Send(answers)
        elif not negotiated:
            break
    if not negotiated and not _prompts(shown):
        return None
    software = grammar.product(text(shown))
    details: dict[str, Value] = software.details() if software else {}
    if asked:
        details["options"] = ", ".join(OPTIONS.get(one, str(one)) for one in asked)
    words = " ".join(text(shown).split())
    if words:
        details["banner"] = words[:200]
    return Service(
        "telnet",
        product=software.product if software else None,
        version=software.version if software else None,
        vendor=software.vendor if software else None,
        evidence=snippet(shown) if words else "IAC",
        confidence=Confidence.CERTAIN if negotiated else Confidence.LIKELY,
        details=details,
    )


def negotiate(data: bytes) -> tuple[bytes, bytes, list[int]]:
    """Take the commands out of what a server sent.

    Returns:
        The text between them, the refusals to send, and the options that were named.
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
            at = len(data) if end < 0 else end + 2
        elif len(data) > at + 2 and WILL <= data[at + 1] <= DONT:
            command, option = data[at + 1], data[at + 2]
            options.append(option)
            if command == WILL:
                answers += bytes([IAC, DONT, option])
            elif command == DO:
                answers += bytes([IAC, WONT, option])
            at += 3
        else:
            at += 2
    return bytes(plain), bytes(answers), options


def _prompts(data: bytes) -> bool:
    return data.lower().rstrip().endswith(PROMPTS)


def _is_text(data: bytes) -> bool:
    """Terminals are sent letters, line ends and escapes; a few strange octets are forgiven."""
    strange = sum(octet < 0x20 and octet not in b"\0\a\b\t\n\v\f\r\x1b" for octet in data)
    return strange * 10 <= len(data)


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
