"""The first process inside the street's namespaces: it lays the street, boots the houses, waits.

Its own namespaces (network, mounts, process numbers) are made by ``unshare`` before it starts. When
it ends, the kernel ends every process of the street with it, and the mounts, cables and bridges go
with the last of them.

It tells its launcher how far it is, one JSON object a line on standard output. Until it has been
told to stay (a line on standard input) it ends as soon as that input does: a launcher that is
killed half way leaves no half a street.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeVar

import msgspec

from tojimari.lab import cgroups, house, scene, street
from tojimari.lab.house import Mounted
from tojimari.lab.scene import Expected, House, Scene
from tojimari.linux import libc

STAY = b"stay\n"
HOUSES = Path("/run/tojimari-lab")  # in the keeper's own, empty /run
SETTLED = {"running", "degraded"}  # systemctl(1), is-system-running: nothing is starting any more
DOORS = 15.0  # seconds that a daemon may take to open its door once its unit has started
ANSWER = 5.0  # seconds for one question to a house's systemd, before it is asked again
PATIENCE = 60.0  # seconds for a whole street; 20 are promised on two idle cores
# Duplicate address detection keeps a new link-local address from use for a second (RFC 4862, 5.4).
NO_DAD = "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad"
# A systemd takes five or so, and the kernel allows 128 of one user where nobody said otherwise.
INOTIFY = "sudo sysctl fs.inotify.max_user_instances=1024"
PAUSE = 0.05  # seconds between looks

T = TypeVar("T")
Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Order:
    """What the keeper is to build.

    Attributes:
        scene: Name of the scene.
        group: The street's control group.
        tree: The root tree.
        annexes: The folder of the annexes.
        logs: Folder for one log a house.
        mounted: What the houses see of the real machine.
        tied: Whether the street ends when its launcher does, even after it is up.
    """

    scene: str
    group: str
    tree: str
    annexes: str
    logs: str
    mounted: tuple[Mounted, ...]
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the keeper's to its launcher.

    Attributes:
        state: ``booting``, ``up`` (one house), ``ready`` (the street) or ``failed``.
        house: Which house; empty where it is about the street.
        failed: Units that did not start.
        missing: Doors that did not open, as ``tcp 22``.
        reason: What went wrong, for ``failed``.
    """

    state: str
    house: str = ""
    failed: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])
    reason: str = ""


class Abandoned(Exception):  # noqa: N818 - it is no error: the launcher has gone
    """The launcher ended before it told the keeper to stay."""


def main() -> None:
    """Lay the street that standard input orders, and keep it."""
    try:
        order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
        plan = scene.load(order.scene)
        try:
            _lay(order, plan)
        except (OSError, subprocess.SubprocessError) as error:
            detail = getattr(error, "stderr", None) or ""
            tell(Event("failed", reason=f"{error} {detail}".strip()))
            sys.exit(1)
        tell(Event("ready"))
        keep(tied=order.tied)
    except Abandoned:
        sys.exit(0)


def tell(event: Event) -> None:
    """Write one event; nobody listening is fine."""
    with contextlib.suppress(OSError):
        os.write(1, msgspec.json.encode(event) + b"\n")


def _wake(signum: int, frame: FrameType | None) -> None:
    """Nothing: the number itself arrives at the wake-up pipe."""
    del signum, frame


def empty_run() -> None:
    """An empty /run of the keeper's own, in memory."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")


def lay_network(plan: Scene) -> None:
    """The router with its bridges, and a network namespace with a cable for each house."""
    run("sh", "-euc", NO_DAD)
    ip(street.router_lines())
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        Path("/proc/sys/net", name).write_text("1\n", encoding="ascii")
    for one in plan.houses:
        run("ip", "netns", "add", one.name)
        run("nsenter", f"--net=/run/netns/{one.name}", "sh", "-euc", NO_DAD)
    ip(street.plug_lines(plan.houses))


def _lay(order: Order, plan: Scene) -> None:
    empty_run()
    HOUSES.mkdir()
    lay_network(plan)
    supervisors: dict[str, Process] = {}
    for one in plan.houses:
        ip(street.house_lines(one), namespace=one.name)
        tell(Event("booting", house=one.name))
        supervisors[one.name] = _boot(order, one, _furnish(order, plan, one))
        check_launcher()
    deadline = time.monotonic() + PATIENCE
    for one in plan.houses:
        tell(_wait_until_up(order, one, supervisors[one.name], deadline))


def _furnish(order: Order, plan: Scene, one: House) -> Path:
    """Mount the root of a house and write into it what the scene says."""
    home = HOUSES / one.name
    root = home / "root"
    for folder in (home / "upper", home / "work", root):
        folder.mkdir(parents=True)
    below = [order.tree]
    if one.annex is not None:
        below.insert(0, f"{order.annexes}/{one.annex}")
    layers = f"lowerdir={':'.join(below)},upperdir={home / 'upper'},workdir={home / 'work'}"
    run("mount", "-t", "overlay", "-o", layers, "overlay", str(root))
    owners = _owners(root)
    for file in house.files(plan, one, order.group):
        target = root / file.path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # it may be a link that leads out of the house
        target.write_text(file.text, encoding="utf-8")
        target.chmod(file.mode)
        os.chown(target, *owners[file.owner])
    for mounted in order.mounted:
        (root / mounted.target.lstrip("/")).mkdir(parents=True, exist_ok=True)
    if one.commands:
        script = "\n".join(one.commands)
        run("ip", "netns", "exec", one.name, "chroot", str(root), "sh", "-euc", script)
    if one.units:
        run("systemctl", f"--root={root}", "--quiet", "enable", *one.units)
    return root


def _owners(root: Path) -> dict[str, tuple[int, int]]:
    """Users of a house's root: name to user and group number (passwd(5))."""
    lines = (root / "etc/passwd").read_text(encoding="utf-8").splitlines()
    fields = [line.split(":") for line in lines]
    return {field[0]: (int(field[2]), int(field[3])) for field in fields}


def _boot(order: Order, one: House, root: Path) -> Process:
    group = f"{order.group}/{one.name}"
    cgroups.make(group)
    # Born inside its group: a shell enters it and becomes the house's supervisor.
    enter = "".join(f"echo $$ >{entrance}; " for entrance in cgroups.entrances(group))
    with Path(order.logs, f"{one.name}.log").open("wb") as log:
        line = house.boot_line(one, str(root), order.mounted)
        return subprocess.Popen(  # noqa: S603 - our own words; names come from the scene's file
            ["/bin/sh", "-euc", f'{enter}exec "$@"', "sh", *line],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait_until_up(order: Order, one: House, supervisor: Process, deadline: float) -> Event:
    """Wait for the house's systemd, then for its doors; say what did not come."""

    def first_process() -> int | None:
        if supervisor.poll() is not None:
            log = Path(order.logs, f"{one.name}.log")
            said = log.read_text("utf-8", "replace")
            _check_inotify()
            raise subprocess.CalledProcessError(
                supervisor.returncode, ["systemd-nspawn", one.name], stderr=said
            )
        return cgroups.init_of(f"{order.group}/{one.name}")

    leader = until(deadline, first_process)
    if leader is None:
        return Event("up", house=one.name, missing=["systemd"])
    until(deadline, lambda: systemctl(leader, "is-system-running", "--wait") in SETTLED)
    until(min(deadline, time.monotonic() + DOORS), lambda: not shut(leader, one.services))
    units = systemctl(leader, "list-units", "--failed", "--plain", "--no-legend", "--full")
    return Event(
        "up",
        house=one.name,
        failed=[line.split()[0] for line in units.splitlines()],
        missing=[f"{service.transport} {service.port}" for service in shut(leader, one.services)],
    )


def shut(leader: int, services: Iterable[Expected]) -> list[Expected]:
    """Which of the expected doors are not open, seen without knocking.

    Args:
        leader: Any process of the house.
        services: What its scene expects.
    """
    tables = {
        name: Path(f"/proc/{leader}/net/{name}").read_text(encoding="ascii")
        for name in street.TABLES
    }
    waiting = street.listening_in(tables)
    return [one for one in services if one.port not in waiting[one.transport]]


def until(deadline: float, look: Callable[[], T]) -> T | None:
    """Look until there is something; None once the deadline has passed."""
    while not (seen := look()):
        check_launcher()
        if time.monotonic() > deadline:
            return None
        time.sleep(PAUSE)
    return seen


def systemctl(leader: int, *words: str) -> str:
    """What ``systemctl`` of a house says; empty where it says nothing in good time."""
    line = house.enter_line(leader, ["systemctl", *words], {})
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            line, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=ANSWER
        )
    except subprocess.TimeoutExpired:  # it can wait for a change that has come already
        return ""
    return done.stdout.decode("utf-8", "replace").strip()


def _check_inotify() -> None:
    """See whether a systemd can watch files; one that cannot ends without a word.

    Raises:
        OSError: The streets of this machine have used up what the kernel allows.
    """
    try:
        os.close(libc.inotify())
    except OSError as error:
        raise OSError(error.errno, f"inotify: {error.strerror} ({INOTIFY})") from None


def check_launcher() -> None:
    """See whether the launcher is still there.

    Raises:
        Abandoned: Its end of standard input is closed.
    """
    readable, _, _ = select.select([0], [], [], 0)
    if readable:  # it says nothing before the street is up, so this is the end
        raise Abandoned


def keep(*, tied: bool) -> None:
    """Reap what ends, for as long as the street stands.

    Raises:
        Abandoned: The launcher has gone, and did not tell the keeper to stay or tied it.
    """
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, _wake)
    watched = [0, reader]
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        for ready in select.select(watched, [], [])[0]:
            said = os.read(ready, 64)
            if ready == reader:
                continue
            if said != STAY:
                raise Abandoned
            if not tied:
                watched.remove(0)


def ip(lines: Iterable[str], namespace: str | None = None) -> None:
    """Tell ``ip`` what to make, in a named network namespace or in the keeper's own."""
    where = () if namespace is None else ("-n", namespace)
    run("ip", *where, "-batch", "-", said="".join(f"{line}\n" for line in lines))


def run(*words: str, said: str = "") -> None:
    """Run a program that must succeed.

    Raises:
        CalledProcessError: It did not.
    """
    subprocess.run(  # noqa: S603 - our own words; names come from the scene's file
        words, input=said, text=True, capture_output=True, check=True
    )


if __name__ == "__main__":
    main()
