"""HTTP/2 as a client hears it: one request, one answer, of which the beginning is enough.

A peer may send frames without end, a header that continues for ever, or a few bytes that unfold to
many: frames, the compressed header and what it unfolds to each have a cap.

Source: RFC 9113; RFC 7541 (HPACK).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tojimari.services import limits
from tojimari.services.dialogue import Send, Talk, read_exactly
from tojimari.services.http import AGENT, Response
from tojimari.services.octets import Cursor, DamagedError, text

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, section 3.4
HEAD = 9  # bytes before each frame (section 4.1)
LARGEST = 1 << 14  # bytes of a frame; we allow no more (section 6.5.2)
MOST_FRAMES = 64  # until the answer is whole; ordinary servers send five
MOST_CONTINUED = 16  # CONTINUATION frames; each is a whole LARGEST at the other end's leisure
BLOCK = 1 << 15  # bytes of a compressed header
UNFOLDED = 1 << 15  # bytes of the same, unfolded, by HPACK's count (RFC 7541, section 4.1)
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = 0, 1, 3, 4, 5, 6, 7
CONTINUATION = 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
STREAM = 1
NO_PUSH = bytes.fromhex("000200000000")  # SETTINGS_ENABLE_PUSH = 0
GET, SLASH, HTTP, HTTPS = 0x82, 0x84, 0x86, 0x87  # entries of the static table (RFC 7541, A)
AUTHORITY, USER_AGENT = b"\x01", b"\x0f\x2b"  # names 1 and 58, the values as they are


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One frame."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def request(host: str, *, tls: bool) -> bytes:
    """GET / on the first stream."""
    block = bytes([GET, SLASH, HTTPS if tls else HTTP])
    for name, value in ((AUTHORITY, host), (USER_AGENT, AGENT)):
        data = value.encode("ascii", "replace")[:120]
        block += name + bytes([len(data)]) + data
    return frame(HEADERS, block, flags=END_STREAM | END_HEADERS, stream=STREAM)


OPENING = PREFACE + frame(SETTINGS, NO_PUSH)
GOODBYE = frame(GOAWAY, bytes(8))  # NO_ERROR; no stream of the server's was seen
TAKEN = frame(SETTINGS, flags=ACK)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came.

    Attributes:
        kind: 0 to 255.
        flags: Eight bits.
        stream: Its number; 0 is the connection.
        payload: What it carries.
    """

    kind: int
    flags: int
    stream: int
    payload: bytes

    def content(self) -> bytes:
        """The payload without padding and priority (RFC 9113, sections 6.1 and 6.2).

        Raises:
            DamagedError: The padding is longer than the frame.
        """
        cursor = Cursor(self.payload)
        padding = cursor.big(1) if self.flags & PADDED else 0
        if self.kind == HEADERS and self.flags & PRIORITY:
            cursor.skip(5)
        return cursor.take(cursor.left - padding)


def read_frame() -> Talk[Frame | None]:
    """One frame; None where the peer ended, or sends a larger one than we allow."""
    head = yield from read_exactly(HEAD)
    size = int.from_bytes(head[:3], "big")
    if len(head) < HEAD or size > LARGEST:
        return None
    payload = yield from read_exactly(size)
    if len(payload) < size:
        return None
    return Frame(head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload)


def answer() -> Talk[Response | None]:
    """The answer on the first stream, interim ones passed over; None where there is none.

    Raises:
        DamagedError: A frame is not what it would have to be.
    """
    unfold = _Unfolding()
    response = None
    body = b""
    for _ in range(MOST_FRAMES):
        got = yield from read_frame()
        if got is None or got.kind in {GOAWAY, PUSH_PROMISE, CONTINUATION}:
            break
        if got.kind == PING and not got.flags & ACK:
            yield Send(frame(PING, got.payload[:8], flags=ACK))
        if got.stream != STREAM:
            continue
        if got.kind == RST_STREAM:
            break
        if got.kind == HEADERS:
            block = yield from _block(got)
            found = unfold.response(block) if block is not None else None
            if found is None:
                break
            response = response or found if found.status >= 200 else response
        elif got.kind == DATA and response is not None:
            body += got.content()
        if (response and got.flags & END_STREAM) or len(body) > limits.BODY:
            break
    if response is None:
        return None
    return Response("2", response.status, "", response.headers, body[: limits.BODY])


def _block(first: Frame) -> Talk[bytes | None]:
    """The whole compressed header; None where it has no end."""
    block = first.content()
    got = first
    for _ in range(MOST_CONTINUED):
        if got.flags & END_HEADERS:
            return block
        following = yield from read_frame()
        if following is None or following.kind != CONTINUATION or following.stream != STREAM:
            return None
        got = following
        block += got.payload
        if len(block) > BLOCK:
            return None
    return None


class _Unfolding:
    """HPACK's state, which goes through all headers of a connection."""

    def __init__(self) -> None:
        # Imported here: 20 ms, and only those who met HTTP/2 need it.
        from hpack import Decoder  # noqa: PLC0415

        self._decoder = Decoder(max_header_list_size=UNFOLDED)

    def response(self, block: bytes) -> Response | None:
        """The head of an answer; None where it is none."""
        from hpack import HPACKError  # noqa: PLC0415 - see above

        try:
            headers = self._fields(self._decoder.decode(block, raw=True))
        except (HPACKError, ValueError, IndexError):
            return None
        status = headers.get(":status", "")
        if len(status) != 3 or not (status.isascii() and status.isdigit()) or status < "100":
            return None
        return Response("2", int(status), "", headers)

    @staticmethod
    def _fields(pairs: Iterable[tuple[bytes | str, bytes | str]]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for name, value in pairs:
            key = _text(name).lower()
            if key == "set-cookie" and key in found:
                found[key] += "; " + _text(value)
            else:
                found.setdefault(key, _text(value))
        return found


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else text(data)


def settings(payload: bytes) -> dict[int, int] | None:
    """The server's settings by their number; None where they are none (RFC 9113, section 6.5)."""
    if len(payload) % 6:
        return None
    cursor = Cursor(payload)
    found: dict[int, int] = {}
    try:
        while cursor:
            key = cursor.big(2)
            found[key] = cursor.big(4)
    except DamagedError:
        return None
    return found
