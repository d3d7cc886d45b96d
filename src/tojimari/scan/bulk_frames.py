"""Probes to many hosts, written as columns of numbers, and the answers read in the same way.

The sequence number of a probe is its place among those under way, with a keyed hash of address and
port laid over it: an answer says which probe it is for, and nobody else can say it.
"""

import os
from typing import TYPE_CHECKING

# numpy would start a thread for each processor, for algebra that is never asked for: 30 ms.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from tojimari.scan.permutation import mixed_column
from tojimari.scan.probe import ETHERTYPE, Layout, syn

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    U8: TypeAlias = NDArray[np.uint8]
    U16: TypeAlias = NDArray[np.uint16]
    U32: TypeAlias = NDArray[np.uint32]
    U64: TypeAlias = NDArray[np.uint64]

LAYOUT = Layout(4, 14)
_WORDS = LAYOUT.length // 2
_IP_SUM, _TARGET, _SOURCE_PORT, _PORT, _NUMBER, _TCP_SUM = 12, 15, 17, 18, 19, 25  # in words


def veil(addresses: "U32", ports: "U16", key: tuple[int, int]) -> "U32":
    """What lies over the places of probes.

    Args:
        addresses: Shape (n,).
        ports: Shape (n,).
        key: Twice 64 random bits.

    Returns:
        Shape (n,).
    """
    words = addresses.astype(np.uint64)
    words <<= np.uint64(16)
    words |= ports
    words ^= np.uint64(key[0])
    words = mixed_column(words)
    words += np.uint64(key[1])
    words = mixed_column(words)
    words >>= np.uint64(32)
    return words.astype(np.uint32)


class Stencil:
    """The constant part of a probe, and what of the checksums it makes up."""

    def __init__(self, source: int, hardware: bytes, gateway: bytes) -> None:
        """Cut it.

        Args:
            source: Our address, as a number.
            hardware: Our own link address.
            gateway: The link address that frames go to; of many, it is written over.
        """
        packet = syn(4, source.to_bytes(4, "big"), bytes(4), 0, 0)
        frame = gateway.ljust(6, b"\0") + hardware + ETHERTYPE[4] + packet
        words = np.frombuffer(frame, ">u2").astype(np.uint64)
        self.frame = np.frombuffer(frame, np.uint8)
        self._ip = int(words[7:17].sum() - words[_IP_SUM])
        pseudo = (source >> 16) + (source & 0xFFFF) + 6 + 2 * (_WORDS - 17)
        self._tcp = int(words[17:].sum() - words[_TCP_SUM]) + pseudo

    def lay(self, rows: "U8") -> None:
        """Write the constant part.

        Args:
            rows: Shape (n, stride), bytes.
        """
        rows[:, : len(self.frame)] = self.frame

    def fill(
        self, words: "U16", addresses: "U32", ports: "U16", numbers: "U32", source_ports: "U16"
    ) -> None:
        """Write what differs.

        Args:
            words: Shape (n, stride / 2), big-endian, the constant part already there.
            addresses: Shape (n,).
            ports: Shape (n,).
            numbers: Shape (n,), sequence numbers.
            source_ports: Shape (n,) or (1,).

        Source: RFC 791, section 3.1; RFC 9293, section 3.1; RFC 1071.
        """
        upper, lower = addresses >> np.uint32(16), addresses & np.uint32(0xFFFF)
        target = upper + lower
        words[:, _TARGET], words[:, _TARGET + 1] = upper, lower
        words[:, _IP_SUM] = ~_folded(target + np.uint32(self._ip))
        words[:, _SOURCE_PORT], words[:, _PORT] = source_ports, ports
        upper, lower = numbers >> np.uint32(16), numbers & np.uint32(0xFFFF)
        words[:, _NUMBER], words[:, _NUMBER + 1] = upper, lower
        total = target + upper
        total += lower
        total += ports
        total += source_ports
        total += np.uint32(self._tcp)
        words[:, _TCP_SUM] = ~_folded(total)


def _folded(sums: "U32") -> "U16":
    sums = (sums & np.uint32(0xFFFF)) + (sums >> np.uint32(16))
    return (sums + (sums >> np.uint32(16))).astype(np.uint16)
