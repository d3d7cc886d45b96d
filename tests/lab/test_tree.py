"""The build with everything real (namespaces, mounts, overlays) but the two that fetch packages."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tojimari.core.errors import HostError, RefusedError
from tojimari.core.message import Message
from tojimari.lab import cgroups, tree
from tojimari.lab.places import Places
from tojimari.lab.scene import Scene
from tojimari.lab.tree import Record

PLAIN = Scene("plain", "", (), ("rsync", "git"))
ANNEXED = Scene("annexed", "", (), ("git",), annexes=(("other", ("proftpd-core",)),))

DEBOOTSTRAP = """#!/bin/sh
echo "I: Retrieving InRelease"
echo "I: Extracting base..."
echo "I: Extracting dpkg..."
for last; do :; done
for word; do case $word in */tree) tree=$word ;; esac; done
echo "$*" >"$tree.asked"
mkdir -p "$tree/proc" "$tree/usr/sbin" "$tree/etc" "$tree/var/cache/apt"
"""

# apt-get's status lines, and a trace of what was asked of it and where.
CHROOT = """#!/bin/sh
tree=$1; shift
echo "$*" >>"$tree/asked"
[ ! -e "$tree/broken" ] || exit 100
case "$*" in
*Status-Fd=3*)
    echo "pmstatus:git:0.0000:Installing git" >&3
    echo "pmstatus:git:4.0000:Installing git" >&3
    echo "pmstatus:git:55.5000:Configuring git" >&3
    ;;
esac
"""


@pytest.fixture
def places(root: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty cache, and programs in the place of those that need a network."""
    del root
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("debootstrap", DEBOOTSTRAP), ("chroot", CHROOT)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(cgroups, "leftovers", set[str])  # other tests' streets stand elsewhere
    return Places(tmp_path / "lab", tmp_path / "lab/street")


def quiet(_: Message) -> None:
    """Say nothing."""


def asked(places: Places) -> list[str]:
    return (places.tree / "asked").read_text().splitlines()


def test_a_build_lays_the_base_and_installs_the_packages(places: Places) -> None:
    said: list[Message] = []
    assert tree.build(places, [PLAIN], said.append)
    assert tree.record(places) == Record(tree.recipe(), ["git", "rsync"])
    assert (places.tree / "usr/sbin/policy-rc.d").stat().st_mode & 0o111
    assert not (places.tree / "etc/resolv.conf").exists()
    assert [one.code for one in said] == [
        *("base", "base-fetch", "base-extract", "fetching"),
        *("installing", "installing"),
    ]
    assert [one.values for one in said[-2:]] == [{"percent": 0}, {"percent": 55}]


def test_nothing_is_mounted_outside(places: Places) -> None:
    before = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    tree.build(places, [ANNEXED], quiet)
    assert Path("/proc/self/mountinfo").read_text(encoding="utf-8") == before


def test_what_is_built_is_not_built_again(places: Places) -> None:
    tree.build(places, [PLAIN], quiet)
    once = asked(places)
    assert not tree.build(places, [PLAIN], quiet)
    assert asked(places) == once


def test_another_scene_adds_its_packages_to_the_same_tree(places: Places) -> None:
    tree.build(places, [PLAIN], quiet)
    (places.tree / "mine").touch()
    assert tree.build(places, [ANNEXED], quiet)
    assert (places.tree / "mine").exists()
    assert tree.record(places) == Record(
        tree.recipe(), ["git", "rsync"], {"other": ["proftpd-core"]}
    )


def test_an_annex_changes_nothing_in_the_tree(places: Places) -> None:
    tree.build(places, [ANNEXED], quiet)
    assert not any("proftpd-core" in line and "no-download" in line for line in asked(places))
    laid = (places.annexes / "other/asked").read_text().splitlines()
    assert "apt-get -qq --yes --no-download install proftpd-core" in laid
    assert [path.name for path in places.annexes.iterdir()] == ["other"]


def test_another_recipe_starts_anew(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.build(places, [PLAIN], quiet)
    (places.tree / "mine").touch()
    monkeypatch.setattr(tree, "SUITE", "another")
    assert tree.record(places) is None
    tree.build(places, [PLAIN], quiet)
    assert not (places.tree / "mine").exists()


def test_a_mirror_is_handed_on(places: Places) -> None:
    tree.build(places, [PLAIN], quiet, mirror="http://mirror.example/debian")
    line = places.tree.with_suffix(".asked").read_text()
    assert line.endswith("/lab/tree http://mirror.example/debian\n")


def test_a_step_that_fails_names_the_log_and_leaves_no_record(places: Places) -> None:
    tree.build(places, [PLAIN], quiet)
    (places.tree / "broken").touch()
    with pytest.raises(HostError) as caught:
        tree.build(places, [ANNEXED], quiet)
    assert caught.value.hint.values["log"] == str(places.cache / "build.log")
    assert tree.record(places) is None


def test_a_build_that_is_killed_leaves_nobody_at_work(places: Places, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    slow = tmp_path / "bin/debootstrap"
    slow.write_text(f"#!/bin/sh\nexec 5>{alive}\necho started >&5\nexec sleep 60\n")
    program = (
        "import sys; from pathlib import Path; from tojimari.lab import cgroups, scene, tree;"
        "from tojimari.lab.places import Places; cgroups.leftovers = set;"
        "where = Path(sys.argv[1]); tree.build(Places(where, where), [], lambda _: None)"
    )
    line = [sys.executable, "-c", program, str(places.cache)]
    began = time.monotonic()
    with subprocess.Popen(line) as builder, alive.open(encoding="ascii") as reader:
        assert reader.readline() == "started\n"
        builder.kill()
        assert reader.read() == ""  # the end of it comes when nobody holds it open any more
    assert time.monotonic() - began < 50


def test_a_tree_is_not_rebuilt_under_a_street(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "leftovers", lambda: {"tojimari-lab-1"})
    monkeypatch.setattr(cgroups, "processes", {"tojimari-lab-1": {1}}.get)
    assert tree.build(places, [PLAIN], quiet)  # no street stands on a tree that is not there yet
    with pytest.raises(RefusedError):
        tree.build(places, [ANNEXED], quiet)


def test_without_debootstrap_the_person_is_told_what_to_type(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError) as caught:
        tree.build(places, [PLAIN], quiet)
    assert "debootstrap" in caught.value.hint.text


def test_a_scene_needs_the_tree_with_its_packages(places: Places) -> None:
    tree.build(places, [PLAIN], quiet)
    tree.need(places, PLAIN)
    with pytest.raises(HostError):
        tree.need(places, ANNEXED)
