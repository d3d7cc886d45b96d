"""Daemons started by hand, where no systemd starts them: command lines that need nothing prepared.

For a street without a root tree. Only those stand here that a line and a file or two make serve, as
whoever runs them; the rest wants users, databases or keys that only its package's set-up makes.
Pure.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tojimari.core.endpoint import Transport
from tojimari.lab.house import CODE
from tojimari.lab.scene import Expected, House


@dataclass(frozen=True, slots=True)
class ByHand:
    """A daemon that is started by a line.

    Attributes:
        program: What must be found on this machine; empty for one of ``lab.imitations``.
        words: The command line; it stays in the foreground.
        services: The doors that it then opens.
        files: Name and text of what it reads, written into the house's own folder before.
    """

    program: str
    words: tuple[str, ...]
    services: tuple[Expected, ...]
    files: tuple[tuple[str, str], ...] = ()


Starting = Callable[[str, Sequence[int]], tuple[tuple[str, ...], tuple[tuple[str, str], ...]]]


def _redis(folder: str, ports: Sequence[int]) -> tuple[tuple[str, ...], tuple[()]]:
    words = ("redis-server", "--port", str(ports[0]), "--bind", "*", "-::*", "--save", "")
    return (*words, "--protected-mode", "no", "--dir", folder), ()


def _memcached(folder: str, ports: Sequence[int]) -> tuple[tuple[str, ...], tuple[()]]:
    del folder
    return ("memcached", "-p", str(ports[0]), "-l", "0.0.0.0,::", "-u", "root"), ()


def _nats(folder: str, ports: Sequence[int]) -> tuple[tuple[str, ...], tuple[()]]:
    del folder
    return ("nats-server", "-p", str(ports[0])), ()


def _mosquitto(folder: str, ports: Sequence[int]) -> tuple[tuple[str, ...], tuple[tuple[str, str]]]:
    text = f"listener {ports[0]}\nallow_anonymous true\n"
    return ("mosquitto", "-c", f"{folder}/mosquitto.conf"), (("mosquitto.conf", text),)


def _nginx(folder: str, ports: Sequence[int]) -> tuple[tuple[str, ...], tuple[tuple[str, str]]]:
    servers = "".join(f"server {{ listen {one}; listen [::]:{one}; }}\n" for one in ports)
    text = (
        f"daemon off;\nuser root;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        "events {}\nhttp {\naccess_log off;\n"
        + "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"{servers}}}\n"
    )
    return ("nginx", "-c", f"{folder}/nginx.conf", "-e", "stderr"), (("nginx.conf", text),)


STARTING: dict[str, Starting] = {
    "redis-server": _redis,
    "memcached": _memcached,
    "nats-server": _nats,
    "mosquitto": _mosquitto,
    "nginx": _nginx,
}
"""By the name of the program, as the scenes have it."""


def startable(house: House, folder: str) -> list[ByHand]:
    """What of a house can be started by hand, its imitations first.

    Args:
        house: Which house.
        folder: Its own folder, where what is started may write.
    """
    found = list(_imitations(house))
    for daemon, starting in STARTING.items():
        services = tuple(
            one
            for one in house.services
            if one.daemon == daemon
            and not (one.tls or one.loopback or one.imitation)
            and one.transport is Transport.TCP
            and (one.protocol == "http") is (daemon == "nginx")
        )
        if services:
            words, files = starting(folder, [one.port for one in services])
            found.append(ByHand(daemon, words, services, files))
    return found


def _imitations(house: House) -> list[ByHand]:
    """The scene's imitations, by the command lines of their units.

    One that needs a certificate is left out: those of the street are made with its root tree.
    """
    found: list[ByHand] = []
    for file in house.files:
        name = file.path.rpartition("/")[2].removesuffix(".service")
        line = next((one for one in file.text.splitlines() if one.startswith(START)), "")
        words = shlex.split(line.removeprefix(START))
        services = tuple(one for one in house.services if one.daemon == name and not one.tls)
        if words and services and services[0].imitation and f"PYTHONPATH={CODE}" in file.text:
            found.append(ByHand("", tuple(words[1:]), services))
    return found


START = "ExecStart="
