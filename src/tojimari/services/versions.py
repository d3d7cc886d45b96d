"""Which versions of TLS a server takes, asked with a ClientHello of our own.

The TLS library of the machine may refuse to speak old versions at all; a hello by hand may not.
Only the server's first answer is read, and nothing is agreed on.

Source: RFC 5246, section 7.4.1; RFC 8446, section 4.1; RFC 7301; RFC 6066, section 3.
"""

import struct
from collections.abc import Mapping
from functools import partial

from tojimari.core.endpoint import Transport
from tojimari.core.service import Service
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Send, read_exactly
from tojimari.services.octets import Cursor
from tojimari.services.servername import server_name

NAMES = {0x0304: "TLSv1.3", 0x0303: "TLSv1.2", 0x0302: "TLSv1.1", 0x0301: "TLSv1", 0x0300: "SSLv3"}
CODES = {name: code for code, name in NAMES.items()}

HANDSHAKE = 22
ALERT = 21
CLIENT_HELLO = 1
SERVER_HELLO = 2
LARGEST_RECORD = (1 << 14) + 2048  # RFC 5246, section 6.2.3

CIPHERS = bytes.fromhex(
    # ECDHE and DHE with AES-GCM and ChaCha20 (RFC 5289, RFC 7905, RFC 5288)
    "c02bc02fc02cc030cca9cca8009e009fccaa"
    # ECDHE, DHE and RSA with AES-CBC (RFC 8422, RFC 5246)
    "c009c013c00ac014c023c027c024c028003300390067006b009c009d002f0035003c003d"
    # 3DES, RC4 (RFC 5246, RFC 4346): only the oldest servers have nothing else
    "c008c0120016000ac007c01100050004"
    # no renegotiation (RFC 5746, section 3.3)
    "00ff"
)


def _block(octets: int, data: bytes) -> bytes:
    return len(data).to_bytes(octets, "big") + data


def _extension(code: int, data: bytes) -> bytes:
    return struct.pack(">H", code) + _block(2, data)


def client_hello(highest: int, nonce: bytes, name: str, alpn: tuple[str, ...] = ()) -> bytes:
    """A ClientHello in its record.

    Args:
        highest: The highest version that is offered, as on the wire: 0x0302 for TLS 1.1.
        nonce: 32 bytes.
        name: For SNI; none is sent for an IP address.
        alpn: Offered protocols.
    """
    extensions = [
        _extension(10, _block(2, bytes.fromhex("001d001700180019"))),  # supported_groups
        _extension(11, _block(1, b"\0")),  # ec_point_formats: uncompressed
        _extension(
            13, _block(2, bytes.fromhex("040305030603080408050806040105010601020302010202"))
        ),
        _extension(23, b""),  # extended_master_secret (RFC 7627)
    ]
    asked = server_name(name)
    if asked:
        listed = b"\0" + _block(2, asked.encode())
        extensions.append(_extension(0, _block(2, listed)))
    if alpn:
        offered = b"".join(_block(1, one.encode()) for one in alpn)
        extensions.append(_extension(16, _block(2, offered)))
    body = (
        struct.pack(">H", highest)
        + nonce[:32].ljust(32, b"\0")
        + b"\0"
        + _block(2, CIPHERS)
        + b"\1\0"
        + _block(2, b"".join(extensions))
    )
    record_version = min(highest, CODES["TLSv1"])
    return struct.pack(">BH", HANDSHAKE, record_version) + _block(
        2, bytes([CLIENT_HELLO]) + _block(3, body)
    )


def offer(highest: int, alpn: tuple[str, ...], peer: Peer) -> Dialogue:
    """Offer versions up to ``highest`` and see which the server takes."""
    yield Send(client_hello(highest, peer.nonce, peer.name, alpn))
    head = yield from read_exactly(5)
    if len(head) < 5 or head[0] not in {HANDSHAKE, ALERT} or head[1] != 3:
        return None
    length = int.from_bytes(head[3:5], "big")
    if length > LARGEST_RECORD:
        return None
    body = yield from read_exactly(length)
    if head[0] == ALERT:
        return Service(
            "tls", tls=True, details={"accepted": "", "alert": body[1] if body[1:] else 0}
        )
    return _server_hello(Cursor(body))


def _server_hello(cursor: Cursor) -> Service | None:
    """What the server chose.

    Raises:
        DamagedError: It is no ServerHello.
    """
    if cursor.big(1) != SERVER_HELLO:
        return None
    cursor.skip(3)
    version = NAMES.get(cursor.big(2), "")
    cursor.skip(32)
    cursor.prefixed(1)
    cipher = cursor.big(2)
    cursor.skip(1)
    details: dict[str, str | int] = {"accepted": version, "cipher-code": cipher}
    if cursor.left >= 2:
        extensions = Cursor(cursor.prefixed(2))
        while extensions:
            code = extensions.big(2)
            data = Cursor(extensions.prefixed(2))
            if code == 16 and data.left > 3:
                data.skip(2)
                details["alpn"] = data.prefixed(1).decode("ascii", "replace")
    return Service("tls", tls=True, details=details)


def question(name: str) -> Protocol:
    """The question whether a version, or at least an older one, is taken."""
    return Protocol(
        name=name,
        transport=Transport.TCP,
        ports=frozenset(),
        server_speaks_first=False,
        source="RFC 5246, section 7.4.1",
        dialogue=partial(offer, CODES[name], ("h2", "http/1.1") if name == "TLSv1.2" else ()),
    )


QUESTIONS = (question("TLSv1.2"), question("TLSv1.1"))


def questions(chosen: str) -> tuple[Protocol, ...]:
    """What is left to ask after a handshake in which the server chose the best that it has."""
    return tuple(one for one in QUESTIONS if CODES[one.name] < CODES.get(chosen, 0))


def answered(asked: Protocol, answer: Service) -> dict[str, bool]:
    """What an answer says of each version: whether it is taken."""
    accepted = str(answer.details.get("accepted", ""))
    code = CODES.get(accepted, 0)
    known = {name: False for name, one in CODES.items() if code < one <= CODES[asked.name]}
    known.pop("SSLv3", None)
    if accepted:
        known[accepted] = True
    return known


def details(known: Mapping[str, bool]) -> dict[str, str | int]:
    """The versions as details, the newest first."""
    newest_first = sorted(known, key=lambda name: -CODES.get(name, 0))
    taken = [name for name in newest_first if known[name]]
    refused = [name for name in newest_first if not known[name]]
    told: dict[str, str | int] = {"tls-versions": " ".join(taken)}
    if refused:
        told["tls-versions-refused"] = " ".join(refused)
    return told
