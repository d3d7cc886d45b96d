"""HTTP as a client hears it: one request, one answer, of which the beginning is enough.

The answer is read by hand, not by a library: a strict parser calls half of the small devices
broken, and what is wanted is the head and the first bytes of the page. What may not be forgiven
(a length that is no number, a chunk without end) only ends the reading.

Source: RFC 9110; RFC 9112.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from tojimari.services import limits
from tojimari.services.dialogue import Read, Send, Talk, read_line
from tojimari.services.octets import text

AGENT = "tojimari"
MAX_HEAD = 200  # lines
SHORT_TITLE = 200  # characters


@dataclass(frozen=True, slots=True)
class Response:
    """The beginning of an answer.

    Attributes:
        version: ``1.1``.
        status: 100 to 599.
        reason: The words after the status.
        headers: By lower-case name; of several with one name the first, cookies joined.
        body: The beginning of the page.
        whole: Whether the whole page was read, so that the connection can be used again.
    """

    version: str
    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    whole: bool = False

    def header(self, name: str) -> str:
        """A header's value; empty where it was not sent."""
        return self.headers.get(name, "")

    @property
    def page(self) -> str:
        """The body as text."""
        return text(self.body)

    @property
    def title(self) -> str:
        """The page's title, on one line; empty where there is none."""
        lower = self.body.lower()
        start = lower.find(b"<title")
        start = lower.find(b">", start) + 1 if start >= 0 else 0
        end = lower.find(b"</title", start) if start else -1
        if end < 0:
            return ""
        return " ".join(html.unescape(text(self.body[start:end])).split())[:SHORT_TITLE]

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent on this connection."""
        wish = self.header("connection").lower()
        if not self.whole or "close" in wish:
            return False
        return self.version == "1.1" or "keep-alive" in wish


def request(
    path: str, host: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> bytes:
    """One HTTP/1.1 request without a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"User-Agent: {AGENT}", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii", "replace")


BARE = b"GET / HTTP/1.0\r\n\r\n"
"""A request without headers. It hurts nobody who speaks another protocol: Redis takes the word
``Host:`` for an attack and logs it, and answers this with an ordinary error."""


def exchange(data: bytes) -> Talk[Response | None]:
    """Send a request and hear the answer; None where the answer is not HTTP."""
    yield Send(data)
    return (yield from response())


def response() -> Talk[Response | None]:
    """One answer; interim ones (RFC 9110, section 15.2) are passed over."""
    for _ in range(3):
        status_line = yield from read_line()
        parts = text(status_line.rstrip(b"\r\n")).split(" ", 2)
        if not _is_status(parts):
            return None
        headers = yield from _headers()
        status = int(parts[1])
        if status >= 200 or status == 101:
            break
    else:
        return None
    body, whole = yield from _body(status, headers)
    return Response(parts[0][5:], status, parts[2] if parts[2:] else "", headers, body, whole)


def _is_status(parts: list[str]) -> bool:
    return (
        len(parts) >= 2
        and parts[0].startswith("HTTP/")
        and parts[0][5:] in {"0.9", "1.0", "1.1", "2", "2.0"}
        and len(parts[1]) == 3
        and parts[1].isascii()
        and parts[1].isdigit()
        and parts[1] >= "100"
    )


def _headers() -> Talk[dict[str, str]]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEAD):
        line = (yield from read_line()).rstrip(b"\r\n")
        if not line:
            break
        name, _, value = text(line).partition(":")
        key = name.strip().lower()
        if key == "set-cookie" and key in headers:
            headers[key] += "; " + value.strip()
        else:
            headers.setdefault(key, value.strip())
    return headers


def _body(status: int, headers: Mapping[str, str]) -> Talk[tuple[bytes, bool]]:
    """The beginning of the page, and whether it is all of it (RFC 9112, section 6.3)."""
    if status in {101, 204, 304}:
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return (yield from _chunks())
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and len(length) < 20:
        wanted = int(length)
        body = yield from _up_to(min(wanted, limits.BODY))
        return body, len(body) == wanted
    body = yield from _up_to(limits.BODY)
    return body, False


def _up_to(count: int) -> Talk[bytes]:
    return (yield Read(exactly=count, limit=count)) if count else b""


def _chunks() -> Talk[tuple[bytes, bool]]:
    """A chunked page (RFC 9112, section 7.1)."""
    body = b""
    while len(body) < limits.BODY:
        line = (yield from read_line()).strip().partition(b";")[0]
        try:
            size = int(line, 16)
        except ValueError:
            return body, False
        if size == 0:
            yield from _headers()
            return body, True
        if size < 0:
            return body, False
        body += yield from _up_to(min(size, limits.BODY - len(body)))
        if size > limits.BODY:
            return body, False
        yield from read_line(2)
    return body, False
