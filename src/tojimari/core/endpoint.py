"""A door: in which way, at which building, at which number."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

MAX_PORT = 0xFFFF  # 16 bits in the header (RFC 9293, section 3.1; RFC 768)


class Transport(StrEnum):
    """The way of speaking at a door; the four that IANA's port registry names (RFC 6335)."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    DCCP = "dccp"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One door: how, which building, which number.

    Attributes:
        transport: The way of speaking.
        address: Canonical text, RFC 5952 for IPv6; see ``canonical_address``.
        port: 0 to 65535.
    """

    transport: Transport
    address: str
    port: int

    def __post_init__(self) -> None:
        """Hold the one invariant that the types do not.

        Raises:
            ValueError: The port is not one of the 65,536.
        """
        if not 0 <= self.port <= MAX_PORT:
            msg = f"port must be 0-65535: {self.port}"
            raise ValueError(msg)

    @property
    def is_ipv6(self) -> bool:
        """Whether the building has an IPv6 address."""
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can stand before the door."""
        return self.address.startswith("127.") or self.address == "::1"

    @property
    def is_wildcard(self) -> bool:
        """Whether the door is at every address of the machine."""
        return self.address in {"0.0.0.0", "::"}  # noqa: S104 - compared, never bound

    def __str__(self) -> str:
        """``tcp 192.0.2.1:22``, with IPv6 in brackets (RFC 3986, section 3.2.2)."""
        address = f"[{self.address}]" if self.is_ipv6 else self.address
        return f"{self.transport} {address}:{self.port}"


def canonical_address(text: str) -> str:
    """The one text of an IP address, so that equal addresses are equal texts.

    Args:
        text: An IPv4 or IPv6 address, for IPv6 perhaps with a zone (``fe80::1%eth0``, RFC 4007).

    Returns:
        RFC 5952 text; an IPv4-mapped IPv6 address becomes the IPv4 address that it means.

    Raises:
        ValueError: It is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
