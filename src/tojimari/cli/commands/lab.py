"""``tojimari lab``: a practice network of real Debian hosts, made and taken away again."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example, Group
from tojimari.core.message import Message, mark

if TYPE_CHECKING:
    from tojimari.report.lab import LabStatus

NOT_WHOLE = 1  # exit code: the street is up, but a door that belongs to it is not open

COMMAND = Group(
    name="lab",
    help=mark(
        "A practice network of real servers: a street of Debian hosts in namespaces of its own."
        " It reaches nobody, nobody reaches it, and taking it down leaves nothing behind."
    ),
    examples=(
        Example("sudo tojimari lab build", mark("build what all hosts share, once (minutes)")),
        Example("sudo tojimari lab up town", mark("bring up the street of the classic services")),
        Example("sudo tojimari lab enter visitor", mark("walk into one of its houses")),
        Example("sudo tojimari lab down", mark("take it down; nothing is left")),
    ),
)


def _command(
    help_text: str, *parameters: click.Parameter, example: Example
) -> Callable[[Callable[..., int | None]], Command]:
    """Make the function a command of the group, by its name."""

    def add(function: Callable[..., int | None]) -> Command:
        command = Command(
            name=function.__name__,
            help=help_text,
            params=list(parameters),
            callback=function,
            examples=(example,),
            # What follows the host's name belongs to the command that runs there.
            context_settings={"allow_interspersed_args": function.__name__ != "run"},
        )
        COMMAND.add_command(command)
        return command

    return add


@_command(
    mark(
        "Build the root that all houses share: Debian and the daemons of the scenes. It stays in"
        " the cache; packages that were fetched once are not fetched again."
    ),
    click.Argument(["scenes"], nargs=-1),
    click.Option(["--mirror"], help=mark("Fetch from this Debian mirror.")),
    example=Example("sudo tojimari lab build", mark("for all scenes")),
)
def build(scenes: tuple[str, ...], mirror: str | None) -> None:
    """Build what the scenes need."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    if lab.build(scenes, _say, mirror):
        _say(Message("built", "the lab is built"))
    else:
        _say(Message("built-already", "everything was built already"))


@_command(
    mark(
        "Bring up the street of a scene; the one that stands is taken down first. Without root, or"
        " without systemd-nspawn, it is a light street: namespaces alone, the lab's imitations, and"
        " those daemons that this machine has already."
    ),
    click.Argument(["scene"], default="town"),
    click.Option(
        ["--light", "only_light"],
        is_flag=True,
        help=mark("A light street although a whole one could be had."),
    ),
    example=Example("sudo tojimari lab up careless", mark("the street of mistakes")),
)
def up(scene: str, only_light: bool) -> int:  # noqa: FBT001 - click's flag
    """Bring a scene up and show it."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    status = lab.up(scene, _say, only_light=only_light)
    _show(status)
    return 0 if status.whole else NOT_WHOLE


@_command(
    mark("Say what is built, which street is up, its houses and their doors."),
    example=Example("sudo tojimari lab status", mark("the street, house by house")),
)
def status() -> None:
    """Show what there is."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    _show(lab.status())


@_command(
    mark("Run a command in a house; its exit code is passed on. tojimari is there too."),
    click.Argument(["host"]),
    click.Argument(["command"], nargs=-1, required=True, type=click.UNPROCESSED),
    example=Example(
        "sudo tojimari lab run web tojimari look", mark("the open doors, seen from inside")
    ),
)
def run(host: str, command: tuple[str, ...]) -> int:
    """Run a command in a house."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    # Since options after the host's name are the command's, click hands on the -- before it too.
    return lab.run(host, command[1:] if command[0] == "--" else command)


@_command(
    mark("Walk into a house: a shell as its root. exit leads back."),
    click.Argument(["host"]),
    example=Example("sudo tojimari lab enter visitor", mark("look at the street from there")),
)
def enter(host: str) -> int:
    """Start a shell in a house."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    return lab.run(host, ["bash", "-l"])


@_command(
    mark("Take the street down; no process, mount, namespace or cable is left."),
    example=Example("sudo tojimari lab down", mark("as if it had never been there")),
)
def down() -> None:
    """Take the street down."""
    from tojimari.app import lab  # noqa: PLC0415 - --help needs no lab

    if not lab.down(_say):
        _say(Message("nothing-up", "no street was up"))


def _say(message: Message) -> None:
    output.note(settings.current().language.say(message))


def _show(status: "LabStatus") -> None:
    from tojimari.report import lab  # noqa: PLC0415 - --help needs no lab

    chosen = settings.current()
    if chosen.json:
        output.json(status)
    else:
        output.lines(lab.text(status, chosen.language))
