"""Greetings of mail servers: free text, in which servers name themselves.

The usual order is host, protocol, software, version, date. Dates look like versions and are cut
off first.
"""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

DATE = re.compile(r"[;,]? *\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +[0-9]{1,2} .*", re.DOTALL)
HINT = re.compile(
    r"\(?\b(?P<hint>(?:Debian|Ubuntu|Raspbian|Gentoo|FreeBSD|SuSE|Mandriva|Red ?Hat|Fedora)"
    r"[^()/;,\s]*)",
    re.IGNORECASE,
)
NOISE = re.compile(r"\[CAPABILITY[^\]]*\]|<[^>]*>|\[[0-9a-fA-F.:]+\]|https?://\S+")
BRACKET = re.compile(
    r"\((?P<name>[A-Z][\w+-]*(?: [A-Z][\w+-]*)*?)[ /]+(?:(?:Release|Version|Build) )?"
    r"v?(?P<version>[0-9]+\.[\w.+-]*)"
)
WORD = re.compile(r"(?<![\w.@-])(?P<name>[A-Z][\w.+/-]*\w)")
HOST = re.compile(r"^\S*\.\S* ")  # it stands before everything else, and has points
SHORT_NAME = 6  # letters; longer words in capitals are warnings, not names
GREETING = versions.WORDS | frozenset(
    {"esmtp", "smtp", "lmtp", "pop", "pop3", "imap", "ready", "welcome", "hello", "hi", "at", "to"}
    | {"no", "uce", "ube", "this", "that", "it", "you", "we", "not", "only", "here", "there", "my"}
    | {
        "mail",
        "server",
        "service",
        "system",
        "please",
        "access",
        "there",
        "good",
        "day",
        "starting",
    }
    | {"imap4rev1", "imap4", "nntp", "running", "on", "host", "ready."}
    | {"ok", "capability", "localhost", "utc", "gmt", "lab", "use", "all", "your", "how", "who"}
)
PACKAGE = re.compile(r" ?(?:HF[0-9]+|FP[0-9]+(?: HF[0-9]+)?)\b")


@short
def product(text: str) -> Software | None:
    """The software of a greeting.

    Args:
        text: What follows the code (``220 ``), ``+OK `` or ``* OK ``; of several lines all.
    """
    line = DATE.sub("", text)
    match = names.find(line, "mail")
    if match is None:
        return _unknown(line)
    version = versions.after(line, match.end) or _elsewhere(line, match)
    version = _longer(line, version) if version else None
    if version is not None:
        package = PACKAGE.match(line, line.find(version) + len(version))
        version += package.group() if package else ""
    hint = HINT.search(line)
    return Software(match.name.vendor, match.name.product, version, hint["hint"] if hint else None)


def _unknown(line: str) -> Software | None:
    """Software that the table does not have, by where its name stands.

    In brackets with a version, or right behind the protocol's name, or as the first word that is
    neither the host nor a word that says nothing.
    """
    bare = NOISE.sub(" ", line)
    bracket = BRACKET.search(bare)
    if bracket is not None:
        return Software(None, bracket["name"].strip(), bracket["version"])
    spaced = versions.named(HOST.sub("", bare.strip()), GREETING)
    if spaced is not None:
        return Software(None, *spaced)
    _, found, behind = bare.partition("SMTP ")
    for part in (behind, bare) if found else (bare,):
        for word in WORD.finditer(part):
            if _says_something(word["name"]):
                return Software(None, word["name"], versions.after(part, word.end()))
            if part is behind:
                break
    return None


def _says_something(word: str) -> bool:
    """Whether a word is a name: no host, no word of greeting, not shouted."""
    shouted = word.isupper() and len(word) > SHORT_NAME
    return "." not in word and word.lower() not in GREETING and not shouted


def _elsewhere(line: str, match: names.Match) -> str | None:
    """A version with the word before it, anywhere in the line; for Sendmail behind a system's."""
    labelled = re.search(r"[Vv]ersion:? +(?=v?[0-9])", line)
    if labelled is not None:
        return versions.after(line, labelled.end())
    if match.name.product == "Sendmail":
        found = re.search(r"(?:/|SMI-|UCB )v?(?P<version>[0-9]+\.[0-9][\w.]*)", line[match.end :])
        return found["version"] if found else None
    found = re.search(r"[A-Za-z]\.(?P<version>[0-9]+(?:\.\w+)+)", line[match.end :])
    return found["version"] if found else None


def _longer(line: str, version: str) -> str:
    """The number in brackets behind a short version is the whole one: ``1.8 (1.8.8.8)``."""
    behind = line[line.find(version) + len(version) :]
    whole = re.match(r" ?\((?P<version>[0-9]+(?:\.[0-9]+){2,})\)", behind)
    if whole is not None and whole["version"][:1] == version[:1]:
        return whole["version"]
    count = re.match(r"\([0-9]+\)", behind)
    if count is not None:
        return version + count.group()
    if "Cyrus" in line:  # it tells its package in full, which is its version
        return version.partition("-OS")[0]
    one, _, other = version.partition("-")
    return one if other.lstrip("-").startswith((one, "20")) else versions.plain(version)
