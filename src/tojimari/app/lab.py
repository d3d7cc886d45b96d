"""The practice network for the command line: build it, bring a street up, look, take it down."""

import os
from collections.abc import Callable, Sequence

from tojimari.core.message import Message
from tojimari.lab import launch, light, scene, tree
from tojimari.lab.light import LightStreet
from tojimari.lab.places import Places, need_root
from tojimari.lab.scene import House, Scene
from tojimari.report.lab import DoorStatus, HouseStatus, LabStatus, StreetStatus

Say = Callable[[Message], None]


def build(names: Sequence[str], say: Say, mirror: str | None = None) -> bool:
    """Build what the named scenes need, of all scenes where none is named.

    Returns:
        Whether anything was to be done.

    Raises:
        UsageError: There is no such scene.
        PrivilegeError: Not root.
        HostError: It could not be built.
    """
    chosen = [scene.load(name) for name in names or scene.names()]
    need_root("tojimari lab build")
    return tree.build(Places.of_user(), chosen, say, mirror)


def up(name: str, say: Say, *, only_light: bool = False) -> LabStatus:
    """Bring a scene up; a light street where a whole one is out of reach.

    Args:
        name: Of the scene.
        say: Told how far it is.
        only_light: Whether to bring up a light one in any case.

    Raises:
        UsageError: There is no such scene.
        HostError: It did not come up.
    """
    plan = scene.load(name)
    places = Places.of_user()
    if not (only_light or light.possible()):
        launch.up(places, name, say)
        return status()
    launch.down(places, say)
    light.up(places, plan, say)
    return status()


def down(say: Say) -> bool:
    """Take the street down; whether there was one.

    Raises:
        HostError: It cannot be taken down.
    """
    return launch.down(Places.of_user(), say)


def status() -> LabStatus:
    """What is built and what is up, as whoever asks has it in the cache."""
    places = Places.of_user()
    record = tree.record(places)
    every = [scene.load(name) for name in scene.names()]
    street = launch.standing(places)
    return LabStatus(
        built=[one.name for one in every if record is not None and not record.lacks([one])],
        scenes=[one.name for one in every],
        street=None if street is None else _street(street),
    )


def run(name: str, command: Sequence[str]) -> int:
    """Run a command in a house, with this terminal; its exit code.

    Raises:
        UsageError: No street is up, or it has no such house.
        HostError: The house is not up.
    """
    street = launch.need_standing(Places.of_user())
    return launch.run(street, name, command, os.environ)


def _street(street: launch.Street | LightStreet) -> StreetStatus:
    plan: Scene = street.plan
    left_out = street.left_out if isinstance(street, LightStreet) else ()
    return StreetStatus(
        scene=plan.name,
        summary=plan.summary,
        began=street.entry.began,
        tries=list(plan.tries),
        houses=[_house(street, one) for one in plan.houses],
        light=isinstance(street, LightStreet),
        left_out=[f"{one.daemon} {one.port}/{one.transport}" for one in left_out],
    )


def _house(street: launch.Street | LightStreet, one: House) -> HouseStatus:
    doors = launch.open_doors(street, one)
    return HouseStatus(
        name=one.name,
        purpose=one.purpose,
        ipv4=one.ipv4,
        ipv6=one.ipv6,
        up=doors is not None,
        doors=[
            DoorStatus(
                daemon=service.daemon,
                transport=service.transport,
                port=service.port,
                protocol=service.protocol,
                tls=service.tls,
                loopback=service.loopback,
                imitation=service.imitation,
                open=doors is not None and service in doors,
            )
            for service in one.services
        ],
    )
