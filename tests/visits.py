"""Houses of the practice network, visited: what is in them, and who answers a knock."""

import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from streets import inside
from tojimari.lab import cgroups, house, launch
from tojimari.lab.keeper import HOUSES
from tojimari.lab.launch import Street

VISITOR = "visitor"
SSH = ("ssh", "-q", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no")
PATIENCE = 30.0  # seconds; the machine may be busy with other tests

# Every file and link under /etc with its content, mode and owner; units; rules.
SNAPSHOT = r"""
import hashlib, os, subprocess, sys
for folder, names, files in os.walk("/etc"):
    names.sort()
    for name in sorted([*files, *names]):
        path = os.path.join(folder, name)
        status = os.lstat(path)
        content = ""
        if os.path.islink(path):
            content = os.readlink(path)
        elif os.path.isfile(path):
            content = hashlib.sha256(open(path, "rb").read()).hexdigest()
        print(path, oct(status.st_mode), status.st_uid, status.st_gid, content)
for words in (["nft", "list", "ruleset"],
              ["systemctl", "is-enabled", *sys.argv[1:]],
              ["systemctl", "is-active", *sys.argv[1:]]):
    print(subprocess.run(words, capture_output=True, text=True).stdout)
"""

# Knocks: TCP by connecting, UDP by asking for the time or for a name.
KNOCK = r"""
import socket, sys
transport, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
asked = {"ntp": b"\x23" + bytes(47)}
try:
    if transport == "tcp":
        socket.create_connection((host, port), timeout=2).close()
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(2)
            one.connect((host, port))
            one.send(asked["ntp"])
            one.recv(512)
except OSError as error:
    print(type(error).__name__)
else:
    print("open")
"""


def tojimari(street: Street, house: str, *words: str) -> tuple[int, str]:
    """A command of tojimari in a house; exit code, and what it printed."""
    done = subprocess.run(
        street.line(house, ["tojimari", *words]),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return done.returncode, done.stdout + done.stderr


def snapshot(street: Street, house: str, units: Iterable[str] = ()) -> list[str]:
    """Everything that undoing must give back: files, units and rules, a line each."""
    return inside(street, house, "python3", "-c", SNAPSHOT, *units).splitlines()


def knocked(street: Street, house: str, port: int, *, udp: bool = False) -> str:
    """What somebody in another house meets."""
    address = street.plan.house(house).ipv4
    words = ("python3", "-c", KNOCK, "udp" if udp else "tcp", str(address), str(port))
    return inside(street, VISITOR, *words).strip()


def until(check: Callable[[], str], wanted: str) -> str:
    """Ask again until it is so; a server may need a moment after its unit says that it runs."""
    deadline = time.monotonic() + PATIENCE
    while (found := check()) != wanted and time.monotonic() < deadline:
        pass
    return found


def booted_anew(street: Street, name: str) -> None:
    """Have a house end and start again with the same disk; its rules are gone, as at any boot.

    The supervisor of a house ends with it, so this puts another into its place, where it was.
    """
    group = f"{street.entry.group}/{name}"
    keeper = _parent(street.leader(name), 2)
    words = ["nsenter", f"--target={keeper}", "--mount", "--pid", "--ipc", "--uts", "--net"]
    # Off at once, in the midst of everything, as where the power fails.
    subprocess.run(
        street.line(name, ["systemctl", "poweroff", "--force", "--force"]),
        check=False,
        capture_output=True,
    )
    deadline = time.monotonic() + PATIENCE
    while cgroups.processes(group):
        assert time.monotonic() < deadline, "the house did not end"
    space = f"--net=/run/netns/{name}"
    subprocess.run([*words, "nsenter", space, "nft", "flush", "ruleset"], check=True)
    line = house.boot_line(street.plan.house(name), str(HOUSES / name / "root"), launch.mounted())
    enter = "".join(f"echo $$ >{entrance}; " for entrance in cgroups.entrances(group))
    subprocess.Popen(
        [*words, "sh", "-euc", f'{enter}exec "$@" >/dev/null 2>&1 </dev/null &', "sh", *line]
    ).wait()
    while cgroups.init_of(group) is None:
        assert time.monotonic() < deadline + PATIENCE, "the house did not start"
    while "running" not in _state(street, name):
        assert time.monotonic() < deadline + 3 * PATIENCE, "the house did not come up"


def _state(street: Street, name: str) -> str:
    words = street.line(name, ["systemctl", "is-system-running", "--wait"])
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90)
    return done.stdout.replace("degraded", "running")


def _parent(pid: int, steps: int) -> int:
    """The process from which another comes, so many steps before (proc_pid_stat(5))."""
    for _ in range(steps):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        pid = int(told.rpartition(")")[2].split()[1])
    return pid


def let_in(street: Street, house: str) -> tuple[str, ...]:
    """See that the visitor may log in to a house; the words by which they do."""
    make = (
        "test -e /root/.ssh/id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519"
    )
    inside(street, VISITOR, "sh", "-c", f"mkdir -p -m 700 /root/.ssh; {make}")
    key = inside(street, VISITOR, "cat", "/root/.ssh/id_ed25519.pub")
    take = "mkdir -p -m 700 /root/.ssh; cat >/root/.ssh/authorized_keys"
    inside(street, house, "sh", "-c", take, said=key)
    return (*SSH, f"root@{street.plan.house(house).ipv4}")


def by_ssh(visitor: tuple[Street, tuple[str, ...]], command: str) -> tuple[int, str]:
    """What a command prints that is typed over SSH."""
    street, words = visitor
    done = subprocess.run(
        street.line(VISITOR, [*words, command]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr
