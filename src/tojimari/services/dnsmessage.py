"""DNS messages, as far as a question and its answer need them.

Source: RFC 1035, section 4; RFC 4892 (version.bind and the class CHAOS).
"""

import struct
from dataclasses import dataclass

from tojimari.services.octets import Cursor, DamagedError, text

TXT, NS, PTR, ANY_IN, CHAOS = 16, 2, 12, 1, 3
OPT, EDNS_SIZE, OPT_HEAD = 41, 1232, 11  # RFC 6891, section 6.1.2; the size by DNS flag day 2020
PADDING, PADDING_HEAD = 12, 4  # RFC 7830
ADDITIONAL = 11  # the lower byte of the count of additional records
NTP_CLIENT, NTP_HEADER = 0x23, 48  # RFC 5905, figure 8: version 4, mode 3; bytes
MAX_LABELS = 128  # RFC 1035, section 3.1: 255 octets hold no more
RESPONSE = 0x8000
RECURSION_DESIRED = 0x0100
RECURSION_AVAILABLE = 0x0080
RCODES = ("noerror", "formerr", "servfail", "nxdomain", "notimp", "refused")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response.

    Attributes:
        rcode: 0 to 15.
        flags: The whole flag word.
        texts: The strings of all TXT answers.
        names: The names in all PTR answers.
        counts: Questions, answers, authorities, additionals.
        asked: The name in the question that it repeats; None where it repeats none.
    """

    rcode: int
    flags: int
    texts: tuple[str, ...]
    names: tuple[str, ...]
    counts: tuple[int, int, int, int]
    asked: str | None = None

    def answers(self, name: str) -> bool:
        """Whether it answers a question for this name; errors may leave the question out."""
        if self.asked is None:
            return self.rcode != 0
        return self.asked.lower() == name.lower()

    @property
    def recursion_available(self) -> bool:
        """Whether the server says that it looks up anything for us."""
        return bool(self.flags & RECURSION_AVAILABLE)


def encoded_name(name: str) -> bytes:
    """A name as labels; the root is the empty text."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(number: int, name: str, kind: int, klass: int, *, recursion: bool = False) -> bytes:
    """One question."""
    flags = RECURSION_DESIRED if recursion else 0
    head = struct.pack(">HHHHHH", number & 0xFFFF, flags, 1, 0, 0, 0)
    return head + encoded_name(name) + struct.pack(">HH", kind, klass)


def also_time(peer_number: int, pad: bytes, name: str) -> bytes:
    """One question for a text of class CHAOS that a time server understands too.

    It is as long as NTP's header, begins as a client's does (version 4, mode 3), and what it has
    where NTP has the time of sending (RFC 5905, figure 8) is its last eight bytes.

    Args:
        peer_number: Of which one byte goes into the question's number.
        pad: At least so many bytes as are wanting; nobody can foresee them.
        name: What is asked for.
    """
    asked = bytearray(query(NTP_CLIENT << 8 | peer_number & 0xFF, name, TXT, CHAOS))
    asked[ADDITIONAL] = 1
    asked += struct.pack(">BHHIH", 0, OPT, EDNS_SIZE, 0, NTP_HEADER - len(asked) - OPT_HEAD)
    wanting = NTP_HEADER - len(asked) - PADDING_HEAD
    return bytes(asked) + struct.pack(">HH", PADDING, wanting) + pad[:wanting]


def parsed(message: bytes, number: int | None) -> Answer | None:
    """A response to a question of ours; None where it is none.

    Args:
        message: Without TCP's length.
        number: The question's; None where any will do (multicast DNS answers with 0).

    Raises:
        DamagedError: It ends too soon.
    """
    cursor = Cursor(message)
    found, flags = cursor.big(2), cursor.big(2)
    counts = (cursor.big(2), cursor.big(2), cursor.big(2), cursor.big(2))
    wrong_number = number is not None and found != number & 0xFFFF
    if wrong_number or not flags & RESPONSE or flags & 0x7840 or counts[0] > 1:
        return None
    asked: str | None = None
    for _ in range(counts[0]):
        asked = _name(message, cursor)
        cursor.skip(4)
    texts: list[str] = []
    names: list[str] = []
    for _ in range(min(counts[1], 64)):
        _name(message, cursor)
        kind = cursor.big(2)
        cursor.skip(6)
        size = cursor.big(2)
        end = cursor.at + size
        if kind == TXT:
            inner = Cursor(cursor.take(size))
            while inner:
                texts.append(text(inner.prefixed(1)))
        elif kind == PTR:
            names.append(_name(message, cursor))
            cursor.at = end
        else:
            cursor.skip(size)
    return Answer(flags & 0xF, flags, tuple(texts), tuple(names), counts, asked)


def _name(message: bytes, cursor: Cursor) -> str:
    """A name, its compression followed (RFC 1035, section 4.1.4); pointers go back only."""
    labels: list[str] = []
    reader = cursor
    lowest = cursor.at
    for _ in range(MAX_LABELS):
        length = reader.big(1)
        if length == 0:
            return ".".join(labels)
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | reader.big(1)
            if target >= lowest:
                break
            lowest = target
            reader = Cursor(message, target)
        elif length >= 0x40:
            break
        else:
            labels.append(text(reader.take(length)))
    msg = "a name without end"
    raise DamagedError(msg)
