"""A light street: namespaces alone, with the daemons that this machine has already.

It needs neither root nor a root tree. The houses are network namespaces at the same addresses,
joined by the same bridges; they see this machine's own files, and can change none of them. What
serves in them is what ``byhand`` can start: the lab's imitations, and those daemons whose program
is found here. Nothing is installed, and it is said what is missing.

Without root all of it is inside a user namespace, in which whoever brings it up is called root.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tojimari.core.errors import HostError
from tojimari.core.message import Message
from tojimari.lab import byhand, journal
from tojimari.lab.keeper import STAY, Event
from tojimari.lab.places import Places
from tojimari.lab.scene import Expected, House, Scene
from tojimari.lab.street import listening_in

Say = Callable[[Message], None]
PROGRAMS = {"ip": "iproute2", "mount": "mount", "nsenter": "util-linux", "unshare": "util-linux"}
KEEPER = "tojimari.lab.lightkeeper"
HOUSES = Path("/run/tojimari-light")  # in the keeper's own, empty /run
GROUP = "light-"  # how the journal's entry of such a street begins
PATIENCE = 10.0  # seconds for the kernel to end what is left


@dataclass(frozen=True, slots=True)
class Order:
    """What the keeper is to build.

    Attributes:
        scene: Name of the scene.
        python: The interpreter of whoever brings it up.
        path: Where programs are looked for.
    """

    scene: str
    python: str
    path: str


@dataclass(slots=True)
class LightStreet:
    """A light street that is up.

    Attributes:
        entry: What the journal holds of it.
        plan: Its scene, of the doors only those that could be opened.
        left_out: The scene's other doors.
    """

    entry: journal.Entry
    plan: Scene
    left_out: tuple[Expected, ...]

    def line(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> list[str]:
        """The command line that runs a command in a house.

        Raises:
            UsageError: There is no such house.
            HostError: The street has ended.
        """
        self.plan.house(name)
        keeper = _child(self.entry.process)
        if keeper is None:
            raise HostError(
                "the street has ended", hint="tojimari lab up {scene}", scene=self.plan.name
            )
        path = (environment or os.environ).get("PATH", os.defpath)
        return [
            "nsenter",
            f"--target={keeper}",
            *(("--user", "--preserve-credentials") if os.geteuid() else ()),
            *("--mount", "--net", "--pid", "--ipc", "--uts", "--", "sh", "-c", _INTO, "sh", name),
            *("env", f"PATH={HOUSES}/bin:{path}:/usr/sbin:/sbin", *command),
        ]

    def open_doors(self, name: str) -> list[Expected] | None:
        """Which of a house's doors are open now, without knocking; None where it is not up."""
        tables: dict[str, str] = {}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            line = self.line(name, ["cat", f"/proc/net/{table}"])
            done = subprocess.run(  # noqa: S603 - our own words
                line, capture_output=True, text=True, check=False
            )
            if done.returncode:
                return None
            tables[table] = done.stdout
        waiting = listening_in(tables)
        return [one for one in self.plan.house(name).services if one.port in waiting[one.transport]]


# $1: the house. Its first process holds its namespaces; the keeper's own show its number.
_INTO = f"""
name=$1; shift
exec nsenter --target "$(cat {HOUSES}/"$name"/pid)" --mount --net --uts -- "$@"
"""


def possible() -> bool:
    """Whether a whole street is out of reach here, so that a light one is what there is."""
    return os.geteuid() != 0 or shutil.which("systemd-nspawn") is None


def reduced(plan: Scene) -> tuple[Scene, tuple[Expected, ...]]:
    """The scene with those doors only that can be opened here, and the others."""
    left_out: list[Expected] = []
    houses: list[House] = []
    for house in plan.houses:
        opened = {
            service
            for one in byhand.startable(house, "/")
            if not one.program or program(one.program)
            for service in one.services
        }
        services = tuple(one for one in house.services if one in opened)
        left_out += [one for one in house.services if one not in opened]
        houses.append(replace(house, services=services))
    return replace(plan, houses=tuple(houses), tries=()), tuple(left_out)


def program(name: str) -> str | None:
    """Where a daemon's program is; those of administrators are looked for too."""
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/local/sbin:/usr/sbin:/sbin")


def up(places: Places, plan: Scene, say: Say) -> LightStreet:
    """Bring a scene up as far as it goes; a light street that stands already is taken down first.

    Raises:
        HostError: Programs or namespaces are missing, or it did not come up.
    """
    _need()
    places.ensure()
    with journal.alone(places.state):
        clear(places, say)
        smaller, left_out = reduced(plan)
        log = places.state / "light.log"
        words = [
            "unshare",
            *(("--user", "--map-root-user") if os.geteuid() else ()),
            *("--net", "--mount", "--pid", "--ipc", "--uts", "--propagation", "private"),
            *("--fork", "--kill-child", "--mount-proc"),
            *(sys.executable, "-P", "-m", KEEPER),
        ]
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own words
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        entry = journal.Entry(
            group=f"{GROUP}{secrets.token_hex(4)}",
            scene=plan.name,
            began=time.time(),
            process=process.pid,
            started=_started(process.pid) or 0,
        )
        journal.write(places.journal, entry)
        try:
            _listen(process, plan.name, say, log)
        except BaseException:
            clear(places, lambda _: None)
            raise
        journal.write(places.journal, replace(entry, ready=True))
        return LightStreet(entry, smaller, left_out)


def standing(entry: journal.Entry, plan: Scene) -> LightStreet | None:
    """The light street of a journal's entry; None where it has ended."""
    if not is_light(entry) or _started(entry.process) != entry.started:
        return None
    return LightStreet(entry, *reduced(plan))


def is_light(entry: journal.Entry) -> bool:
    """Whether an entry is of a light street."""
    return entry.group.startswith(GROUP)


def clear(places: Places, say: Say) -> bool:
    """Take the light street of the journal down; whether there was one."""
    entry = journal.read(places.journal)
    if entry is None or not is_light(entry):
        return False
    say(Message("taking-down", "taking down {scene}", {"scene": entry.scene}))
    deadline = time.monotonic() + PATIENCE
    while _started(entry.process) == entry.started and entry.started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry.process, 9)  # with it the kernel ends the keeper, and all with that
        with contextlib.suppress(ChildProcessError):
            os.waitpid(entry.process, os.WNOHANG)
        if time.monotonic() > deadline:
            raise HostError(
                "the street cannot be taken down: {reason}",
                hint="tojimari lab down",
                reason=str(entry.process),
            )
        time.sleep(0.01)
    journal.erase(places.journal)
    return True


def _listen(process: "subprocess.Popen[bytes]", name: str, say: Say, log: Path) -> None:
    """Order the street, and hear the keeper out until it is ready.

    Raises:
        HostError: It failed.
    """
    assert process.stdin is not None  # noqa: S101 - both are pipes, as asked for
    assert process.stdout is not None  # noqa: S101 - the same
    reason = ""
    with process.stdin, process.stdout, contextlib.suppress(BrokenPipeError):
        order = Order(name, sys.executable, os.environ.get("PATH", os.defpath))
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            event = msgspec.json.decode(line, type=Event)
            if event.state == "ready":
                process.stdin.write(STAY)
                return
            reason = event.reason
            if event.state == "up":
                say(_told(event))
    said = log.read_text("utf-8", "replace").strip().splitlines()
    raise HostError(
        "the street did not come up: {reason}",
        hint="what was said on the way is in {log}",
        reason=reason or next(reversed(said), "its keeper ended"),
        log=str(log),
    )


def _told(event: Event) -> Message:
    if event.missing:
        return Message(
            "house-incomplete",
            "{house} is up, not whole; units that failed: {failed}; doors still shut: {missing}",
            {"house": event.house, "failed": "-", "missing": ", ".join(event.missing)},
        )
    return Message("light-house-up", "{house} is up", {"house": event.house})


def _need() -> None:
    """See to it that namespaces can be made here.

    Raises:
        HostError: They cannot.
    """
    missing = {package for name, package in PROGRAMS.items() if shutil.which(name) is None}
    if missing:
        raise HostError(
            "the lab needs programs that this machine lacks: {packages}",
            hint="sudo apt-get install -y {packages}",
            packages=" ".join(sorted(missing)),
        )
    if os.geteuid() == 0:
        return
    words = ["unshare", "--user", "--map-root-user", "--net", "--mount", "true"]
    done = subprocess.run(  # noqa: S603 - our own words
        words, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise HostError(
            "a street without root needs user namespaces, and this machine gives none: {reason}",
            hint="sudo tojimari lab up",
            reason=done.stderr.strip(),
        )


def _started(process: int) -> int | None:
    """When a process began, in ticks since the machine did (proc(5)); None where it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return None
    state, *others = fields.split()
    return None if state in {"Z", "X"} else int(others[18])


def _child(process: int) -> int | None:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return None
    return int(children.split()[0]) if children.split() else None
