"""SSH identification strings (RFC 4253, section 4.2): ``softwareversion SP comments``.

The software version is a name, a joiner and a version by custom only. OpenSSH's has a name, an
underscore, the version, and sometimes the patches that were put on top after another underscore.
"""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

PARTS = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z+.]*(?:[-_ ][A-Za-z+]+)*?)[-_/ .]?v?(?P<version>[0-9].*)?$"
)
NAME = re.compile(r"[A-Za-z][A-Za-z]+(?: [A-Za-z]+)*")
RELEASE = re.compile(r"[-_][Rr]elease(?=[-_])")
INSIDE = re.compile(r"[-_A-Za-z][vV]?(?P<version>[0-9]+(?:\.[0-9]\w*)+)")
LIBRARY = "sshlib:"  # Bitvise's library: its own version, then the product
FLOW = "flowssh:"
PATCHED = re.compile(r"(?P<version>[0-9][0-9A-Za-z.]*)_")


@short
def product(text: str) -> Software | None:
    """The software of an identification string.

    Args:
        text: What follows ``SSH-2.0-``: ``OpenSSH_9.2p1 Debian-2+deb12u3``.
    """
    whole = " ".join(text.split())
    for library in (LIBRARY, FLOW):
        _, found, rest = whole.lower().partition(library)
        if found:
            return product(whole[-len(rest) :].strip()) if rest.strip() else None
    match = names.find(whole, "ssh")
    word, _, comments = whole.partition(" ")
    if match is None:
        return _unknown(word, comments)
    version = versions.after(whole, match.end, words=2)
    if version is None and word[:1].isdigit():
        version = word  # "6.4.12.353 SSH Tectia Server" has it the other way round
    elif match.name.product == "OpenSSH" and version is not None:
        # FreeBSD's own build counts the patches in; elsewhere they are somebody's addition.
        patched = None if comments.startswith("FreeBSD") else PATCHED.match(version)
        version = versions.plain(patched["version"] if patched else version)
    elif version is None:
        inside = INSIDE.search(word, match.start) if match.start < len(word) else None
        version = inside["version"] if inside else None
    build = re.match(r"Build [0-9]+", comments)
    if build is not None and version is not None:
        version = f"{version} {build.group()}"
    hint = comments.strip() if comments and match.end <= len(word) and build is None else None
    return Software(match.name.vendor, match.name.product, version, hint or None)


def _unknown(word: str, comments: str) -> Software | None:
    """Name and version of software that the table does not have.

    Some write words where a name should stand (``Acme Router Shell 4.2``), some put the version
    first (``6.4.19 Acme Server``).
    """
    if comments and not any(char.isdigit() for char in word):
        spaced = versions.named(f"{word} {comments}".replace("(", ""))
        if spaced is not None:
            return Software(None, *spaced)
    if word[:1].isdigit() and "." in word and NAME.fullmatch(comments):
        return Software(None, comments, versions.bare(word))
    parts = PARTS.match(RELEASE.sub("", word))
    if parts is None or not parts["name"]:
        return None
    version = versions.VERSION.match(parts["version"] or "")
    return Software(None, parts["name"], versions.bare(version.group()) if version else None)
