"""What a scene of the lab is: houses, what is written into them, and what must then speak there.

A scene is written down once. The builder reads its packages, the street its houses, the tests and
the lessons what is expected; there is no second list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import UsageError

SCENES = "tojimari.lab.scenes"
MAX_NAME = 15  # bytes of an interface's name without the final zero (linux/if.h, IFNAMSIZ)


class Segment(StrEnum):
    """A stretch of the street: one bridge, one network of each family.

    The networks are those kept for documentation: RFC 5737 and RFC 3849.
    """

    STREET = "street"
    MARKET = "market"
    OUTSIDE = "outside"

    @property
    def ipv4(self) -> str:
        """The first three numbers, with a final dot."""
        return {"street": "192.0.2.", "market": "198.51.100.", "outside": "203.0.113."}[self]

    @property
    def ipv6(self) -> str:
        """The first 64 bits, with final colons."""
        return {"street": "2001:db8:1::", "market": "2001:db8:2::", "outside": "2001:db8:3::"}[self]


class Audience(StrEnum):
    """Whom a daemon answers; everybody else meets silence."""

    EVERYBODY = "everybody"
    OTHERS = "others"  # everybody but its own house: it is tied to the plug in the wall
    STREET = "street"  # neighbours on its own stretch of the street
    HOUSE = "house"  # its own house
    NOBODY = "nobody"  # it takes what it is sent, and never answers


@dataclass(frozen=True, slots=True)
class File:
    """Something written into a house before it boots.

    Attributes:
        path: Absolute, as seen inside.
        text: The content.
        mode: Permission bits.
        owner: A user of the root tree; its first group owns the file too.
    """

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"


@dataclass(frozen=True, slots=True)
class Expected:
    """One door that a scene opens, and what a right answer about it is.

    Attributes:
        daemon: The program that holds the door.
        port: Its number.
        protocol: Short name of what speaks there, as ``core.service.Service`` has it.
        transport: The way of speaking.
        product: The product's name as people write it; None where the daemon never tells it.
        tells_version: Whether the daemon says its version before any authentication.
        tls: Whether the conversation is inside TLS from its first byte.
        package: The Debian package whose version it is; None for an imitation.
        loopback: Whether it is open to its own house only.
        imitation: Whether it is one of ``lab.imitations``, not the real program.
        answers: Whom it answers.
    """

    daemon: str
    port: int
    protocol: str
    transport: Transport = Transport.TCP
    product: str | None = None
    tells_version: bool = False
    tls: bool = False
    package: str | None = None
    loopback: bool = False
    imitation: bool = False
    answers: Audience = Audience.EVERYBODY


@dataclass(frozen=True, slots=True)
class House:
    """One host of the street.

    Attributes:
        name: The host's name, at most ``MAX_NAME`` ASCII letters, digits and hyphens.
        purpose: What it is there for; English template, marked for translation.
        segment: Where it stands.
        number: The number in its street, 2 to 254; None where it asks for one by DHCP.
        units: What its systemd starts, each ``name.service``, ``name.socket`` or ``name.timer``.
        files: What is written into it.
        commands: What is run inside the root before it boots, each one a line of ``sh``.
        services: The doors that it opens.
        annex: The set of packages laid over the root tree, for those that exclude others.
    """

    name: str
    purpose: str
    segment: Segment = Segment.STREET
    number: int | None = None
    units: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    commands: tuple[str, ...] = ()
    services: tuple[Expected, ...] = ()
    annex: str | None = None

    def __post_init__(self) -> None:
        """Hold what the street needs.

        Raises:
            ValueError: The name is no interface's name, or the number is not free for houses.
        """
        if not 0 < len(self.name) <= MAX_NAME or not self.name.isascii():
            msg = f"a house's name has 1 to {MAX_NAME} ASCII characters: {self.name!r}"
            raise ValueError(msg)
        if self.number is not None and not 1 < self.number < 255:  # noqa: PLR2004 - .1 routes
            msg = f"a house's number is 2 to 254: {self.number}"
            raise ValueError(msg)

    @property
    def ipv4(self) -> str | None:
        """Its address; None where DHCP gives it one."""
        return None if self.number is None else f"{self.segment.ipv4}{self.number}"

    @property
    def ipv6(self) -> str | None:
        """Its address; the last digits look like those of the IPv4 address."""
        return None if self.number is None else f"{self.segment.ipv6}{self.number}"

    def endpoint(self, service: Expected) -> Endpoint:
        """The door of one of its services, from outside the house.

        Raises:
            ValueError: The house has no address of its own.
        """
        if self.ipv4 is None:
            msg = f"{self.name} has no fixed address"
            raise ValueError(msg)
        address = "127.0.0.1" if service.loopback else self.ipv4
        return Endpoint(service.transport, address, service.port)


@dataclass(frozen=True, slots=True)
class Scene:
    """A street with its houses.

    Attributes:
        name: As the command line takes it; the same as the file's, ``_`` for ``-``.
        summary: What it shows; English template, marked for translation.
        houses: At least two, so that each has a neighbour.
        packages: Debian packages of the root tree that its houses need.
        annexes: Packages that exclude some of the tree's: by name, laid over the tree.
        tries: Three lines to type in it, each with its meaning (marked).
    """

    name: str
    summary: str
    houses: tuple[House, ...]
    packages: tuple[str, ...]
    annexes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tries: tuple[tuple[str, str], ...] = ()

    def house(self, name: str) -> House:
        """The house of that name.

        Raises:
            UsageError: There is none; the hint names those that there are.
        """
        for house in self.houses:
            if house.name == name:
                return house
        raise UsageError(
            "no house of this street is called {name}",
            hint="one of: {houses}",
            name=name,
            houses=", ".join(house.name for house in self.houses),
        )

    def doors(self) -> Iterator[tuple[House, Expected]]:
        """Every expected door with its house."""
        for house in self.houses:
            for service in house.services:
                yield house, service


def names() -> tuple[str, ...]:
    """What the scenes are called on the command line."""
    return tuple(name.replace("_", "-") for name in catalog.names(SCENES))


def load(name: str) -> Scene:
    """The scene of that name.

    Raises:
        UsageError: There is none.
    """
    if name not in names():
        raise UsageError(
            "there is no scene called {name}",
            hint="one of: {scenes}",
            name=name,
            scenes=", ".join(names()),
        )
    return catalog.entry(SCENES, name.replace("-", "_"), "SCENE", Scene)


def upstream(version: str) -> str:
    """What the program's own authors call this version.

    Args:
        version: Of a Debian package: ``[epoch:]upstream[-revision]`` (Debian policy, 5.6.12).

    Returns:
        Neither epoch nor revision, and without what Debian appends where it repackages: ``+dfsg``.
    """
    without_epoch = version.partition(":")[2] or version
    without_revision = without_epoch.rpartition("-")[0] or without_epoch
    for appended in ("+dfsg", "+ds", "~dfsg", "~ds"):
        without_revision = without_revision.partition(appended)[0]
    return without_revision
