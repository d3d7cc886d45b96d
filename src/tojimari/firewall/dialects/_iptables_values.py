"""Values in iptables rules: ports, flags, marks, and what a set of ipset looks at.

Source: iptables-extensions(8); ipset(8) for the order of a set's parts.
"""

from tojimari.firewall.dialect import AddressSet
from tojimari.firewall.intervals import IPV4, parse_network
from tojimari.firewall.ruleset import TCP_FLAGS, Field, Operand
from tojimari.registry import assignments

_DOTS = 3  # of an IPv4 address

_TCP_FLAGS = {name.upper(): bit for name, bit in TCP_FLAGS.items() if bit < 64}  # noqa: PLR2004 - two ends, or two parts
_TCP_FLAGS["ALL"] = 63
_TCP_FLAGS["NONE"] = 0
# Services that old dumps and hand-written files call by name (IANA).
_SERVICES = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67,
    "bootpc": 68, "tftp": 69, "http": 80, "www": 80, "pop3": 110, "sunrpc": 111, "auth": 113,
    "ident": 113, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139,
    "imap": 143, "imap2": 143, "snmp": 161, "bgp": 179, "ldap": 389, "https": 443,
    "microsoft-ds": 445, "syslog": 514, "ldaps": 636, "imaps": 993, "pop3s": 995,
    "mysql": 3306, "postgresql": 5432, "mdns": 5353,
}  # fmt: skip


def ports(text: str) -> tuple[int, int]:
    first, colon, last = text.partition(":")
    if not colon:
        return _port(first), _port(first)
    return (_port(first) if first else 0), (_port(last) if last else 0xFFFF)


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else _service(text.lower())
    if number > 0xFFFF:  # noqa: PLR2004 - the largest port
        raise ValueError(text)
    return number


def _service(name: str) -> int:
    known = _SERVICES.get(name)
    if known is None:
        found = assignments.named(name)
        if not found:
            raise ValueError(name)
        known = found[0].port
    return known


def network(text: str, family: int) -> tuple[int, int]:
    """An address or a network; ``10/8`` and ``0/0`` are taken as iptables takes them.

    Raises:
        ValueError: It is neither: a host's name, say.
    """
    address, slash, length = text.partition("/")
    if family == IPV4 and slash and address.count(".") < _DOTS:
        address += ".0" * (_DOTS - address.count("."))
    return parse_network(f"{address}{slash}{length}", family)


def flags(text: str) -> int:
    result = 0
    for name in text.upper().split(","):
        result |= _TCP_FLAGS[name]
    return result


def masked(text: str) -> tuple[int, int]:
    value, slash, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if slash else 0xFFFFFFFF


def set_operands(known: AddressSet, directions: list[str]) -> tuple[Operand, ...] | None:
    """What a set looks at, for the directions that a rule gives."""
    found: list[Operand] = []
    if len(directions) < len(known.kinds) or not known.content.readable:
        return None
    for kind, direction in zip(known.kinds, directions, strict=False):
        out = direction == "dst"
        if kind in {"ip", "net"}:
            found.append(Operand(Field.DESTINATION if out else Field.SOURCE, known.family))
        elif kind == "port":
            found.append(Operand(Field.PROTOCOL))
            found.append(Operand(Field.DESTINATION_PORT if out else Field.SOURCE_PORT))
        elif kind == "mark":
            found.append(Operand(Field.MARK))
        elif kind == "iface":
            found.append(Operand(Field.OUTPUT if out else Field.INPUT))
        else:
            return None
    return tuple(found)
