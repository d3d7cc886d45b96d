"""Damage for the fuzzers: what a broken or hostile peer could have sent instead."""

import random
from collections.abc import Callable, Sequence

LONGEST = 1 << 16  # bytes of one turn; what the drivers would keep of it

WORDS = (
    # Numbers that are none, or are too large, or are digits to one function and not to another.
    b"-1",
    b"0",
    b"00",
    b"99999999999999999999",
    b"9" * 5000,  # more digits than int() takes (4,300)
    b"1e999",
    b"NaN",
    b"0x10",
    b"\xb2\xb3",  # superscript digits in Latin-1
    "\u0661\u0662".encode(),  # Arabic-Indic digits
    # Line ends, ends of text, escapes, text that runs backwards, half a pair.
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\r\n" * 300,
    b"\0",
    b"\x1b]0;x\x07",
    "\u202e".encode(),
    b"\\ud800",
    b"\xed\xa0\x80",
    b"%s{name}",
    # Structures without end.
    b"[" * 5000,
    b'{"a":' * 2000,
    b"(" * 3000,
    b"<title>" * 500,
    b"Mon, 1 " * 500,
    # Words that regular expressions stumble over.
    b"1." * 3000,
    b"a-" * 3000,
    b"a_1" * 2000,
    b"A " * 3000,
    b"FTP" * 1500,
    b"Ftp " * 1500,
    b"v" * 4000,
    b" " * 6000,
    b"version " * 800,
    b"-a0" * 2000,
    b"/" * 4000,
    b"\xff\xfb\x01" * 1000,
)

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def noisy(chance: random.Random, data: bytes) -> bytes:
    """The bytes with up to four slices of them changed."""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 1, 2, 4, 16, 200)))
        data = data[:start] + chance.choice(CHANGES)(chance, data[start:end]) + data[end:]
    return data[:LONGEST]


def _noise(chance: random.Random, piece: bytes) -> bytes:
    return chance.randbytes(len(piece))


def _gone(chance: random.Random, piece: bytes) -> bytes:
    del chance, piece
    return b""


def _filled(chance: random.Random, piece: bytes) -> bytes:
    return chance.choice((b"\0", b"\xff", b"A", b"9", b" ")) * len(piece)


def _repeated(chance: random.Random, piece: bytes) -> bytes:
    return piece * chance.choice((2, 50, 2000))


def _bit(chance: random.Random, piece: bytes) -> bytes:
    if not piece:
        return piece
    at = chance.randrange(len(piece))
    return piece[:at] + bytes([piece[at] ^ 1 << chance.randrange(8)]) + piece[at + 1 :]


def _number(chance: random.Random, piece: bytes) -> bytes:
    """A number where a length may have stood."""
    size = len(piece) if len(piece) in {1, 2, 4} else chance.choice((1, 2, 3, 4, 8))
    value = chance.choice(NUMBERS) & (1 << 8 * size) - 1
    return value.to_bytes(size, chance.choice(("big", "little")))


def _word(chance: random.Random, piece: bytes) -> bytes:
    return chance.choice((b"", piece)) + chance.choice(WORDS)


CHANGES: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _noise,
    _gone,
    _filled,
    _repeated,
    _bit,
    _number,
    _word,
    _word,
)
