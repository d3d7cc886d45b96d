"""SNMP: the engine that version 3 tells everybody, and the description where ``public`` may read.

A wrong community is answered with silence; version 3 answers whoever asks for its engine.
"""

from tojimari.core.endpoint import Transport
from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import asn1
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Read, Send, Talk, ask
from tojimari.services.grammar import snmp as grammar
from tojimari.services.octets import Cursor, DamagedError, snippet, text

GET, RESPONSE, REPORT = 0xA0, 0xA2, 0xA8
V2C, V3 = 1, 3
REPORTABLE = b"\x04"
USM = 3  # the user-based security model (RFC 3414)
DESCRIPTION = "1.3.6.1.2.1.1.1.0"  # sysDescr.0 (RFC 3418)
NET_SNMP = "Net-SNMP"
MAKERS = {
    9: "Cisco",
    11: "HP",
    2636: "Juniper",
    8072: NET_SNMP,
    311: "Microsoft",
    14988: "MikroTik",
    12356: "Fortinet",
    25461: "Palo Alto Networks",
    2011: "Huawei",
    674: "Dell",
    6876: "VMware",
    4526: "Netgear",
    30065: "Arista",
}
COMMUNITY_WAIT = 0.4  # seconds; whoever does not know the community hears nothing


def greet(peer: Peer) -> Dialogue:
    """Engine discovery (RFC 3414, section 4), then sysDescr with the community public."""
    number = peer.number(3) + 1
    answer = yield from ask(_discovery(number))
    details: dict[str, Value] = {}
    vendor = None
    if answer:
        engine = _engine(Cursor(answer), number)
        if engine is None:
            return None
        maker = int.from_bytes(engine[:4], "big") & 0x7FFFFFFF
        vendor = MAKERS.get(maker)
        details |= {"versions": "3", "engine-id": engine.hex(), "enterprise": maker}
    elif not peer.expected:
        return None
    described = yield from _description(number + 1)
    if not answer and described is None:
        return None
    if described is not None:
        details |= {"community-public": "yes", "description": described}
        details["versions"] = "2c 3" if answer else "2c"
    software = grammar.product(described or "")
    # Its engine identifiers have a form of its own (RFC 3411, SnmpEngineID: the maker's choice).
    by_engine = NET_SNMP if vendor == NET_SNMP else None
    return Service(
        "snmp",
        product=software.product if software else by_engine,
        version=software.version if software else None,
        vendor=software.vendor if software else vendor,
        evidence=snippet((described or "engine discovery").encode()),
        details=details,
    )


def _discovery(number: int) -> bytes:
    empty = asn1.element(asn1.OCTETS, b"")
    flags = asn1.element(asn1.OCTETS, REPORTABLE)
    header = asn1.integer(number) + asn1.integer(65507) + flags + asn1.integer(USM)
    usm = asn1.element(
        asn1.SEQUENCE, empty + asn1.integer(0) + asn1.integer(0) + empty + empty + empty
    )
    pdu = (
        asn1.integer(number) + asn1.integer(0) + asn1.integer(0) + asn1.element(asn1.SEQUENCE, b"")
    )
    scoped = empty + empty + asn1.element(GET, pdu)
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(V3)
        + asn1.element(asn1.SEQUENCE, header)
        + asn1.element(asn1.OCTETS, usm)
        + asn1.element(asn1.SEQUENCE, scoped),
    )


def _engine(cursor: Cursor, number: int) -> bytes | None:
    """The engine's identifier; None where this answers something else.

    Raises:
        DamagedError: It is no SNMP message.
    """
    message = asn1.enter(cursor, asn1.SEQUENCE)
    if asn1.number(message) != V3:
        return None
    if asn1.number(asn1.enter(message, asn1.SEQUENCE)) != number:
        return None
    usm = asn1.enter(Cursor(asn1.octets(message)), asn1.SEQUENCE)
    return asn1.octets(usm)


def _description(number: int) -> Talk[str | None]:
    asked = asn1.element(asn1.SEQUENCE, asn1.oid(DESCRIPTION) + asn1.element(asn1.NULL, b""))
    pdu = asn1.integer(number) + asn1.integer(0) + asn1.integer(0)
    pdu += asn1.element(asn1.SEQUENCE, asked)
    message = asn1.integer(V2C) + asn1.element(asn1.OCTETS, b"public") + asn1.element(GET, pdu)
    yield Send(asn1.element(asn1.SEQUENCE, message))
    answer = yield Read(limit=4096, seconds=COMMUNITY_WAIT)
    try:
        return _value(Cursor(answer), number) if answer else None
    except DamagedError:
        return None


def _value(cursor: Cursor, number: int) -> str | None:
    message = asn1.enter(cursor, asn1.SEQUENCE)
    asn1.number(message)
    asn1.octets(message)
    pdu = asn1.enter(message, RESPONSE)
    if asn1.number(pdu) != number:
        return None
    asn1.number(pdu)
    asn1.number(pdu)
    variable = asn1.enter(asn1.enter(pdu, asn1.SEQUENCE), asn1.SEQUENCE)
    asn1.enter(variable, asn1.OID)
    return text(asn1.octets(variable))


PROTOCOL = Protocol(
    name="snmp",
    transport=Transport.UDP,
    ports=frozenset({161}),
    server_speaks_first=False,
    source="RFC 3412, section 6; RFC 3414, section 4; RFC 3416",
    dialogue=greet,
    executables=frozenset({"snmpd"}),
    likelihood=70,
)
