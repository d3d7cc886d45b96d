import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streets import Streets, inside, quiet
from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import Message
from tojimari.lab import cgroups, journal, launch
from tojimari.lab.launch import Street
from tojimari.lab.places import Places

SPACES = ("net", "mnt", "pid", "ipc", "uts")
PATIENCE = 20.0  # seconds

# A launcher in a process of its own, that can be killed.
LAUNCHER = """
import sys
from pathlib import Path
from tojimari.lab import launch
from tojimari.lab.places import Places
places = Places(cache=Path(sys.argv[1]), state=Path(sys.argv[2]))
launch.up(places, "empty-street", lambda said: print(said.code, flush=True))
print("up", flush=True)
"""


@pytest.fixture
def places(streets: Streets, tmp_path: Path) -> Places:
    """A place for one street of the test's own."""
    streets.down()
    return Places(cache=streets.places.cache, state=tmp_path)


def namespaces(processes: set[int]) -> set[tuple[str, str]]:
    """The namespaces that processes live in, without those of this process."""
    found = {
        (kind, str(Path(f"/proc/{one}/ns/{kind}").readlink()))
        for one in processes
        for kind in SPACES
    }
    return found - {(kind, str(Path(f"/proc/self/ns/{kind}").readlink())) for kind in SPACES}


def alive(spaces: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of the namespaces any process of this machine lives in."""
    found: set[tuple[str, str]] = set()
    for process in Path("/proc").glob("[0-9]*"):
        for kind in SPACES:
            try:
                found.add((kind, str((process / "ns" / kind).readlink())))
            except OSError:
                continue
    return spaces & found


def wait_until_gone(spaces: set[tuple[str, str]]) -> None:
    """Until nobody lives in the namespaces: init may take a moment to bury the last one."""
    deadline = time.monotonic() + PATIENCE
    while left := alive(spaces):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def outside() -> tuple[str, list[str]]:
    """What the machine shows of its mounts and its network interfaces."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return mounts, sorted(path.name for path in Path("/sys/class/net").iterdir())


def wait_for_the_end(group: str) -> None:
    """Until nothing lives in a group."""
    deadline = time.monotonic() + PATIENCE
    while cgroups.processes(group):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def launcher(places: Places) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(places.cache), str(places.state)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_down_leaves_nothing_behind(places: Places) -> None:
    before = outside()
    street = launch.up(places, "empty-street", quiet)
    assert outside() == before
    spaces = namespaces(cgroups.processes(street.entry.group))
    assert len([kind for kind, _ in spaces if kind == "net"]) == 5  # four houses and the street
    assert launch.down(places, quiet)
    wait_until_gone(spaces)
    assert outside() == before
    assert street.entry.group not in cgroups.leftovers()
    assert journal.read(places.journal) is None


def test_a_street_stands_when_its_launcher_has_ended(places: Places) -> None:
    with launcher(places) as process:
        assert process.wait() == 0
    street = launch.need_standing(places)
    assert street.plan.name == "empty-street"
    assert inside(street, "visitor", "hostname") == "visitor\n"
    launch.down(places, quiet)


def test_a_launcher_that_is_killed_half_way_leaves_no_half_a_street(places: Places) -> None:
    with launcher(places) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "booting\n"
        process.kill()
    entry = journal.read(places.journal)
    assert entry is not None
    wait_for_the_end(entry.group)
    assert launch.standing(places) is None
    assert launch.down(places, quiet)
    assert entry.group not in cgroups.leftovers()


def test_a_keeper_that_is_killed_takes_its_street_with_it(places: Places) -> None:
    street = launch.up(places, "empty-street", quiet)
    group = street.entry.group
    spaces = namespaces(cgroups.processes(group))
    for entrance in cgroups.entrances(group):
        for number in Path(entrance).read_text(encoding="ascii").split():
            os.kill(int(number), 9)
    wait_for_the_end(group)
    wait_until_gone(spaces)
    assert launch.down(places, quiet)


def test_a_second_up_takes_the_first_down(places: Places) -> None:
    said: list[Message] = []
    first = launch.up(places, "empty-street", quiet)
    second = launch.up(places, "empty-street", said.append)
    assert said[0].code == "taking-down"
    assert not cgroups.processes(first.entry.group)
    assert cgroups.processes(second.entry.group)
    launch.down(places, quiet)


def test_down_twice_is_fine(places: Places) -> None:
    assert not launch.down(places, quiet)


def test_a_tied_street_ends_with_its_tie(places: Places) -> None:
    street = launch.up(places, "empty-street", quiet, tied=True)
    assert street.tie is not None
    street.tie.close()
    wait_for_the_end(street.entry.group)
    launch.down(places, quiet)


def test_the_exit_code_of_a_command_is_passed_on(streets: Streets) -> None:
    street = streets.up("empty-street")
    assert launch.run(street, "visitor", ["sh", "-c", "exit 7"], {}) == 7
    assert launch.run(street, "visitor", ["sh", "-c", "kill -TERM $$"], {}) == 128 + 15


def test_a_house_that_is_not_there_is_named_as_such(streets: Streets) -> None:
    street = streets.up("empty-street")
    with pytest.raises(UsageError) as caught:
        street.leader("castle")
    assert caught.value.hint.values == {
        "name": "castle",
        "houses": "closed, silent, mixed, visitor",
    }


def test_a_house_that_has_ended_is_not_up(streets: Streets) -> None:
    street = streets.up("empty-street")
    gone = Street(journal.Entry("tojimari-lab-none", "empty-street", 0), street.plan, {})
    with pytest.raises(HostError):
        gone.leader("closed")
    assert launch.open_doors(gone, street.plan.house("closed")) is None


def test_without_a_street_there_is_nothing_to_enter(places: Places) -> None:
    with pytest.raises(UsageError):
        launch.need_standing(places)


def test_an_unknown_scene_is_refused_before_anything_is_made(places: Places) -> None:
    with pytest.raises(UsageError):
        launch.up(places, "castle", quiet)
    assert not places.journal.exists()


def test_a_tree_that_is_not_built_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "PROGRAMS", {})  # whether they are here is another test's question
    with pytest.raises(HostError) as caught:
        launch.up(Places(tmp_path, tmp_path), "town", quiet)
    assert caught.value.hint.text == "sudo tojimari lab build"


def test_missing_programs_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError) as caught:
        launch.up(Places(tmp_path, tmp_path), "town", quiet)
    assert "systemd-container" in str(caught.value.hint.values["packages"])


def test_a_street_that_cannot_come_up_says_why_and_leaves_nothing(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program of that name that refuses everything.
    refusing = tmp_path / "bin"
    refusing.mkdir()
    (refusing / "systemd-nspawn").write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
    (refusing / "systemd-nspawn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing}:{os.environ['PATH']}")
    with pytest.raises(HostError) as caught:
        launch.up(places, "empty-street", quiet)
    assert "no such luck" in str(caught.value.message.values["reason"])
    assert journal.read(places.journal) is None


def test_a_keeper_that_ends_without_a_word_is_told_by_its_log(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "bin"
    refusing.mkdir()
    (refusing / "unshare").write_text("#!/bin/sh\necho not permitted >&2\nexit 1\n")
    (refusing / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing}:{os.environ['PATH']}")
    with pytest.raises(HostError) as caught:
        launch.up(places, "empty-street", quiet)
    assert caught.value.message.values["reason"] == "not permitted"


def test_where_no_control_group_can_be_made_the_person_is_told(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise OSError(30, "Read-only file system", name)

    monkeypatch.setattr(cgroups, "make", refuse)
    with pytest.raises(HostError) as caught:
        launch.up(places, "empty-street", quiet)
    assert "Read-only" in str(caught.value.message.values["reason"])
    assert not places.journal.exists()


def test_a_street_that_cannot_be_ended_stays_in_the_journal(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise TimeoutError(name)

    places.ensure()
    entry = journal.Entry(f"{cgroups.PREFIX}none", "town", 0)
    journal.write(places.journal, entry)
    with monkeypatch.context() as patched:
        patched.setattr(cgroups, "remove", refuse)
        with pytest.raises(HostError):
            launch.down(places, quiet)
    assert journal.read(places.journal) == entry
    assert launch.down(places, quiet)


def test_with_another_python_the_houses_stand_without_tojimari(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "TREE_PYTHON", (2, 7))
    said: list[Message] = []
    launch.up(places, "empty-street", said.append)
    launch.down(places, quiet)
    assert said[0].code == "no-tojimari-inside"
    assert said[0].values["wanted"] == "2.7"
    assert [one.target for one in launch.mounted()] == ["/opt/tojimari/code/tojimari"]
