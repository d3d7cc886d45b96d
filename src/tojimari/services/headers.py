"""Answers in the manner of HTTP that are not HTTP: a status line and header fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from tojimari.services.dialogue import Talk, read_line
from tojimari.services.octets import text

MOST = 64  # lines


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer.

    Attributes:
        line: The status line as it came.
        status: 100 to 699.
        headers: By lower-case name; of several with one name the first.
    """

    line: bytes
    status: int
    headers: Mapping[str, str]


def textual(begins: bytes) -> Talk[Answer | None]:
    """Read the head of an answer.

    Args:
        begins: What the status line begins with, the slash included.

    Returns:
        None where it begins otherwise.
    """
    line = yield from read_line(512)
    return (yield from _rest(line, begins))


def _rest(line: bytes, begins: bytes) -> Talk[Answer | None]:
    words = line.split(None, 2)
    if not line.startswith(begins) or len(words) < 2 or not _is_status(words[1]):
        return None
    fields: dict[str, str] = {}
    for _ in range(MOST):
        field = (yield from read_line()).rstrip(b"\r\n")
        if not field:
            break
        name, _, value = text(field).partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return Answer(line.rstrip(b"\r\n"), int(words[1]), fields)


def of_datagram(message: bytes, begins: bytes) -> Answer | None:
    """The head of an answer that came as one datagram."""
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    words = head[0].split(None, 2)
    if not head[0].startswith(begins) or len(words) < 2 or not _is_status(words[1]):
        return None
    fields: dict[str, str] = {}
    for field in head[1 : MOST + 1]:
        name, _, value = text(field).partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return Answer(head[0], int(words[1]), fields)


def _is_status(word: bytes) -> bool:
    return len(word) == 3 and word.isdigit() and word[:1] in b"123456"
