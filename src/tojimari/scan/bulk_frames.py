"""Probes to many hosts, written as columns of numbers, and the answers read in the same way.

What differs from probe to probe is one record of 16 bytes, made once for all tries: the port that a
try is sent from changes with the window that it offers, so that the checksum stays what it is.

The sequence number of a probe is its place among those under way, with a keyed hash of address and
port laid over it: an answer says which probe it is for, and nobody else can say it.
"""

from typing import TYPE_CHECKING

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
    F32: TypeAlias = NDArray[np.float32]
    F64: TypeAlias = NDArray[np.float64]

LAYOUT = Layout(4, 14)
_WORDS = LAYOUT.length // 2
# In words of 16 bits: where it is in a frame.
_IP_SUM, _TARGET, _SOURCE_PORT, _PORT, _NUMBER, _WINDOW, _TCP_SUM = 12, 15, 17, 18, 19, 24, 25

RECORD = 8  # words
# The same in a record, whose last word says nothing.
_OF_TARGET, _OF_NUMBER, _OF_PORT, _OF_IP_SUM, _OF_TCP_SUM = 0, 2, 4, 5, 6
# In bytes: where it is in a record, how many there are, and where it is in a frame.
PIECES = (
    (2 * _OF_TARGET, 4, 2 * _TARGET),
    (2 * _OF_NUMBER, 4, 2 * _NUMBER),
    (2 * _OF_PORT, 2, 2 * _PORT),
    (2 * _OF_IP_SUM, 2, 2 * _IP_SUM),
    (2 * _OF_TCP_SUM, 2, 2 * _TCP_SUM),
)


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

    def __init__(self, source: int, hardware: bytes, gateway: bytes, first_port: int) -> None:
        """Cut it.

        Args:
            source: Our address, as a number.
            hardware: Our own link address.
            gateway: The link address that frames go to; of many, it is written over.
            first_port: Of those that we probe from.
        """
        packet = syn(4, source.to_bytes(4, "big"), bytes(4), first_port, 0)
        frame = gateway.ljust(6, b"\0") + hardware + ETHERTYPE[4] + packet
        words = np.frombuffer(frame, ">u2").astype(np.uint64)
        self._frame = np.frombuffer(frame, np.uint8)
        self._first_port, self._window = first_port, int(words[_WINDOW])
        self._ip = int(words[7:17].sum() - words[_IP_SUM])
        pseudo = (source >> 16) + (source & 0xFFFF) + 6 + 2 * (_WORDS - 17)
        self._tcp = int(words[17:].sum() - words[_TCP_SUM]) + pseudo

    def frame(self, slot: int) -> bytes:
        """The constant part, of a probe from one of our ports."""
        frame = self._frame.copy()
        words = frame.view(">u2")
        words[_SOURCE_PORT], words[_WINDOW] = self._first_port + slot, self._window - slot
        return frame.tobytes()

    def lay(self, rows: "U8") -> None:
        """Write the constant part.

        Args:
            rows: Shape (n, stride), bytes.
        """
        rows[:, : len(self._frame)] = self._frame

    def record(self, records: "U16", addresses: "U32", ports: "U16", numbers: "U32") -> None:
        """Write what differs from probe to probe.

        Args:
            records: Shape (n, RECORD), big-endian.
            addresses: Shape (n,).
            ports: Shape (n,).
            numbers: Shape (n,), sequence numbers.

        Source: RFC 791, section 3.1; RFC 9293, section 3.1; RFC 1071.
        """
        upper, lower = addresses >> np.uint32(16), addresses & np.uint32(0xFFFF)
        target = upper + lower
        records[:, _OF_TARGET], records[:, _OF_TARGET + 1] = upper, lower
        records[:, _OF_PORT] = ports
        records[:, _OF_IP_SUM] = ~_folded(target + np.uint32(self._ip))
        np.right_shift(numbers, np.uint32(16), out=upper)
        np.bitwise_and(numbers, np.uint32(0xFFFF), out=lower)
        records[:, _OF_NUMBER], records[:, _OF_NUMBER + 1] = upper, lower
        target += upper
        target += lower
        target += ports
        target += np.uint32(self._tcp)
        records[:, _OF_TCP_SUM] = ~_folded(target)

    def fill(self, words: "U16", records: "U16", slots: "U16") -> None:
        """Lay records over the constant part.

        Args:
            words: Shape (n, stride / 2), big-endian, the constant part already there.
            records: Shape (n, RECORD), big-endian.
            slots: Shape (n,) or (1,): from which of our ports each goes.
        """
        words[:, _SOURCE_PORT] = slots + np.uint16(self._first_port)
        words[:, _WINDOW] = np.uint16(self._window) - slots
        for of, size, at in PIECES:
            words[:, at // 2 : (at + size) // 2] = records[:, of // 2 : (of + size) // 2]


def _folded(sums: "U32") -> "U16":
    sums = (sums & np.uint32(0xFFFF)) + (sums >> np.uint32(16))
    return (sums + (sums >> np.uint32(16))).astype(np.uint16)
