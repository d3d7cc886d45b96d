"""The practice network as a person reads it: what is built, the street, its houses, their doors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tojimari.core.message import Message, mark
from tojimari.report.language import Language


@dataclass(frozen=True, slots=True)
class DoorStatus:
    """One door of a house.

    Attributes:
        daemon: Who is expected to hold it.
        transport: ``tcp`` or ``udp``.
        port: Its number.
        protocol: What is expected to speak.
        tls: Whether inside TLS from the first byte.
        loopback: Whether it is open to its own house only.
        imitation: Whether the lab imitates the real program.
        open: Whether the house's kernel has it open now.
    """

    daemon: str
    transport: str
    port: int
    protocol: str
    tls: bool
    loopback: bool
    imitation: bool
    open: bool


@dataclass(frozen=True, slots=True)
class HouseStatus:
    """One house of the street.

    Attributes:
        name: The host's name.
        purpose: What it is there for, in English.
        ipv4: Its fixed address; None where it asked for one.
        ipv6: The same.
        up: Whether its systemd is there.
        doors: What it is expected to open.
    """

    name: str
    purpose: str
    ipv4: str | None
    ipv6: str | None
    up: bool
    doors: list[DoorStatus]


@dataclass(frozen=True, slots=True)
class StreetStatus:
    """The street that is up.

    Attributes:
        scene: Which scene.
        summary: What it shows, in English.
        began: Seconds since the epoch.
        tries: Lines to type, each with its meaning in English.
        houses: All of them.
        light: Whether it is of namespaces alone, with what this machine has already.
        left_out: Daemons and doors of the scene that a light street has not.
    """

    scene: str
    summary: str
    began: float
    tries: list[tuple[str, str]]
    houses: list[HouseStatus]
    light: bool = False
    left_out: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class LabStatus:
    """The document of ``tojimari lab status``.

    Attributes:
        schema: Which document this is.
        built: Names of the scenes for which the root tree is ready.
        scenes: Names of all scenes.
        street: What is up; None where nothing is.
    """

    built: list[str]
    scenes: list[str]
    street: StreetStatus | None
    schema: Literal["tojimari.lab/1"] = "tojimari.lab/1"

    @property
    def whole(self) -> bool:
        """Whether a street is up, and every door of it is open."""
        return self.street is not None and all(
            house.up and all(door.open for door in house.doors) for house in self.street.houses
        )


def text(status: LabStatus, language: Language) -> Iterator[str]:
    """The status, line by line."""
    if status.street is None:
        yield from _idle(status, language)
    else:
        yield from _street(status.street, language)


def _idle(status: LabStatus, language: Language) -> Iterator[str]:
    yield language.text(mark("No street is up."))
    for name in status.scenes:
        message = (
            Message("scene-ready", "{scene}: built", {"scene": name})
            if name in status.built
            else Message("scene-unbuilt", "{scene}: not built yet", {"scene": name})
        )
        yield f"  {language.say(message)}"


def _street(street: StreetStatus, language: Language) -> Iterator[str]:
    yield f"{street.scene}: {language.text(street.summary)}"
    for house in street.houses:
        yield ""
        yield from _house(house, language)
    if street.light:
        yield ""
        yield language.say(_light(street))
    if street.tries:
        yield ""
        yield language.text(mark("Three things to try:"))
        for line, meaning in street.tries:
            yield f"  {line}"
            yield f"      {language.text(meaning)}"


def _light(street: StreetStatus) -> Message:
    here = sum(len(house.doors) for house in street.houses)
    return Message(
        "light-street",
        "This is a light street, of what this machine has already: {here} of {all} doors of the"
        " scene. Not here: {missing}. All of them: sudo tojimari lab build, then"
        " sudo tojimari lab up {scene}",
        {
            "here": here,
            "all": here + len(street.left_out),
            "missing": ", ".join(street.left_out) or "-",
            "scene": street.scene,
        },
    )


def _house(house: HouseStatus, language: Language) -> Iterator[str]:
    addresses = "  ".join(each for each in (house.ipv4, house.ipv6) if each)
    address = addresses or language.text(mark("its address comes by DHCP"))
    state = "" if house.up else f"  ({language.text(mark('not up'))})"
    yield f"{house.name}  {address}{state}"
    yield f"  {language.text(house.purpose)}"
    for door in house.doors:
        yield f"  {_door(door, language)}"


def _door(door: DoorStatus, language: Language) -> str:
    state = language.text(mark("open")) if door.open else language.text(mark("SHUT"))
    remarks = [
        language.text(remark)
        for given, remark in (
            (door.tls, mark("inside TLS")),
            (door.loopback, mark("for its own house only")),
            (door.imitation, mark("an imitation")),
        )
        if given
    ]
    remark = f"  ({', '.join(remarks)})" if remarks else ""
    number = f"{door.port}/{door.transport}"
    return f"{number:<10} {state}  {door.protocol:<12} {door.daemon}{remark}"
