"""Text from the system, made safe to show.

A process chooses its own name, and a peer its own banner. Either may hold terminal escapes, text
that runs backwards, or a megabyte. Whatever is shown to a person passes through here first.
"""

import unicodedata

LIMIT = 4096  # characters; a command line longer than a screen explains nothing more
ELLIPSIS = "..."  # ASCII: "…" is two columns wide on some CJK terminals

# Cc: control, Cf: format (bidirectional overrides, zero width), Cs: surrogates (undecodable bytes),
# Co: private use, Cn: unassigned, Zl and Zp: line and paragraph separators (Unicode, chapter 4.5)
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, limit: int = LIMIT) -> str:
    r"""The same text with everything escaped that could act on a terminal or mislead the eye.

    Args:
        text: Anything; undecodable bytes as surrogate escapes (PEP 383).
        limit: Length of the result in characters, the ellipsis included.

    Returns:
        One line. A backslash stays itself, so the result is for eyes, not for parsing back.
    """
    clipped = text[: limit + 1]
    safe = (
        clipped
        if clipped.isascii() and clipped.isprintable()
        else "".join(_escape(char) for char in clipped)
    )
    if len(safe) <= limit:
        return safe
    return safe[: limit - len(ELLIPSIS)] + ELLIPSIS


def _escape(char: str) -> str:
    if unicodedata.category(char) not in _UNSAFE:
        return char
    return char.encode("unicode_escape").decode("ascii")
