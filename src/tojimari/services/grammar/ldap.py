"""The root entry of an LDAP server: vendorName and vendorVersion (RFC 3045), or its classes."""

import re

from tojimari.services import asn1
from tojimari.services.grammar.software import LONGEST, Software
from tojimari.services.octets import Cursor, DamagedError
from tojimari.services.octets import text as values_text

PRODUCT = re.compile(r"(?P<name>(?:[0-9]+-)?[A-Za-z][^/]*?)(?:[ /-]+v?(?P<version>[0-9].*))?$")
NAMES = {
    "389 Project": ("Fedora Project", "389 Directory Server"),
    "Fedora Project": ("Fedora Project", "389 Directory Server"),
    "Apache Software Foundation": ("Apache", "ApacheDS"),
    "OpenDJ": ("ForgeRock", "OpenDJ"),
    "IBM Lotus Software": ("IBM", "Domino LDAP Server"),
    "International Business Machines (IBM)": ("IBM", "Security Directory Server"),
}
DIRECTORY = re.compile(r"^(?P<maker>CentOS|Red Hat|Netscape)[- ]Directory$")
AGENT = re.compile(r"^LDAP Agent for \w+ eDirectory$")
SUN = re.compile(r"^Sun-(?P<words>[\w()-]*)Directory$")


def product(text: str) -> Software | None:
    """The software of a root entry as it is on the wire, or of the end of one.

    Args:
        text: The entry's bytes, one character an octet; names and values in BER.
    """
    entry: dict[str, list[str]] = {}
    for name in ("vendorName", "vendorVersion", "objectClass"):
        at = text.lower().find(name.lower())
        if at >= 0:
            entry[name] = _values(text[at + len(name) :])
    for name in ("domainControllerFunctionality", "isGlobalCatalogReady"):
        if name in text:
            entry[name] = ["yes"]
    return from_entry(entry)


def _values(rest: str) -> list[str]:
    """The octet strings of a set that follows a name."""
    data = rest[:400].encode("latin-1", "replace")
    try:
        values = asn1.enter(Cursor(data), asn1.SET)
        found: list[str] = []
        while values:
            found.append(values_text(asn1.octets(values)))
    except DamagedError:
        return []
    return found


def from_entry(entry: dict[str, list[str]]) -> Software | None:
    """The software of a root entry.

    Args:
        entry: Its attributes.
    """
    vendor = (entry.get("vendorName") or [""])[0][:LONGEST]
    version = (entry.get("vendorVersion") or [""])[0][:LONGEST]
    if "OpenLDAProotDSE" in entry.get("objectClass", []):
        return Software("OpenLDAP", "OpenLDAP")
    if "Samba" in vendor:
        return Software("Samba", "Active Directory Controller")
    if "domainControllerFunctionality" in entry or "isGlobalCatalogReady" in entry:
        return Software("Microsoft", "Active Directory Controller")
    parts = PRODUCT.match(version)
    named = NAMES.get(vendor)
    if named is not None and version[:1].isdigit() and "-" not in version:
        return Software(named[0], named[1], version)
    if parts is not None:
        product = named[1] if named else _called(parts["name"].strip(" -"))
        return Software(named[0] if named else vendor or None, product, parts["version"])
    return Software(vendor, vendor) if vendor else None


def _called(name: str) -> str:
    """What people call a product that writes its name in its own way."""
    directory = DIRECTORY.match(name)
    if directory is not None:
        return f"{directory['maker']} Directory Server"
    sun = SUN.match(name)
    if sun is not None:
        words = sun["words"].replace("(tm)", "").replace("-", " ").strip()
        return f"Sun {words} Directory Server".replace("  ", " ")
    return "LDAP Agent for eDirectory" if AGENT.match(name) else name
