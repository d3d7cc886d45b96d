"""System descriptions of SNMP (RFC 3418, sysDescr): free text, often ``uname -a``."""

import re

from tojimari.services.grammar.software import Software, short

UNAME = re.compile(
    r"(?P<system>Linux|FreeBSD|OpenBSD|NetBSD|SunOS|Darwin) \S+ (?P<version>[0-9]\S*)"
)
NAMED = (
    (re.compile(r"SystemEDGE"), "CA", "Management Agent"),
    (re.compile(r"Nucleus SNMP Agent"), "Accelerated Technology", "Nucleus SNMP Agent"),
    (re.compile(r"Cisco IOS Software.*?Version (?P<version>[\w.()]+)", re.DOTALL), "Cisco", "IOS"),
    (re.compile(r"RouterOS (?P<version>[0-9][\w.]*)?"), "MikroTik", "RouterOS"),
    (re.compile(r"Panorama server"), "Palo Alto Networks", "Panorama Server"),
)


@short
def product(text: str) -> Software | None:
    """The software that a description names; the system's kernel where it names no more."""
    for pattern, vendor, name in NAMED:
        found = pattern.search(text)
        if found is not None:
            return Software(vendor, name, found.groupdict().get("version"))
    kernel = UNAME.match(text)
    return Software(None, kernel["system"], kernel["version"]) if kernel else None
