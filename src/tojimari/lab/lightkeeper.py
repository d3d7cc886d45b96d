"""The first process of a light street: it lays it, and starts what can be started by hand.

As with the whole street's keeper, everything ends with it, and until it is told to stay it ends
with its launcher. Before anything is started, all of this machine's files become read-only for it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tojimari.lab import byhand, keeper, light, scene, street
from tojimari.lab.keeper import Abandoned, Event
from tojimari.lab.light import HOUSES, Order
from tojimari.lab.scene import House, Scene

DOORS = 15.0  # seconds until a daemon's doors must be open
ITS_OWN = ("/proc", "/sys", "/dev", "/run")  # file systems of the kernel's, and the street's

# $1: the house, $2: its folder. It has files of its own where names are looked up.
_HOLD = """
name=$1 folder=$2
hostname "$name" 2>/dev/null || echo "$name" >/proc/sys/kernel/hostname
mount --bind "$folder/hosts" /etc/hosts
mount -t sysfs sysfs /sys 2>/dev/null || :
echo $$ >"$folder/pid"
exec sleep infinity
"""

_COMMAND = """#!/bin/sh
exec "{python}" -P -m tojimari "$@"
"""


def main() -> None:
    """Lay the street that standard input orders, and keep it."""
    try:
        order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
        plan, _ = light.reduced(scene.load(order.scene))
        try:
            _lay(order, plan)
        except (OSError, subprocess.SubprocessError) as error:
            detail = getattr(error, "stderr", None) or ""
            keeper.tell(Event("failed", reason=f"{error} {detail}".strip()))
            sys.exit(1)
        keeper.tell(Event("ready"))
        keeper.keep(tied=False)
    except Abandoned:
        sys.exit(0)


def _lay(order: Order, plan: Scene) -> None:
    keeper.empty_run()
    for line in _read_only():
        keeper.run(*line)
    HOUSES.mkdir()
    tools = HOUSES / "bin"
    tools.mkdir()
    command = tools / "tojimari"
    command.write_text(_COMMAND.format(python=order.python), encoding="utf-8")
    command.chmod(0o755)
    os.environ["PATH"] = f"{tools}:{order.path}:/usr/local/sbin:/usr/sbin:/sbin"
    keeper.lay_network(plan)
    for one in plan.houses:
        keeper.ip(street.house_lines(one), namespace=one.name)
        _settle(order, plan, one)
        keeper.check_launcher()
    for one in plan.houses:
        keeper.tell(_wait(one))


def _read_only() -> Iterator[list[str]]:
    """Lines that make each file system read-only, with the flags that it has already (proc(5))."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        point, flags = _plain(fields[4]), fields[5].split(",")
        own = any(point == one or point.startswith(f"{one}/") for one in ITS_OWN)
        if "rw" in flags and not own:
            kept = ",".join(flag for flag in flags if flag != "rw")
            yield ["mount", "-o", f"remount,bind,ro,{kept}".rstrip(","), point]


def _plain(path: str) -> str:
    r"""A path without its escapes: ``\040`` is a space."""
    return path.encode("ascii", "backslashreplace").decode("unicode_escape")


def _settle(order: Order, plan: Scene, one: House) -> None:
    """Make one house, and start what serves there."""
    folder = HOUSES / one.name
    folder.mkdir()
    (folder / "hosts").write_text(street.hosts_file(plan), encoding="utf-8")
    hold = ("unshare", "--mount", "--uts", "sh", "-euc", _HOLD, "sh", one.name, str(folder))
    _start(("nsenter", f"--net=/run/netns/{one.name}", *hold), folder)
    deadline = time.monotonic() + DOORS
    keeper.until(deadline, lambda: (folder / "pid").exists() and (folder / "pid").read_text())
    leader = (folder / "pid").read_text(encoding="ascii").strip()
    keeper.tell(Event("booting", house=one.name))
    for daemon in byhand.startable(one, str(folder)):
        for name, text in daemon.files:
            (folder / name).write_text(text, encoding="utf-8")
        program = light.program(daemon.program) if daemon.program else order.python
        if program is not None:
            inside = ("nsenter", f"--target={leader}", "--mount", "--uts", "--net", "--")
            _start((*inside, program, *daemon.words[bool(daemon.program) :]), folder)


def _start(words: tuple[str, ...], folder: Path) -> None:
    """Start something that stays; what it says is kept in the house's own folder."""
    with (folder / "log").open("ab") as said:
        subprocess.Popen(  # noqa: S603 - our own words; names come from the scene's file
            words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder
        )


def _wait(one: House) -> Event:
    leader = int((HOUSES / one.name / "pid").read_text(encoding="ascii"))
    keeper.until(time.monotonic() + DOORS, lambda: not keeper.shut(leader, one.services))
    shut = keeper.shut(leader, one.services)
    missing = [f"{service.transport} {service.port}" for service in shut]
    return Event("up", house=one.name, missing=missing)


if __name__ == "__main__":
    main()
