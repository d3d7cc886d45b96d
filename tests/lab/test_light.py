"""A light street: without root, without a root tree, with what this machine has."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tojimari
from streets import Streets
from tojimari.core.errors import HostError
from tojimari.lab import byhand, light, scene
from tojimari.lab.places import Places

USER = 1000
SOURCE = Path(tojimari.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Typist:
    """Somebody who types, with a home of their own.

    Attributes:
        before: What gives up rights first.
        python: An interpreter that they may run.
        environment: All of theirs.
    """

    before: tuple[str, ...]
    python: str
    environment: dict[str, str]

    def types(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.before, self.python, "-P", "-m", "tojimari", "lab", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self.environment,
        )


def typist(home: Path, *before: str, python: str = sys.executable) -> Typist:
    libraries = [SOURCE, *(Path(one) for one in sys.path if one.endswith("site-packages"))]
    environment = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": ":".join(map(str, libraries)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
    }
    return Typist(before, python, environment)


@pytest.fixture
def administrator(root: None, tmp_path: Path) -> Generator[Typist]:
    """Root, with a cache in which nothing is built."""
    del root
    found = typist(tmp_path)
    yield found
    found.types("down")


@pytest.fixture
def ordinary(root: None) -> Generator[Typist]:
    """A user without any rights, and with an interpreter that they can read."""
    del root
    home = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    os.chown(home, USER, USER)
    # env: what setpriv itself starts is still found with root's rights.
    before = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "env")
    for python in (sys.executable, "/usr/bin/python3"):
        found = typist(home, *before, python=python)
        tried = [*before, python, "-P", "-c", "import tojimari, msgspec"]
        if not subprocess.run(
            tried, env=found.environment, capture_output=True, check=False
        ).returncode:
            break
    else:
        pytest.skip("no interpreter that an ordinary user may run")
    yield found
    found.types("down")
    subprocess.run(["rm", "-r", str(home)], check=True)


def keepers() -> list[str]:
    """The command lines of keepers of light streets, whosever."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if light.KEEPER in line:
            found.append(line)
    return found


def walk(street: Typist, scene_name: str) -> None:
    """Bring a street up, look at it from within and from a visitor's house, take it down."""
    before = len(keepers())
    raised = street.types("up", scene_name, "--light")
    assert raised.returncode == 0, raised.stderr
    assert "This is a light street" in raised.stdout
    assert "nginx 22/tcp" in raised.stdout
    try:
        said = street.types("run", "visitor", "tojimari", "identify", "--plain", "192.0.2.53:5900")
        assert "\tOllama\t0.9.0\t" in said.stdout, said.stderr
        asleep = street.types("run", "visitor", "tojimari", "identify", "192.0.2.54:9999", "--json")
        assert json.loads(asleep.stdout)["doors"][0]["outcome"] == "silent"
        inside = street.types("run", "riddles", "tojimari", "look", "9999", "--plain")
        assert "9999/tcp" in inside.stdout, inside.stderr
        named = street.types("run", "riddles", "sh", "-c", "hostname; touch /etc/x /usr/x; exit 3")
        assert (named.returncode, named.stdout) == (3, "riddles\n")
        assert "Read-only" in named.stderr
        far = street.types("run", "visitor", "ip", "route", "get", "192.88.99.1")
        assert "via 203.0.113.1" in far.stdout
        told = json.loads(street.types("status", "--json").stdout)["street"]
        assert told["light"] is True
        assert all(door["open"] for house in told["houses"] for door in house["doors"])
    finally:
        ended = street.types("down")
    assert ended.returncode == 0, ended.stderr
    assert len(keepers()) == before
    assert "No street is up." in street.types("status").stdout


def test_root_has_a_light_street_where_nothing_is_built(administrator: Typist) -> None:
    walk(administrator, "moved")


def test_an_ordinary_user_has_one_in_a_user_namespace_of_their_own(ordinary: Typist) -> None:
    if subprocess.run(
        [*ordinary.before, "unshare", "--user", "--map-root-user", "true"], check=False
    ).returncode:
        refused = ordinary.types("up", "moved")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "user namespaces" in refused.stderr
    else:
        walk(ordinary, "moved")


def test_where_there_are_no_user_namespaces_it_is_said(ordinary: Typist, tmp_path: Path) -> None:
    # In another root the kernel gives nobody any (user_namespaces(7)).
    within = 'mount --rbind / "$1"; root=$1; shift; exec /usr/sbin/chroot "$root" "$@"'
    found = Typist(
        ("unshare", "--mount", "sh", "-euc", within, "sh", str(tmp_path), *ordinary.before),
        ordinary.python,
        ordinary.environment,
    )
    ended = found.types("up", "moved")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "a street without root needs user namespaces" in ended.stderr
    assert "hint: sudo tojimari lab up" in ended.stderr


def test_a_street_ends_with_its_keeper_and_is_known_to_have_ended(administrator: Typist) -> None:
    assert administrator.types("up", "modern", "--light").returncode == 0
    entry = json.loads(
        (
            Path(administrator.environment["XDG_CACHE_HOME"]) / "tojimari/lab/street/journal.json"
        ).read_text("utf-8")
    )
    os.kill(entry["process"], 9)
    gone = administrator.types("run", "visitor", "true")
    assert gone.returncode == 2
    assert administrator.types("up", "modern", "--light").returncode == 0


def test_daemons_that_are_there_already_serve(administrator: Typist, streets: Streets) -> None:
    """Those of the root tree, by its own loader, as if this machine had them."""
    tree = streets.places.tree
    tools = Path(administrator.environment["HOME"]) / "bin"
    tools.mkdir()
    (loader,) = (tree / "lib64").glob("ld-linux-*.so.*")
    (libraries,) = (tree / "usr/lib").glob("*-linux-gnu")
    for place in ("usr/bin/redis-server", "usr/bin/memcached", "usr/sbin/nginx"):
        program = tools / place.rpartition("/")[2]
        line = f'exec {loader} --library-path {libraries} {tree}/{place} "$@"'
        program.write_text(f"#!/bin/sh\n{line}\n", encoding="ascii")
        program.chmod(0o755)

    raised = administrator.types("up", "modern", "--light")

    assert raised.returncode == 0, raised.stderr + raised.stdout
    said = administrator.types(
        *("run", "visitor", "tojimari", "identify", "--plain"),
        *("192.0.2.20:80", "192.0.2.21:6379,11211"),
    )
    assert "\tnginx\t1." in said.stdout, said.stdout
    assert "\tRedis\t7." in said.stdout
    assert "\tmemcached\t1." in said.stdout


def test_nothing_stands_by_hand_that_a_scene_does_not_have() -> None:
    daemons = {
        service.daemon for plan in map(scene.load, scene.names()) for _, service in plan.doors()
    }
    assert set(byhand.STARTING) <= daemons


@pytest.mark.parametrize("name", scene.names())
def test_every_door_of_a_scene_is_here_or_said_not_to_be(name: str) -> None:
    plan = scene.load(name)
    smaller, left_out = light.reduced(plan)
    assert len(list(smaller.doors())) + len(left_out) == len(list(plan.doors()))
    assert [house.name for house in smaller.houses] == [house.name for house in plan.houses]


def test_without_its_programs_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="iproute2 mount util-linux"):
        light.up(Places(tmp_path, tmp_path), scene.load("town"), lambda _: None)
