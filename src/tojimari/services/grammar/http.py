"""Server fields (RFC 9110, section 10.2.4): products with versions, and comments in brackets.

By the grammar a product is a token, perhaps a slash and a version; the most important comes first.
UPnP puts the operating system and its own version before the product (UPnP Device Architecture
1.1, section 1.2.2), and many servers write words instead of tokens.
"""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

TOKEN = re.compile(r"(?P<name>[A-Za-z$_][^\s/;,()\[\]]*)(?:/(?P<version>[^\s;,()\[\]]+))?")
COMMENT = re.compile(r"\((?!(?:R|TM|r|tm)\))([^()]*)\)")  # a trade mark's sign is none
IN_COMMENT = re.compile(r"[^();,/]*\(v?(?P<version>[0-9]+\.[0-9][\w.]*)")
WORDS = re.compile(
    r"(?P<name>[A-Za-z][\w.+()-]*(?: [A-Z0-9][\w.+()-]*)+)/"
    r"(?P<version>(?:[vVP](?=[0-9]))?[0-9][^\s;,()]*)"
)
LABELLED = re.compile(
    r"(?P<name>[^/;,]*?),? (?:[Vv]ersion|[Rr]elease|[Bb]uild) v?(?P<version>[0-9][\w.]*)"
)
COUNTER = re.compile(
    r"-[0-9]{6,}$|\.(?:from|git|dev)\b.*$"
)  # which build it was, by whatever count
SYSTEMS = frozenset(
    {
        "linux",
        "upnp",
        "dlnadoc",
        "unix",
        "ubuntu",
        "debian",
        "windows",
        "posix",
        "freebsd",
        "netbsd",
    }
    | {
        "openbsd",
        "ipp",
        "python",
        "php",
        "openssl",
        "java",
        "jsp",
        "servlet",
        "os",
        "microsoft",
        "dlna",
    }
    | {
        "ipos",
        "unknown",
        "allegro-software-rompager",
        "http",
        "nucleus",
        "vxworks",
        "unspecified",
        "ecos",
        "threadx",
    }
)
DISTRIBUTIONS = (
    "debian",
    "ubuntu",
    "red hat",
    "redhat",
    "centos",
    "fedora",
    "suse",
    "raspbian",
    "rocky",
    "almalinux",
    "alpine",
    "gentoo",
    "mandrake",
    "freebsd",
    "oracle linux",
)


@short
def product(text: str) -> Software | None:
    """The software of a Server field.

    Args:
        text: The field's value: ``Apache/2.4.57 (Debian)``.
    """
    line = " ".join(text.split())
    if not line:
        return None
    hint = _distribution(line)
    match = names.find(line, "web")
    if match is not None:
        version = _version(line, match.end)
        version = COUNTER.sub("", version) if version else None
        if match.name.words.endswith("coyote"):
            version = None  # the connector's, not Tomcat's
        return Software(match.name.vendor, match.name.product, version, hint)
    return _by_grammar(line, hint)


def _version(line: str, end: int) -> str | None:
    """The version behind a known name: what the token has behind its slash comes first."""
    token = re.match(
        r"[^\s/;,()\[\]]*/(?P<version>(?:[A-Za-z]{1,2}(?=[0-9]))?[0-9][^\s;,()\[\]]*|svn-\S+|master)",
        line[end:],
    )
    version: str | None
    if token is not None:
        version = _without_letter(versions.plain(token["version"]))
        joined = JOINED.match(line, end)
        version = joined["version"] if joined else version
    else:
        behind = BEHIND_WORDS.match(line, end)
        found = versions.after(line, end, words=2)
        found = found or (behind["version"] if behind else _later(line[end:]))
        version = versions.plain(found) if found else None
        longer = (
            re.match(rf"[^/]*\b{re.escape(version)}/(?P<version>[0-9]+\.[\w.]*)", line[end:])
            if version and "." not in version
            else None
        )
        version = longer["version"] if longer else version
    if version is None or "." not in version:
        comment = re.match(
            r"[^();]*\((?:[A-Za-z]+/)?v?(?P<version>[0-9]+\.[0-9][\w.]*)", line[end:]
        )
        version = comment["version"] if comment else version
    package = re.search(rf"{re.escape(version)}[ -](SP[0-9]+)\b", line) if version else None
    return f"{version} {package.group(1)}" if package else version


BEHIND_WORDS = re.compile(r"(?: [A-Z][\w.]*)+/[A-Za-z]?(?P<version>[0-9][^\s;,()]*)")
JOINED = re.compile(r"[-_](?P<version>[0-9]+(?:\.[0-9]\w*)+)/")


def _later(rest: str) -> str | None:
    """A version that stands alone, after words, before any other product."""
    return versions.first(re.split(r"[;,(]", rest, maxsplit=1)[0])


def _without_letter(version: str) -> str:
    """Without the letter that only says "version": ``v2.1`` and ``P4.5.3``, but not ``R6_2_0``."""
    cut = re.match(r"[vVPE](?=[0-9]+\.)|E(?=[0-9]$)|[vV](?=[0-9])", version)
    return version[cut.end() :] if cut else version


def products(text: str) -> list[Software]:
    """Every product of the field, in order, comments left out: modules and libraries too."""
    return [
        Software(None, found["name"], found["version"])
        for found in TOKEN.finditer(COMMENT.sub(" ", text))
    ]


def _by_grammar(line: str, hint: str | None) -> Software | None:
    """The first product that is no operating system."""
    bare = COMMENT.sub(" ", line).strip()
    words = WORDS.match(bare)
    if words is not None and words["name"].partition(" ")[0].lower() not in SYSTEMS:
        return Software(None, words["name"], _number(words["version"]), hint)
    candidates = [
        one for one in products(bare) if one.product.lower().partition("-")[0] not in SYSTEMS
    ]
    candidates = [_split(one) for one in candidates]
    with_version = [one for one in candidates if one.version]
    if with_version:
        chosen = with_version[0]
        return Software(None, chosen.product, _number(chosen.version or ""), hint)
    if "/" not in bare and bare[:1].isalpha() and bare.lower() not in SYSTEMS:
        return _in_words(line, bare, hint)
    return Software(None, candidates[0].product, None, hint) if candidates else None


def _split(one: Software) -> Software:
    """A token whose version is joined to it in another way: ``Acme-3.2.5``."""
    found = JOINED_TOKEN.fullmatch(one.product) if one.version is None else None
    return Software(None, found["name"], found["version"]) if found is not None else one


JOINED_TOKEN = re.compile(r"(?P<name>[A-Za-z][A-Za-z_-]*?)[-_](?P<version>[0-9]+(?:\.[0-9]\w*)+)")


def _in_words(line: str, bare: str, hint: str | None) -> Software | None:
    """A product that is written in words, with a version somewhere behind them."""
    whole = re.match(r"(?P<name>.*?) v?(?P<version>[0-9]+\.[\w.+-]*)", bare)
    labelled = LABELLED.match(bare)
    commented = IN_COMMENT.match(line)
    for found in (labelled, whole):
        if found is not None and found["name"].strip(" ,"):
            return Software(None, found["name"].strip(" ,"), found["version"], hint)
    return Software(None, bare, commented["version"] if commented else None, hint)


def _number(version: str) -> str:
    """A version without its letter, its builder and its builder's count."""
    stripped = _without_letter(versions.plain(version)).rstrip(".,:;-_+~@")
    return COUNTER.sub("", stripped)


def _distribution(line: str) -> str | None:
    for comment in COMMENT.findall(line):
        if comment.lower().startswith(DISTRIBUTIONS):
            return str(comment)
    return None
