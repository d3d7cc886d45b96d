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
NAMING = (
    "vendorName",
    "vendorVersion",
    "orclDirectoryVersion",
    "vmwPlatformServicesControllerVersion",
)
CONTEXTS = ("namingContexts", "ldapServiceName")
WINDOWS = ("domainControllerFunctionality", "isGlobalCatalogReady", "isSynchronized")
DIRECTORY_SERVER = "1.2.840.113556.1.4.800"  # MS-ADTS, section 3.1.1.3.4.3.1
LIGHTWEIGHT = "1.2.840.113556.1.4.1851"  # the same, section 3.1.1.3.4.3.7
LABEL = re.compile(r"^(?:Release|Version|Build) ")
BUILD = re.compile(r"[A-Z]?[0-9][\w. ]*")
DIRECTORY = re.compile(r"^(?P<maker>CentOS|Red Hat|Netscape)[- ]Directory$")
AGENT = re.compile(r"^LDAP Agent for \w+ eDirectory$")
SUN = re.compile(r"^Sun-(?P<words>[\w()-]*)Directory$")


def product(text: str) -> Software | None:
    """The software of a root entry as it is on the wire, or of the end of one.

    Args:
        text: The entry's bytes, one character an octet; names and values in BER.
    """
    entry: dict[str, list[str]] = {}
    lower = text.lower()
    for name in (*NAMING, "objectClass", "supportedCapabilities", *CONTEXTS):
        at = lower.find(name.lower())
        if at >= 0:
            entry[name] = _values(text[at + len(name) :])
    for name in WINDOWS:
        if name.lower() in lower:
            entry[name] = ["yes"]
    for oid in (DIRECTORY_SERVER, LIGHTWEIGHT):
        if f"{oid}\x04" in text or f"{oid}0" in text:
            entry.setdefault("supportedCapabilities", []).append(oid)
    if not entry.get("vendorName"):
        # The beginning may be missing.
        entry["vendorName"] = [next((name for name in NAMES if text.startswith(name)), "")]
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
    told = {name.lower(): values for name, values in entry.items()}
    vendor, version, *others = (
        (told.get(name.lower()) or [""])[0][:LONGEST].strip() for name in NAMING
    )
    if "OpenLDAProotDSE" in told.get("objectclass", []):
        return Software("OpenLDAP", "OpenLDAP")
    if "Samba" in vendor:
        return Software("Samba", "Active Directory Controller")
    if LIGHTWEIGHT in told.get("supportedcapabilities", []):
        return Software("Microsoft", "Lightweight Directory Server")
    if DIRECTORY_SERVER in told.get("supportedcapabilities", []) or any(
        name.lower() in told for name in WINDOWS
    ):
        return Software("Microsoft", "Active Directory Controller")
    if any(others):
        return _of_attributes(*others)
    version = LABEL.sub("", version) if version != vendor else version
    parts = PRODUCT.match(version)
    named = NAMES.get(vendor)
    if named is not None and BUILD.fullmatch(version):
        return Software(named[0], named[1], version)
    if named is not None and version[:1].isdigit() and "-" not in version:
        return Software(named[0], named[1], version)
    if parts is not None:
        product = named[1] if named else _called(parts["name"].strip(" -"))
        return Software(named[0] if named else vendor or None, product, parts["version"])
    return Software(vendor, vendor, version or None) if vendor else _by_contexts(told)


def _by_contexts(told: dict[str, list[str]]) -> Software | None:
    """Those that are known by what they keep: Kerio's contacts, innovaphone's telephones."""
    contexts = told.get("namingcontexts", [])
    if any(one.startswith("fn=ContactRoot") for one in contexts):
        return Software("Kerio", "Connect")
    device = (told.get("ldapservicename") or [""])[0].partition("-")[0]
    if device and any(re.fullmatch(r"cn=K?PBX[0-9]", one) for one in contexts):
        return Software("innovaphone", device[:LONGEST])
    return None


def _of_attributes(oracle: str, vmware: str) -> Software:
    """Those that tell their version in an attribute of their own."""
    if vmware:
        return Software("VMware", "Platform Services Controller", vmware)
    name, _, version = oracle.partition(" ")
    kind = "Virtual Directory Server" if name == "OVD" else "Internet Directory Server"
    return Software("Oracle", kind, version or None)


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
