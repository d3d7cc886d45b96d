"""A search of an LDAP server's root entry, and its answer (RFC 4511, sections 4.1.1 and 4.5)."""

from tojimari.core.message import Value
from tojimari.services import asn1
from tojimari.services.octets import Cursor, snippet, text

SEARCH, ENTRY, DONE, NOTICE = 0x63, 0x64, 0x65, 0x78
PRESENT = 0x87  # the filter (objectClass=*)
WANTED = (
    "vendorName",
    "vendorVersion",
    "namingContexts",
    "supportedLDAPVersion",
    "dnsHostName",
    "defaultNamingContext",
    "objectClass",
    "supportedExtension",
    "domainControllerFunctionality",
    "isGlobalCatalogReady",
    "structuralObjectClass",
    "supportedCapabilities",
    "ldapServiceName",
    "orclDirectoryVersion",
    "vmwPlatformServicesControllerVersion",
)
START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511, section 4.14.1


def search(number: int) -> bytes:
    """Ask for the attributes of the root entry (RFC 4512, section 5.1)."""
    attributes = b"".join(asn1.element(asn1.OCTETS, name.encode()) for name in WANTED)
    request = (
        asn1.element(asn1.OCTETS, b"")
        + asn1.integer(0, asn1.ENUMERATED)
        + asn1.integer(0, asn1.ENUMERATED)
        + asn1.integer(0)
        + asn1.integer(0)
        + b"\x01\x01\x00"
        + asn1.element(PRESENT, b"objectClass")
        + asn1.element(asn1.SEQUENCE, attributes)
    )
    return asn1.element(asn1.SEQUENCE, asn1.integer(number) + asn1.element(SEARCH, request))


def entry(message: Cursor, number: int) -> dict[str, list[str]] | None:
    """The attributes in a message; empty where it is a result without an entry.

    Returns:
        None where it answers something else.

    Raises:
        DamagedError: It is no LDAP message.
    """
    if asn1.number(message) != number:
        return None
    tag, length = asn1.header(message)
    content = Cursor(message.take(length))
    if tag == DONE:
        asn1.number(content, asn1.ENUMERATED)
        return {}
    if tag != ENTRY:
        return None
    asn1.octets(content)
    found: dict[str, list[str]] = {}
    attributes = asn1.enter(content, asn1.SEQUENCE)
    while attributes:
        attribute = asn1.enter(attributes, asn1.SEQUENCE)
        name = text(asn1.octets(attribute))
        values = asn1.enter(attribute, asn1.SET)
        found[name] = []
        while values:
            found[name].append(text(asn1.octets(values)))
    return found


def details(found: dict[str, list[str]]) -> dict[str, Value]:
    """What a person wants to know."""
    told: dict[str, Value] = {}
    for name in ("namingContexts", "dnsHostName", "vendorName", "vendorVersion"):
        if found.get(name):
            told[name] = snippet(", ".join(found[name]).encode())
    if "supportedExtension" in found:
        told["starttls"] = "yes" if START_TLS in found["supportedExtension"] else "no"
    return told
