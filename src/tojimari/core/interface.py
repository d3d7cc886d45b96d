"""A network interface, as the kernel has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface and the addresses on it.

    Attributes:
        name: As the kernel calls it.
        index: The kernel's number for it.
        addresses: Each with its prefix length, ``192.0.2.1/24``, canonical text.
        up: Whether it is administratively up.
        kind: The driver's word (``veth``, ``bridge``, ``wireguard``, …), or ``ethernet`` or
            ``loopback`` where there is none.
    """

    name: str
    index: int
    addresses: tuple[str, ...]
    up: bool
    kind: str
