"""The sequence number of a probe: known to nobody but who sent it and who was asked.

An answer acknowledges it (RFC 9293, section 3.5.2), so that an answer which does not is no answer
of ours. It also says which batch of probes was answered, and so when that probe was sent.

The upper half is a secret of the host's with the number of the batch laid over it; the lower half
is another secret less the port, modulo 65,535: port and lower half add up to the same for all ports
of a host, and so all probes of a batch have the same checksum (RFC 1071).
"""

from typing import NamedTuple

BATCHES = 1 << 10  # numbers of batches; they begin again after the last
MODULUS = 0xFFFF  # of the sums of RFC 1071
STRAY = 0xFFFFFFFF ^ (BATCHES - 1) << 16  # what may not differ from what was sent
KEY = 16  # bytes of the secret of a scan


class Cookie(NamedTuple):
    """The secrets of one host.

    Attributes:
        upper: 16 bits.
        lower: 0 to 65,534.
    """

    upper: int
    lower: int

    def number(self, port: int, batch: int) -> int:
        """The sequence number of a probe."""
        return (self.upper ^ batch) << 16 | (self.lower - port) % MODULUS

    def batch(self, port: int, number: int) -> int | None:
        """The batch of the probe that had a sequence number; None where we sent no such probe."""
        differing = number ^ self.number(port, 0)
        return None if differing & STRAY else differing >> 16


def cookie(key: bytes, address: bytes) -> Cookie:
    """The secrets of a host.

    Args:
        key: 16 random bytes, new for each scan.
        address: In network byte order.
    """
    from hashlib import blake2s  # noqa: PLC0415 - 2 ms, when a scan begins

    digest = blake2s(address, key=key, digest_size=6).digest()
    return Cookie(int.from_bytes(digest[:2], "big"), int.from_bytes(digest[2:], "big") % MODULUS)
