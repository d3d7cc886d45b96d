"""``tojimari lab``: a practice network of real Debian hosts, made and taken away again."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from tojimari.cli import output
from tojimari.cli.command import Command, Example, Group, translated
from tojimari.cli.settings import current
from tojimari.core.message import Message, mark

if TYPE_CHECKING:
    from tojimari.app.lab import DoorStatus, HouseStatus, LabStatus, StreetStatus

COMMAND = Group(
    name="lab",
    help=mark(
        "A practice network of real servers: a street of Debian hosts in namespaces of its own."
        " It reaches nobody, nobody reaches it, and taking it down leaves nothing behind."
    ),
    examples=(
        Example("sudo tojimari lab build", mark("build the hosts' common root, once (minutes)")),
        Example("sudo tojimari lab up town", mark("bring up the street of the classic services")),
        Example("sudo tojimari lab enter visitor", mark("walk into one of its houses")),
        Example("sudo tojimari lab down", mark("take it down; nothing is left")),
    ),
)


def _command(
    help_text: str, *parameters: click.Parameter, examples: tuple[Example, ...] = ()
) -> Callable[[Callable[..., int | None]], Command]:
    """Make the function a command of the group, by its name."""

    def add(function: Callable[..., int | None]) -> Command:
        command = Command(
            name=function.__name__.rstrip("_"),
            help=help_text,
            params=list(parameters),
            callback=function,
            examples=examples,
        )
        COMMAND.add_command(command)
        return command

    return add


def _say(message: Message) -> None:
    output.note(current().language.say(message))


@_command(
    mark(
        "Build the root that all houses share: Debian and the daemons of the scenes. It stays in"
        " the cache; packages that were fetched once are not fetched again."
    ),
    click.Argument(["scenes"], nargs=-1),
    click.Option(["--mirror"], help=mark("Fetch from this Debian mirror.")),
    examples=(Example("sudo tojimari lab build", mark("for all scenes")),),
)
def build(scenes: tuple[str, ...], mirror: str | None) -> None:
    """Build what the scenes need."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    if lab.build(scenes, _say, mirror):
        _say(Message("built", "the lab is built", {}))
    else:
        _say(Message("built-already", "everything was built already", {}))


@_command(
    mark("Bring up the street of a scene; the one that stands is taken down first."),
    click.Argument(["scene"], default="town"),
    examples=(Example("sudo tojimari lab up careless", mark("the street of mistakes")),),
)
def up(scene: str) -> None:
    """Bring a scene up and show it."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    _show(lab.up(scene, _say))


@_command(mark("Say what is built, which street is up, its houses and their doors."))
def status() -> None:
    """Show what there is."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    _show(lab.status())


@_command(
    mark("Run a command in a house; its exit code is passed on. tojimari is there too."),
    click.Argument(["host"]),
    click.Argument(["command"], nargs=-1, required=True, type=click.UNPROCESSED),
    examples=(
        Example(
            "sudo tojimari lab run web -- tojimari look", mark("the open doors, seen from inside")
        ),
    ),
)
def run(host: str, command: tuple[str, ...]) -> int:
    """Run a command in a house."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    return lab.run(host, command)


@_command(
    mark("Walk into a house: a shell as its root. exit leads back."), click.Argument(["host"])
)
def enter(host: str) -> int:
    """A shell in a house."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    return lab.run(host, ["bash", "-l"])


@_command(mark("Take the street down; no process, mount, namespace or cable is left."))
def down() -> None:
    """Take the street down."""
    from tojimari.app import lab  # noqa: PLC0415 - only this command needs it

    if not lab.down(_say):
        _say(Message("nothing-up", "no street was up", {}))


def _show(status: "LabStatus") -> None:
    if current().json:
        output.json(status)
    elif status.street is None:
        output.lines(_idle(status))
    else:
        output.lines(_lines(status.street))


def _idle(status: "LabStatus") -> Iterator[str]:
    said = current().language.say
    yield translated(mark("No street is up."))
    for name in status.scenes:
        message = (
            Message("scene-ready", "{scene}: built", {"scene": name})
            if name in status.built
            else Message("scene-unbuilt", "{scene}: not built yet", {"scene": name})
        )
        yield f"  {said(message)}"


def _lines(street: "StreetStatus") -> Iterator[str]:
    yield f"{street.scene}: {translated(street.summary)}"
    for house in street.houses:
        yield ""
        yield from _house(house)
    if street.tries:
        yield ""
        yield translated(mark("Three things to try:"))
        for line, meaning in street.tries:
            yield f"  {line}"
            yield f"      {translated(meaning)}"


def _house(house: "HouseStatus") -> Iterator[str]:
    addresses = "  ".join(each for each in (house.ipv4, house.ipv6) if each) or "DHCP"
    state = "" if house.up else f"  ({translated(mark('not up'))})"
    yield f"{house.name}  {addresses}{state}"
    yield f"  {translated(house.purpose)}"
    for door in house.doors:
        yield f"  {_door(door)}"


def _door(door: "DoorStatus") -> str:
    state = translated(mark("open")) if door.open else translated(mark("SHUT"))
    remarks = [
        translated(text)
        for given, text in (
            (door.tls, mark("inside TLS")),
            (door.loopback, mark("for its own house only")),
            (door.imitation, mark("an imitation")),
        )
        if given
    ]
    remark = f"  ({', '.join(remarks)})" if remarks else ""
    return f"{door.transport} {door.port:>5}  {state}  {door.protocol:<12} {door.daemon}{remark}"
