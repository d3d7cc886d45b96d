"""Addresses as the kernel writes them, as text."""

from _socket import AF_INET, AF_INET6, inet_ntop
from functools import lru_cache

from tojimari.core.endpoint import canonical_address

IPV4_LENGTH = 4  # bytes (RFC 791, section 3.1)
IPV6_LENGTH = 16  # bytes (RFC 8200, section 3)
_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291, section 2.5.5.2
_ZEROS = bytes(12)
REMEMBERED = 1 << 16  # addresses; a busy server meets tens of thousands of peers in one look


@lru_cache(REMEMBERED)
def text(packed: bytes) -> str:
    """The one text of an address, as ``core.endpoint.canonical_address`` gives it.

    Args:
        packed: Network byte order, 4 or 16 bytes.

    Raises:
        ValueError: Another length.
    """
    if len(packed) == IPV4_LENGTH:
        return inet_ntop(AF_INET, packed)
    if len(packed) != IPV6_LENGTH:
        msg = f"an address has 4 or 16 bytes, not {len(packed)}"
        raise ValueError(msg)
    prefix = packed[:12]
    if prefix == _MAPPED:
        return inet_ntop(AF_INET, packed[12:])
    shown = inet_ntop(AF_INET6, packed)
    # The C library shows ::1.2.3.4, long deprecated, with dots; RFC 5952 does not.
    return canonical_address(shown) if prefix == _ZEROS else shown


def is_multicast(packed: bytes) -> bool:
    """Whether it is a group's address (RFC 5771; RFC 4291, section 2.7).

    Args:
        packed: Network byte order, 4 or 16 bytes.
    """
    if len(packed) == IPV4_LENGTH:
        return packed[0] >> 4 == 0xE  # noqa: PLR2004 - 224.0.0.0/4
    if packed[:12] == _MAPPED:
        return packed[12] >> 4 == 0xE  # noqa: PLR2004 - the same, mapped
    return packed[0] == 0xFF  # noqa: PLR2004 - ff00::/8
