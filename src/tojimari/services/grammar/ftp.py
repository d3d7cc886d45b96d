"""FTP greetings (RFC 959, section 4.2: code 220): free text, in which servers name themselves.

Three customs: the name with its version first (``ProFTPD 1.3.5 Server (Debian)``), the name in
brackets behind the host (``host FTP server (tnftpd 20061217) ready.``), and BSD's, which names
only a version (``host FTP server (Version 6.4/OpenBSD/Linux-ftpd-0.17) ready.``).
"""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

HINT = re.compile(
    r"\((?P<hint>(?:Debian|Ubuntu|Gentoo|FreeBSD|Red ?Hat|SUSE|Raspbian)[^)]*)\)", re.IGNORECASE
)
EXTRA = re.compile(r" ?(\((?:Build|ext\.)[^)]*\)|\([0-9]+\)|beta)")
BRACKETS = re.compile(r"FTP server \((?P<inside>[^()]*)")
WELCOME = re.compile(r"^-*\s*Welcome? to (?:the )?", re.IGNORECASE)
SERVER = re.compile(
    r"(?P<name>[A-Z][\w&+-]*(?: [A-Z][\w&+-]*)*?) (?:(?P<before>[0-9]+\.[0-9]\w*(?:\.\w+)*) )?"
    r"(?P<kind>(?:FTP|Ftp|ftp) ?(?:Print )?(?:[Ss]erver|[Ss]ervice|[Dd]aemon)?)\b"
    r"(?:,? (?:[Vv]ersion|[Rr]elease) ?| )?[vV]?(?P<after>[0-9]+\.[0-9]\w*(?:\.\w+)*)?"
)
TITLE = re.compile(r" (?:Version|Ver)\b.*$")
BEFORE = re.compile(
    r"(?:^|\s)(?P<name>[A-Za-z][\w+.-]*?)(?P<suffix>[Ff][Tt][Pp][Dd]?)\b"
    r"[ /_v]*(?P<version>[0-9][\w.-]*)?"
)


@short
def product(text: str) -> Software | None:
    """The software of a greeting.

    Args:
        text: What follows ``220 ``; of several lines all.
    """
    hint = HINT.search(text)
    told = hint["hint"] if hint else None
    match = names.find(text, "ftp")
    if match is not None:
        version = _labelled(text, match) or _before(text, match) or versions.after(text, match.end)
        if version is not None:
            version = _extended(text, version)
        if match.name.product == "WU-FTPD" and version is not None:
            version = re.split(r"[-(]", version, maxsplit=1)[0]
        if match.name.product == "FTP" and match.name.vendor == "Apple":
            version = None  # the number is the system's
        return Software(match.name.vendor, match.name.product, version, told)
    return _in_brackets(text) or _server(text) or _named(text)


def _extended(text: str, version: str) -> str:
    """The version with what belongs to it behind a space or in brackets."""
    at = text.find(version)
    extra = EXTRA.match(text, at + len(version))
    return version + extra.group() if extra is not None else version


def _labelled(text: str, match: names.Match) -> str | None:
    """A version with the word before it."""
    labelled = re.search(r"[Vv]ersion:? (?=[0-9])", text)
    if labelled is None:
        return None
    version = versions.after(text, labelled.end())
    return version.partition("/")[0] if version and labelled.end() >= match.start - 60 else version


def _before(text: str, match: names.Match) -> str | None:
    """A version before the brackets that hold the name."""
    return versions.first(text[: match.start]) if text[match.end : match.end + 1] == ")" else None


def _in_brackets(text: str) -> Software | None:
    """BSD's custom, with a name in the brackets."""
    found = BRACKETS.search(text)
    if found is None:
        return None
    parts = re.match(
        r"(?P<name>[A-Za-z][\w .+-]*?)[ /_-]+v?(?P<version>[0-9][\w.]*)", found["inside"]
    )
    if parts is None or parts["name"].lower().startswith("version"):
        return None
    return Software(None, TITLE.sub("", parts["name"].strip()), parts["version"])


def _server(text: str) -> Software | None:
    """Words before "FTP server" with a version beside them: ``Acme Vault FTP Server v4.2``.

    Without a version they may be the host's name, unless it is a welcome or nothing but words.
    """
    line = WELCOME.sub("", text.partition("\n")[0].strip())
    found = SERVER.match(line)
    if found is None:
        return None
    name, version = TITLE.sub("", found["name"]), found["before"] or found["after"]
    if found["before"]:
        name = name.removesuffix(found["kind"]).strip() or name
        return Software(None, name, version)
    several = " " in name and all(word.isalpha() for word in name.split())
    if version is None and not (several or line != text.partition("\n")[0].strip()):
        return None
    return Software(None, f"{name} {found['kind'].strip()}", version)


def _named(text: str) -> Software | None:
    """A word that ends in FTP or FTPD is a name."""
    found = BEFORE.search(text)
    if found is None or len(found["name"]) < 2:
        return None
    return Software(None, found["name"] + found["suffix"], found["version"])
