"""What a version looks like, and where it stands beside a name."""

import re

VERSION = re.compile(r"[vVrR]?(?=[0-9])[0-9][0-9A-Za-z.+~:@_-]*")
"""Digits first, perhaps after a ``v``; then digits, letters and the usual joiners."""

JOINERS = "/_-:=,()[ \t@."
WORDS = frozenset(
    {"version", "ver", "v", "release", "rel", "server", "service", "smtp", "esmtp", "lmtp", "ftp"}
    | {"pop3", "imap4rev1", "imap4", "imap", "daemon", "build", "receiver", "level", "r", "sp"}
    | {"server,", "for", "windows", "tm", "community", "enterprise", "edition", "freeware", "nt"}
    | {"pro", "free", "ready", "internet", "agent", "mail", "gateway", "mta", "is", "the"}
    | {
        "ssh",
        "winsshd",
        "container",
        "web",
        "http",
        "software",
        "embedded",
        "engine",
        "asap",
        "mime",
        "[free",
        "edition]",
    }
)


def after(text: str, start: int, *, words: int = 4) -> str | None:
    """The version that follows a name.

    Args:
        text: The whole text.
        start: Where the name ends.
        words: How many words that mean nothing (``Server``, ``version``) may stand between.
    """
    rest = text[start:]
    for _ in range(words + 1):
        rest = rest.lstrip(JOINERS)
        found = VERSION.match(rest)
        if found is not None:
            return bare(found.group())
        word = re.match(r"[A-Za-z0-9\[\]]+,?", rest)
        if word is None or word.group().lower() not in WORDS:
            return None
        rest = rest[word.end() :]
    return None


def bare(version: str) -> str:
    """Without the ``v`` before it and the punctuation behind it."""
    stripped = version.rstrip(".,:;-_+~@")
    return stripped[1:] if stripped[:1] in {"v", "V", "r", "R"} else stripped


NAMED = re.compile(
    r"(?<![\w.+&@-])(?P<name>[A-Za-z][\w.+&-]*(?:\((?:R|TM|r|tm)\))?"
    r"(?: [A-Z0-9][\w.+&-]*(?:\((?:R|TM)\))?"
    r"| (?:of|for|and|e-[Mm]ail)(?= ))*?)"
    r"(?:,? (?:[Vv]ersion|[Rr]elease|[Bb]uild|[Vv]er\.?))? \(?[vV]?\.?"
    r"(?P<version>[0-9]+(?:\.[0-9]\w*)+(?:\([0-9.]+\))?)"
)
"""Words and a version behind them: ``Acme Mail Wall 7.1.22``, ``Acme Console, release 7.53``."""


def named(text: str, silent: frozenset[str] = frozenset()) -> tuple[str, str] | None:
    """The first run of words that has a version behind it, and the version.

    Args:
        text: A greeting.
        silent: Words in lower case that are no part of a name where they stand at its beginning.
    """
    for found in NAMED.finditer(text):
        words = found["name"].split()
        while words and words[0].strip(",.;:-").lower() in silent:
            del words[0]
        if words and not words[0][0].isdigit() and "@" not in words[0]:
            return " ".join(words), found["version"]
    return None


BUILDER = re.compile(
    r"[-+~](?!(?:rc|beta|alpha|pre|dev|git|snapshot|kh|p|b|r|rpz|rl|final|ga)[0-9._+-]|(?:beta|alpha|rc|dev|snapshot)$)"
    r"(?:[A-Za-z]{2,}|X[0-9](?![0-9]))",
    re.IGNORECASE,
)
"""A joiner and a word that is no stage of development: what a builder put behind the number, or
the name of an edition (``X1``)."""


def plain(version: str) -> str:
    """The version without the words that builders put behind it.

    ``8.8.8+Sun`` is 8.8.8, ``4.1.27-LE-jdk14`` is 4.1.27; ``2.4.0-kh13`` and ``1.3.0-rc2`` stay.
    """
    found = BUILDER.search(version)
    return version[: found.start()] if found else version


def first(text: str) -> str | None:
    """The first word that is a version, anywhere in a text; at least two numbers."""
    for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split():
        found = VERSION.fullmatch(word.rstrip(";.:"))
        if found is not None and "." in word:
            return bare(found.group())
    return None
