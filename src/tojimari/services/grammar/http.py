"""Server fields (RFC 9110, section 10.2.4): products with versions, and comments in brackets.

By the grammar a product is a token, perhaps a slash and a version; the most important comes first.
UPnP puts the operating system and its own version before the product (UPnP Device Architecture
1.1, section 1.2.2), and many servers write words instead of tokens.
"""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

TOKEN = re.compile(r"(?P<name>[A-Za-z$_][^\s/;,()\[\]]*)(?:/(?P<version>[^\s;,()\[\]]+))?")
COMMENT = re.compile(r"\(([^()]*)\)")
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
    else:
        found = versions.after(line, end, words=2)
        version = versions.plain(found) if found else None
    if version is None or "." not in version:
        comment = re.match(
            r"[^();]*\((?:[A-Za-z]+/)?v?(?P<version>[0-9]+\.[0-9][\w.]*)", line[end:]
        )
        version = comment["version"] if comment else version
    package = re.search(rf"{re.escape(version)}[ -](SP[0-9]+)\b", line) if version else None
    return f"{version} {package.group(1)}" if package else version


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
    candidates = [
        one for one in products(bare) if one.product.lower().partition("-")[0] not in SYSTEMS
    ]
    with_version = [one for one in candidates if one.version]
    if with_version:
        chosen = with_version[0]
        return Software(None, chosen.product, versions.bare(chosen.version or ""), hint)
    words = re.match(
        r"(?P<name>[A-Za-z][^/;,]*?)(?: v?(?P<version>[0-9][\w.+-]*))?(?:$|[ ;,])", bare
    )
    if "/" not in bare and words is not None:
        whole = re.match(r"(?P<name>.*?) v?(?P<version>[0-9]+\.[\w.+-]*)", bare)
        if whole is not None:
            return Software(None, whole["name"], whole["version"], hint)
        return Software(None, bare, None, hint)
    if candidates:
        return Software(None, candidates[0].product, None, hint)
    return None


def _distribution(line: str) -> str | None:
    for comment in COMMENT.findall(line):
        if comment.lower().startswith(DISTRIBUTIONS):
            return str(comment)
    return None
