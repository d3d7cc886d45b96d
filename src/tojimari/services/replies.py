"""Replies that begin with a three-digit code, as FTP, SMTP and NNTP have them."""

from dataclasses import dataclass

from tojimari.services.dialogue import Talk, read_reply
from tojimari.services.octets import text


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Attributes:
        code: 100 to 599.
        lines: The lines without code and separator; those in between as they came.
        raw: The first line as it came.
    """

    code: int
    lines: list[bytes]
    raw: bytes


def numbered() -> Talk[Reply | None]:
    """One reply of one or more lines (RFC 959, section 4.2; RFC 5321, section 4.2.1).

    Returns:
        None where what came is no such reply.
    """
    code = b""

    def continues(line: bytes) -> bool:
        nonlocal code
        code = code or line[:3]
        if len(code) != 3 or not code.isdigit():
            return False
        return not (line.startswith(code) and line[3:4] in {b" ", b""})

    lines = yield from read_reply(continues)
    if not lines or not _is_reply(lines[0]):
        return None
    code = lines[0][:3]
    bare = [line[4:] if line.startswith(code) else line for line in lines]
    return Reply(int(code), bare, lines[0])


def _is_reply(line: bytes) -> bool:
    head = line[:3]
    return (
        len(head) == 3
        and head.isdigit()
        and head[:1] in b"12345"
        and line[3:4] in {b" ", b"-", b""}
    )


def reply_text(reply: Reply) -> str:
    """The whole reply as text, a line a line."""
    return "\n".join(text(line) for line in reply.lines)
