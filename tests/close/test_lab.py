"""Real daemons of real houses, each closed in each way and moved, and everything put back.

After each change every witness is asked: the sockets of the house, its rules, a scan from another
house, and whoever speaks with the door from there. After each undoing: every byte of the
configuration, every unit and every rule as before. The table of all of it is printed.
"""

import contextlib
import json
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import knocked, snapshot, tojimari, until
from witnesses import HEADING, OPEN, SHUT, SILENT, Word, asked

WAYS = ("unit", "config", "firewall", "move")
NEW = 40777  # where each is moved to


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
        Daemon("dnsmasq", "files", 53, "resolver.service"),
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


# dnsmasq as a resolver, which no scene has: it lives in a house whose 53 is free.
RESOLVER = """
cat >/etc/resolver.conf <<END
no-resolv
no-hosts
address=/lab.example/192.0.2.1
port=53
END
cat >/etc/systemd/system/resolver.service <<END
[Service]
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground -C /etc/resolver.conf
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --quiet --now resolver
"""
GONE = """
systemctl disable --quiet --now resolver
rm /etc/resolver.conf /etc/systemd/system/resolver.service
systemctl daemon-reload
"""


@contextlib.contextmanager
def prepared(street: Street, scene: str) -> Generator[None]:
    """The street with what the scene itself does not have."""
    if scene != "town":
        yield
        return
    inside(street, "files", "sh", "-ec", RESOLVER)
    try:
        yield
    finally:
        inside(street, "files", "sh", "-ec", GONE)


def units(daemon: Daemon) -> list[str]:
    every = {one.unit for all_ in SCENES.values() for one in all_ if one.house == daemon.house}
    return sorted(every)


@dataclass(frozen=True)
class Row:
    """What came of one way.

    Attributes:
        daemon: Whose door it was.
        way: In which it was closed.
        seconds: From the command to its proof.
        word: What each witness said of the door afterwards.
        new: The same of the new door; None where it was not moved.
        wrong: What was not as it has to be.
    """

    daemon: Daemon
    way: str
    seconds: float = 0.0
    word: Word | None = None
    new: Word | None = None
    wrong: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.daemon.name:16}{self.daemon.word:11}{self.way:10}{self.seconds:4.1f} s  "
        undone = "; ".join(self.wrong)[:300] or "same bytes"
        return f"{where}{self.word}{self.new.spoken if self.new else SILENT:13}{undone}"


def closed(street: Street, daemon: Daemon, way: str) -> Row:
    """Close a door or move it, and put it back."""
    before = snapshot(street, daemon.house, units(daemon))
    if until(lambda: knocked(street, daemon.house, daemon.port, udp=daemon.udp), "open") != "open":
        return Row(daemon, way, wrong=("was not open",))
    was = asked(street, daemon.house, daemon.port, udp=daemon.udp)
    options = ("--yes", "--for", "10m", "--json")
    words = (
        ["move", daemon.word, str(NEW)] if way == "move" else ["close", daemon.word, "--by", way]
    )
    began = time.monotonic()
    code, said = tojimari(street, daemon.house, *words, *options)
    took = time.monotonic() - began
    if code != 0:
        return Row(daemon, way, took, wrong=(f"refused: {said[-300:]}",))
    proof = json.loads(said)["change"]["proof"]
    found = [] if proof else ["no proof"]
    word = asked(street, daemon.house, daemon.port, udp=daemon.udp)
    if word.is_open or knocked(street, daemon.house, daemon.port, udp=daemon.udp) == "open":
        found.append("open from another house")
    wanted = (OPEN, SHUT) if way == "firewall" else (SHUT, OPEN)
    if (word.sockets, word.rules) != wanted:
        found.append(f"sockets and rules: {word.sockets}, {word.rules}")
    new = asked(street, daemon.house, NEW, udp=daemon.udp) if way == "move" else None
    if new is not None and (new.sockets, new.rules, new.spoken) != (OPEN, OPEN, was.spoken):
        found.append(f"the new door: {new}")
    if way == "move" and not daemon.udp and not any("conversation" in one for one in proof):
        found.append("nobody spoke")
    code, said = tojimari(street, daemon.house, "undo")
    if code != 0:
        found.append(f"undo: {said[-300:]}")
    if until(lambda: knocked(street, daemon.house, daemon.port, udp=daemon.udp), "open") != "open":
        found.append("not open again")
    after = snapshot(street, daemon.house, units(daemon))
    found += [f"- {line}" for line in before if line not in after][:3]
    found += [f"+ {line}" for line in after if line not in before][:3]
    return Row(daemon, way, took, word, new, tuple(found))


def of_house(street: Street, daemons: list[Daemon]) -> list[Row]:
    return [closed(street, one, way) for one in daemons for way in one.ways]


@pytest.mark.parametrize("scene", SCENES)
def test_every_daemon_is_closed_in_every_way_and_put_back_to_the_byte(
    streets: Streets, scene: str, capsys: pytest.CaptureFixture[str]
) -> None:
    street = streets.up(scene)
    houses = sorted({one.house for one in SCENES[scene]})
    by_house = [[one for one in SCENES[scene] if one.house == house] for house in houses]
    with prepared(street, scene), ThreadPoolExecutor(2) as pool:
        done = pool.map(of_house, [street] * len(houses), by_house)
        rows = [row for those in done for row in those]
    with capsys.disabled():
        heading = f"{scene:16}{'door':11}{'way':10}{'took':8}{HEADING}{'new door':13}undone"
        print("\n".join(["", heading, *map(str, rows)]))  # noqa: T201 - the table that was promised
    wrong = [f"{row.daemon.name} {row.way}: {one}" for row in rows for one in row.wrong]
    assert not wrong
    assert {row.way for row in rows} == set(WAYS)
