"""SSH: the identification, the algorithms, and the host key that a key exchange shows.

A public key is sent for the exchange, so that the server shows its host key; nothing is computed
with the answer, nothing is encrypted, and nobody logs in.
"""

from tojimari.core.endpoint import Transport
from tojimari.core.errors import PeerError
from tojimari.core.message import Value, mark
from tojimari.services.dialogue import (
    Dialogue,
    Peer,
    Protocol,
    Send,
    Talk,
    read_exactly,
    read_line,
)
from tojimari.services.grammar import ssh as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import Cursor, DamagedError, snippet, text

MAX_IDENTIFICATION = 255  # bytes, CR LF included (RFC 4253, section 4.2)
LINES_BEFORE = 20  # a server may send other lines before it (the same section)
MAX_PACKET = 35000  # bytes (RFC 4253, section 6.1)
KEXINIT = 20  # RFC 4253, section 12
ECDH_INIT = 30  # RFC 5656, section 7.1
ECDH_REPLY = 31
CURVES = ("curve25519-sha256", "curve25519-sha256@libssh.org")  # RFC 8731: 32 bytes, any of them
LISTS = 10  # name-lists in a KEXINIT (RFC 4253, section 7.1)
KEX, HOST_KEYS, CIPHERS, MACS = 0, 1, 3, 5  # of these, those of the server's direction
IDENTIFICATION = b"SSH-2.0-tojimari\r\n"


def greet(peer: Peer) -> Dialogue:
    """Identification, KEXINIT, and one host key."""
    line = yield from _identification()
    if line is None:
        return None
    _, version, rest = text(line.rstrip(b"\r\n")).split("-", 2)
    software = grammar.product(rest)
    details: dict[str, Value] = {"ssh-version": version, "banner": rest}
    if version in {"2.0", "1.99"}:
        yield Send(IDENTIFICATION)
        details |= yield from _algorithms(peer)
    return named(
        "ssh",
        software,
        evidence=snippet(line),
        details=details,
    )


def _identification() -> Talk[bytes | None]:
    """The line that begins with ``SSH-``; None where there is none.

    Raises:
        PeerError: It begins so, and is no identification.
    """
    for _ in range(LINES_BEFORE):
        line = yield from read_line(MAX_IDENTIFICATION)
        if line.startswith(b"SSH-"):
            if line.count(b"-") < 2 or not line.endswith(b"\n"):
                raise PeerError(
                    mark("the SSH identification is broken: {line}"), line=snippet(line)
                )
            return line
        if not line.endswith(b"\n") or any(octet >= 0x80 for octet in line):
            return None
    return None


def _algorithms(peer: Peer) -> Talk[dict[str, Value]]:
    """What the server offers, and its host key."""
    packet = yield from _packet()
    if not packet or packet[0] != KEXINIT:
        return {}
    try:
        cursor = Cursor(packet, 17)
        lists = [text(cursor.prefixed(4)) for _ in range(LISTS)]
    except DamagedError:
        return {}
    details: dict[str, Value] = {
        "kex-algorithms": lists[KEX],
        "host-key-algorithms": lists[HOST_KEYS],
        "ciphers": lists[CIPHERS],
        "macs": lists[MACS],
    }
    curve = next((one for one in CURVES if one in lists[KEX].split(",")), None)
    if curve is not None:
        details |= yield from _host_key(peer, curve, lists)
    return details


def _host_key(peer: Peer, curve: str, lists: list[str]) -> Talk[dict[str, Value]]:
    """Agree to all that the server offers, and see which key it signs with."""
    ours = [curve, *lists[1:]]
    body = bytes([KEXINIT]) + peer.nonce[:16]
    body += b"".join(_string(one.encode()) for one in ours) + b"\0" * 5
    yield Send(_framed(body) + _framed(bytes([ECDH_INIT]) + _string(peer.nonce[:32])))
    packet = yield from _packet()
    if not packet or packet[0] != ECDH_REPLY:
        return {}
    try:
        blob = Cursor(packet, 1).prefixed(4)
        kind = text(Cursor(blob).prefixed(4))
    except DamagedError:
        return {}
    import base64  # noqa: PLC0415 - 4 ms together, for a host key alone
    import hashlib  # noqa: PLC0415 - the same

    digest = base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()
    return {"host-key": f"{kind} SHA256:{digest}"}


def _packet() -> Talk[bytes]:
    """The payload of one unencrypted packet (RFC 4253, section 6); empty where there is none."""
    head = yield from read_exactly(5)
    length = int.from_bytes(head[:4], "big")
    if len(head) < 5 or not 2 <= length <= MAX_PACKET or head[4] >= length - 1:
        return b""
    rest = yield from read_exactly(length - 1)
    return rest[: length - 1 - head[4]] if len(rest) == length - 1 else b""


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _framed(payload: bytes) -> bytes:
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (
        (len(payload) + padding + 1).to_bytes(4, "big")
        + bytes([padding])
        + payload
        + bytes(padding)
    )


PROTOCOL = Protocol(
    name="ssh",
    transport=Transport.TCP,
    ports=frozenset({22, 2222, 8022, 22222}),
    server_speaks_first=True,
    source="RFC 4253, section 4.2; RFC 8731",
    dialogue=greet,
    executables=frozenset({"sshd", "dropbear", "sshd-session", "lsh"}),
    likelihood=95,
)
