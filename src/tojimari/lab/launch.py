"""Bring a street up, look at it, go into its houses, take it down."""

import contextlib
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import msgspec

import tojimari
from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import Message
from tojimari.lab import cgroups, house, journal, keeper, light, scene, tree
from tojimari.lab.house import CODE, LIBRARIES, Mounted
from tojimari.lab.keeper import Event, Order
from tojimari.lab.light import LightStreet
from tojimari.lab.places import Places
from tojimari.lab.scene import Expected, House, Scene

Say = Callable[[Message], None]

PROGRAMS = {  # program: Debian package
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "systemctl": "systemd",
}

SIGNALLED = 128  # exit code of a command that a signal ended, less the signal (POSIX, 2.8.2)

# The tree's Python is bookworm's: compiled libraries of another one cannot be read by it.
TREE_PYTHON = (3, 11)


@dataclass(slots=True)
class Street:
    """A street that is up.

    Attributes:
        entry: What the journal holds of it.
        plan: Its scene.
        events: What the keeper said of each house; empty where another process brought it up.
        tie: While this is open, a tied street stands; None where it stands by itself.
    """

    entry: journal.Entry
    plan: Scene
    events: dict[str, Event]
    tie: IO[bytes] | None = None

    def leader(self, name: str) -> int:
        """The first process of a house, as this process numbers it.

        Raises:
            UsageError: There is no such house.
            HostError: The house is not up.
        """
        self.plan.house(name)
        found = cgroups.init_of(f"{self.entry.group}/{name}")
        if found is None:
            raise HostError(
                "the house {name} is not up", hint="sudo tojimari lab status", name=name
            )
        return found

    def line(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> list[str]:
        """The command line that runs a command in a house."""
        return house.enter_line(self.leader(name), command, environment or {})


def up(places: Places, name: str, say: Say, *, tied: bool = False) -> Street:
    """Bring a scene up; a street that stands already is taken down first.

    Args:
        places: Where the root tree and the journal are.
        name: Of the scene.
        say: Told how far it is.
        tied: Whether the street shall end with this process.

    Raises:
        UsageError: There is no such scene.
        HostError: A program is missing, the tree is not built, or the street did not come up.
    """
    plan = scene.load(name)
    _need_programs()
    tree.need(places, plan)
    places.ensure()
    with journal.alone(places.state):
        _clear(places, say)
        entry = journal.Entry(
            group=f"{cgroups.PREFIX}{secrets.token_hex(4)}", scene=name, began=time.time()
        )
        journal.write(places.journal, entry)
        try:
            return _start(places, plan, entry, say, tied=tied)
        except BaseException:
            _clear(places, lambda _: None)
            raise


def down(places: Places, say: Say) -> bool:
    """Take the street down; whether there was one.

    Args:
        places: Where the journal is.
        say: Told what is done.

    Raises:
        HostError: Something of it cannot be ended.
    """
    places.ensure()
    with journal.alone(places.state):
        return _clear(places, say)


def standing(places: Places) -> Street | LightStreet | None:
    """The street that is up, as the journal has it; None where there is none."""
    entry = journal.read(places.journal)
    if entry is not None and light.is_light(entry):
        return light.standing(entry, scene.load(entry.scene))
    if entry is None or not cgroups.processes(entry.group):
        return None
    return Street(entry, scene.load(entry.scene), {})


def need_standing(places: Places) -> Street | LightStreet:
    """The street that is up.

    Raises:
        UsageError: There is none.
    """
    street = standing(places)
    if street is None:
        raise UsageError("no street is up", hint="sudo tojimari lab up town")
    return street


def open_doors(street: Street | LightStreet, one: House) -> list[Expected] | None:
    """Which of a house's expected doors are open now, without knocking; None where it is not up."""
    if isinstance(street, LightStreet):
        return street.open_doors(one.name)
    leader = cgroups.init_of(f"{street.entry.group}/{one.name}")
    if leader is None:
        return None
    missing = keeper.shut(leader, one.services)
    return [service for service in one.services if service not in missing]


def run(
    street: Street | LightStreet, name: str, command: Sequence[str], environment: Mapping[str, str]
) -> int:
    """Run a command in a house, with this process's terminal; its exit code, as a shell has it.

    Raises:
        UsageError: There is no such house.
        HostError: The house is not up.
    """
    line = street.line(name, command, environment)
    done = subprocess.run(line, check=False)  # noqa: S603 - root runs what root typed
    return done.returncode if done.returncode >= 0 else SIGNALLED - done.returncode


def _start(places: Places, plan: Scene, entry: journal.Entry, say: Say, *, tied: bool) -> Street:
    if not _same_python():
        say(
            Message(
                "no-tojimari-inside",
                "the houses stand without tojimari in them: that takes Python {wanted} outside,"
                " and this is {found}",
                {"wanted": _dotted(TREE_PYTHON), "found": _dotted(sys.version_info[:2])},
            )
        )
    order = Order(
        scene=plan.name,
        group=entry.group,
        tree=str(places.tree),
        annexes=str(places.annexes),
        logs=str(places.state),
        mounted=mounted(),
        tied=tied,
    )
    try:
        cgroups.make(entry.group)
    except OSError as error:
        raise HostError(
            "control groups cannot be made here: {reason}",
            hint="run the lab on a machine of its own, or in a privileged container",
            reason=str(error),
        ) from error
    for old in places.state.glob("*.log"):
        old.unlink()
    log = places.state / "keeper.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own words
            _keeper_line(entry.group),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C at the launcher is the launcher's to answer
        )
    assert process.stdin is not None  # noqa: S101 - both are pipes, as asked for above
    assert process.stdout is not None  # noqa: S101 - the same
    process.wait()  # for the shell that started the keeper, which lives on
    tie = process.stdin
    with process.stdout:
        try:
            tie.write(msgspec.json.encode(order) + b"\n")
            tie.flush()
        except BrokenPipeError:
            pass  # it has ended already; what it said tells why
        try:
            events = _listen(process.stdout, plan, say, log)
        except BaseException:
            with contextlib.suppress(BrokenPipeError):
                tie.close()
            raise
    journal.write(places.journal, replace(entry, ready=True))
    if tied:
        return Street(entry, plan, events, tie)
    with tie:
        tie.write(keeper.STAY)
    return Street(entry, plan, events)


def _keeper_line(group: str) -> list[str]:
    """The keeper in namespaces of its own, born inside the street's control group."""
    enter = "".join(f"echo $$ >{entrance}; " for entrance in cgroups.entrances(group))
    return [
        # In the background, with the input that a shell would take away there: the keeper is
        # nobody's child, so whoever brought it up may leave.
        *("sh", "-euc", f'{enter}exec 3<&0; "$@" <&3 3<&- &', "sh"),
        "unshare",
        *("--net", "--mount", "--pid", "--ipc", "--uts"),
        *("--propagation", "private"),  # no mount of the street is ever seen outside
        "--fork",  # the keeper is number 1: the kernel ends all others with it
        "--kill-child",  # and ends the keeper with unshare
        "--mount-proc",
        *(sys.executable, "-P", "-m", keeper.__name__),
    ]


def _listen(stream: IO[bytes], plan: Scene, say: Say, log: Path) -> dict[str, Event]:
    """Hear the keeper out until the street is ready.

    Raises:
        HostError: It failed, or ended without a word.
    """
    events: dict[str, Event] = {}
    reason = ""
    for line in stream:
        event = msgspec.json.decode(line, type=Event)
        if event.state == "ready":
            return events
        reason = event.reason
        if event.state == "booting":
            say(Message("booting", "{house} boots", {"house": event.house}))
        elif event.state == "up":
            events[event.house] = event
            say(_told(event, plan.house(event.house)))
    detail = log.read_text("utf-8", "replace").strip().splitlines()
    raise HostError(
        "the street did not come up: {reason}",
        hint="what was said on the way is in {log}",
        reason=reason or next(reversed(detail), "its keeper ended"),
        log=str(log),
    )


def _told(event: Event, one: House) -> Message:
    if event.failed or event.missing:
        return Message(
            "house-incomplete",
            "{house} is up, not whole; units that failed: {failed}; doors still shut: {missing}",
            {
                "house": one.name,
                "failed": ", ".join(event.failed) or "-",
                "missing": ", ".join(event.missing) or "-",
            },
        )
    return Message(
        "house-up",
        "{house} is up, {doors} doors open",
        {"house": one.name, "doors": len(one.services)},
    )


def mounted() -> tuple[Mounted, ...]:
    """What the houses see of the outside: tojimari and what it imports.

    The libraries are left out where their compiled parts are for another Python than the tree's.
    """
    code = Mounted(str(Path(tojimari.__file__).parent), f"{CODE}/tojimari")
    libraries = Path(msgspec.__file__).parent.parent
    if not _same_python():
        return (code,)
    return (code, Mounted(str(libraries), LIBRARIES))


def _same_python() -> bool:
    return sys.version_info[:2] == TREE_PYTHON


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _need_programs() -> None:
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if missing:
        raise HostError(
            "the lab needs programs that this machine lacks: {packages}",
            hint="sudo apt-get install -y {packages}",
            packages=" ".join(sorted(missing)),
        )


def _clear(places: Places, say: Say) -> bool:
    """Take away the street of the journal, and empty groups of streets that lost their journal."""
    entry = journal.read(places.journal)
    if entry is not None and light.is_light(entry):
        return light.clear(places, say)
    if entry is not None:
        say(Message("taking-down", "taking down {scene}", {"scene": entry.scene}))
        try:
            cgroups.remove(entry.group)
        except OSError as error:
            raise HostError(
                "the street cannot be taken down: {reason}",
                hint="sudo tojimari lab down",
                reason=str(error),
            ) from error
        journal.erase(places.journal)
    for group in cgroups.stale():
        with contextlib.suppress(OSError):  # somebody else may be clearing it away too
            cgroups.remove(group)
    return entry is not None
