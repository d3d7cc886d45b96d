"""Real daemons of real houses, each closed in each way and moved, and everything put back.

After each change: by the sockets of the house, by its rules (tojimari's own proof), and by whoever
knocks from another house. After each undoing: every byte of the configuration, every unit and every
rule as before. The table of all of it is printed.
"""

import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street

WAYS = ("unit", "config", "firewall", "move")
NEW = 40777  # where each is moved to
VISITOR = "visitor"

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


@dataclass(frozen=True)
class Daemon:
    """One daemon of a scene.

    Attributes:
        name: Of the service whose files are understood.
        house: Where it stands.
        port: Its door.
        unit: That holds it.
        udp: Whether it is a door of datagrams.
        ways: In which ways it can be closed.
    """

    name: str
    house: str
    port: int
    unit: str
    udp: bool = False
    ways: tuple[str, ...] = WAYS

    @property
    def word(self) -> str:
        return f"{self.port}/{'udp' if self.udp else 'tcp'}"


SCENES = {
    "town": (
        Daemon("apache", "web", 80, "apache2.service"),
        Daemon("sshd", "web", 22, "ssh.service"),
        Daemon("vsftpd", "files", 21, "vsftpd.service"),
        Daemon("proftpd", "archive", 21, "proftpd.service"),
        Daemon("postfix", "mail", 25, "postfix@-.service"),
        Daemon("dovecot", "mail", 143, "dovecot.service"),
        Daemon("bind", "names", 53, "named.service"),
        Daemon("chrony", "names", 123, "chrony.service", udp=True),
    ),
    "modern": (
        Daemon("nginx", "www", 80, "nginx.service"),
        Daemon("postgresql", "data", 5432, "postgresql@15-main.service"),
        Daemon("mariadb", "data", 3306, "mariadb.service"),
        Daemon("redis", "data", 6379, "redis-server.service"),
        Daemon("memcached", "data", 11211, "memcached.service"),
        Daemon("mosquitto", "queue", 1883, "mosquitto.service"),
        Daemon("rabbitmq", "queue", 5672, "rabbitmq-server.service"),
        Daemon("nats-server", "queue", 4222, "nats-server.service", ways=("unit", "firewall")),
        Daemon("samba", "office", 445, "smbd.service"),
        Daemon("rsyncd", "office", 873, "rsync.service"),
    ),
    "moved": (
        Daemon("systemd-socket", "hide", 8080, "telnet.socket"),
        Daemon("sshd", "swap", 80, "ssh.service"),
        Daemon("dovecot", "hide", 21, "dovecot.service"),
    ),
}


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


def snapshot(street: Street, daemon: Daemon) -> list[str]:
    units = {one.unit for all_ in SCENES.values() for one in all_ if one.house == daemon.house}
    return inside(street, daemon.house, "python3", "-c", SNAPSHOT, *sorted(units)).splitlines()


def knocked(street: Street, daemon: Daemon, port: int) -> str:
    """What somebody in another house meets."""
    address = street.plan.house(daemon.house).ipv4
    transport = "udp" if daemon.udp else "tcp"
    words = ("python3", "-c", KNOCK, transport, str(address), str(port))
    return inside(street, VISITOR, *words).strip()


def until(check: Callable[[], str], wanted: str) -> str:
    """Ask again until it is so; a server may need a moment after its unit says that it runs."""
    deadline = time.monotonic() + 30
    while (found := check()) != wanted and time.monotonic() < deadline:
        pass
    return found


def closed(street: Street, daemon: Daemon, way: str) -> str:
    """Close a door or move it, and put it back; what went wrong, or how long it took."""
    before = snapshot(street, daemon)
    if until(lambda: knocked(street, daemon, daemon.port), "open") != "open":
        return "was not open"
    options = ("--yes", "--for", "10m", "--json")
    asked = (
        ["move", daemon.word, str(NEW)] if way == "move" else ["close", daemon.word, "--by", way]
    )
    began = time.monotonic()
    code, said = tojimari(street, daemon.house, *asked, *options)
    took = time.monotonic() - began
    if code != 0:
        return f"refused: {said[-300:]}"
    proof = json.loads(said)["change"]["proof"]
    found = [] if proof else ["no proof"]
    if (heard := knocked(street, daemon, daemon.port)) == "open":
        found.append("open from another house")
    if way == "move" and (heard := knocked(street, daemon, NEW)) != "open":
        found.append(f"the new door: {heard}")
    if way == "move" and not daemon.udp and not any("conversation" in one for one in proof):
        found.append("nobody spoke")
    code, said = tojimari(street, daemon.house, "undo")
    if code != 0:
        found.append(f"undo: {said[-300:]}")
    if until(lambda: knocked(street, daemon, daemon.port), "open") != "open":
        found.append("not open again")
    after = snapshot(street, daemon)
    found += [f"- {line}" for line in before if line not in after][:3]
    found += [f"+ {line}" for line in after if line not in before][:3]
    return "; ".join(found) if found else f"{took:.1f} s"


Row = tuple[Daemon, dict[str, str]]


def of_house(street: Street, daemons: list[Daemon]) -> list[Row]:
    return [(one, {way: closed(street, one, way) for way in one.ways}) for one in daemons]


@pytest.mark.parametrize("scene", SCENES)
def test_every_daemon_is_closed_in_every_way_and_put_back_to_the_byte(
    streets: Streets, scene: str, capsys: pytest.CaptureFixture[str]
) -> None:
    street = streets.up(scene)
    houses = sorted({one.house for one in SCENES[scene]})
    by_house = [[one for one in SCENES[scene] if one.house == house] for house in houses]
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(of_house, [street] * len(houses), by_house)
        rows = [row for those in done for row in those]
    with capsys.disabled():
        print(f"\n{scene:16}{'door':12}" + "".join(f"{way:10}" for way in WAYS))  # noqa: T201 - the table that was promised
        for daemon, results in rows:
            cells = "".join(f"{results.get(way, '-')[:300]:10}" for way in WAYS)
            print(f"{daemon.name:16}{daemon.word:12}{cells}")  # noqa: T201 - the same
    wrong = [
        f"{daemon.name} {way}: {said}"
        for daemon, results in rows
        for way, said in results.items()
        if not said.endswith(" s")
    ]
    assert not wrong
