"""Streets of the practice network for tests: one at a time, kept until another is asked for."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tojimari.core.endpoint import Transport
from tojimari.lab import launch, scene, tree
from tojimari.lab.launch import Street
from tojimari.lab.light import LightStreet
from tojimari.lab.places import Places
from tojimari.lab.scene import Scene

# Runs inside a house: connects to each door of standard input, says which answered.
_KNOCK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor

def open_(door):
    try:
        socket.create_connection(tuple(door), timeout=5).close()
    except OSError as error:
        return type(error).__name__
    return "open"

with ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(open_, json.load(sys.stdin)))))
"""

# The same, but says something (or nothing) at each door and hears what is answered.
_ASK = """
import contextlib, json, socket, sys
from concurrent.futures import ThreadPoolExecutor

def heard(door):
    host, port, said = door
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(said.encode())
        answer = connection.recv(4096)
        connection.settimeout(1)  # whoever greets says no more, and does not hang up
        with contextlib.suppress(TimeoutError):
            while more := connection.recv(4096):  # Tinyproxy writes every line by itself
                answer += more
        return answer.decode("latin-1")

with ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(heard, json.load(sys.stdin)))))
"""


def quiet(_: object) -> None:
    """Take what is said, and say nothing."""


def missing() -> str | None:
    """Why no street can be brought up here; None where one can."""
    if os.geteuid() != 0 or "TOJIMARI_TESTS_ISOLATED" not in os.environ:
        return "needs root"
    found = tree.record(Places.of_user())
    if found is None or found.lacks(every_scene()):
        return "needs the practice network: sudo tojimari lab build"
    return None


def every_scene() -> list[Scene]:
    """All scenes, in the order of their names."""
    return [scene.load(name) for name in scene.names()]


class Streets:
    """At most one street at a time, tied to this process."""

    def __init__(self, state: Path) -> None:
        self.places = Places(cache=Places.of_user().cache, state=state)
        self._street: Street | None = None

    def up(self, name: str) -> Street:
        """The street of a scene; the one that stands already, if it is that."""
        if self._street is None or self._street.plan.name != name:
            self.down()
            self._street = launch.up(self.places, name, quiet, tied=True)
        return self._street

    def down(self) -> None:
        """Take down what stands."""
        if self._street is not None:
            assert self._street.tie is not None
            self._street.tie.close()  # the keeper ends of itself, and all with it
            self._street = None
        launch.down(self.places, quiet)


def inside(street: Street | LightStreet, house: str, *command: str, said: str = "") -> str:
    """What a command in a house prints; it must succeed."""
    done = subprocess.run(
        street.line(house, command), input=said, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def knock(street: Street, house: str, doors: Iterable[tuple[str, int]]) -> dict[str, str]:
    """Connect from a house to TCP doors; ``address:port`` to ``open`` or what went wrong."""
    asked = list(doors)
    answer = inside(street, house, "python3", "-c", _KNOCK, said=json.dumps(asked))
    return dict(zip((f"{host}:{port}" for host, port in asked), json.loads(answer), strict=True))


def ask(street: Street, house: str, doors: Iterable[tuple[str, int, str]]) -> list[str]:
    """Say something at TCP doors, from a house; what each says, bytes as Latin-1."""
    answer = inside(street, house, "python3", "-c", _ASK, said=json.dumps(list(doors)))
    heard: list[str] = json.loads(answer)
    return heard


def tcp_doors(plan: Scene, *, loopback: bool = False) -> list[tuple[str, int]]:
    """Addresses and ports of a scene's TCP doors."""
    return [
        (house.ipv4, service.port)
        for house, service in plan.doors()
        if service.transport is Transport.TCP
        and service.loopback is loopback
        and house.ipv4 is not None
    ]
