"""The name that a TLS client asks for (SNI)."""

import ipaddress
import string

LETTERS = frozenset(string.ascii_letters + string.digits + "-_.")
LONGEST = 253  # characters (RFC 1035, section 2.3.4)


def server_name(name: str) -> str:
    """A host's name as it goes on the wire; empty where there is none to ask for.

    IP addresses are never sent (RFC 6066, section 3), and a name that the domain name system could
    not hold is not sent either.
    """
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        pass
    else:
        return ""
    try:
        encoded = name.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    whole = len(encoded) <= LONGEST and not encoded.startswith(".")
    return encoded if whole and LETTERS.issuperset(encoded) else ""
