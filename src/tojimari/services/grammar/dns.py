"""Answers to version.bind (RFC 4892): BIND writes its bare version, others their name."""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short

BIND = re.compile(
    r"(?P<version>[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:\.[0-9]+)?"
    r"(?:-?(?:rc|b|a|P|S|W|T|REL|ESV|ESV-R|rpz|rl)[0-9A-Za-z.]*(?:\+rl[0-9.]+)?)*)"
    r"(?:-(?P<hint>.*))?"
)
OTHER = re.compile(
    r"(?P<name>[A-Za-z][\w-]*(?: [A-Za-z][\w-]*){0,3}?)[ /-]+v?\.?(?P<version>[0-9]+\.[0-9][\w.-]*)"
)
"""A few words and a version with a point: a name that the table does not have."""

CALLED = re.compile(
    r"(?!(?i:no|my|our|your|the|a|private|hidden|some|not)\b)(?:[A-Z]\w* )?\w*(?:DNS|dns)\w*"
)
"""One or two words of which the last has DNS in it: a name, where a sentence would be a joke."""

SILENT = frozenset({"none", "null", "unknown", "n/a", "not available", "secret", "hidden"})


@short
def product(text: str) -> Software | None:
    """The software of a version string.

    Args:
        text: ``9.18.28-1~deb12u2-Debian``, ``dnsmasq-2.90``, ``PowerDNS Recursor 4.8.8``.
    """
    line = text.strip().strip('"')
    if line.lower() in SILENT:
        return None
    named = names.find(line, "dns")
    bind = BIND.match(line.removeprefix("BIND ").removeprefix("named "))
    if bind is not None and (named is None or named.name.product == "BIND"):
        return Software("ISC", "BIND", bind["version"], bind["hint"])
    if named is None:
        other = OTHER.match(line)
        if other is not None:
            return Software(None, other["name"].strip(), other["version"])
        return Software(None, line) if CALLED.fullmatch(line) else None
    version = versions.after(line, named.end, words=2)
    version = versions.plain(version) if version else None
    if version is not None and named.name.product == "DNS" and "BIND" in line:
        found = BIND.match(version)
        version = found["version"] if found else version
    return Software(named.name.vendor, named.name.product, version)
