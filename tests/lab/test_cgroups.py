import os
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tojimari.lab import cgroups

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture
def group() -> Generator[str]:
    """A group of the test's own."""
    name = f"{cgroups.PREFIX}test-{os.getpid()}"
    cgroups.make(f"{name}/house")
    yield name
    cgroups.remove(name)


def joined(name: str) -> "subprocess.Popen[bytes]":
    """A process that is inside a group and waits for its end."""
    enter = "".join(f"echo $$ >{entrance}; " for entrance in cgroups.entrances(name))
    process = subprocess.Popen(
        ["sh", "-euc", f"{enter}echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_processes_are_found_in_a_group_and_below(group: str) -> None:
    with joined(f"{group}/house") as process:
        assert cgroups.processes(group) == {process.pid}
        process.communicate(b"")


def test_removing_a_group_ends_what_lives_in_it(group: str) -> None:
    with joined(f"{group}/house") as process:
        cgroups.remove(group)
        assert process.wait() == -9
    assert group not in cgroups.leftovers()


def test_removing_what_is_not_there_is_fine() -> None:
    cgroups.remove(f"{cgroups.PREFIX}nothing")


def test_a_house_without_systemd_has_no_first_process(group: str) -> None:
    assert cgroups.init_of(f"{group}/house") is None


def test_an_empty_group_is_stale_only_when_it_is_old(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert group not in cgroups.stale()
    monkeypatch.setattr(cgroups, "YOUNG", -1.0)
    assert group in cgroups.stale()


def test_a_group_with_somebody_in_it_is_not_stale(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "YOUNG", -1.0)
    with joined(f"{group}/house") as process:
        assert group not in cgroups.stale()
        process.communicate(b"")


def test_what_cannot_be_ended_is_named(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "PATIENCE", -1.0)
    monkeypatch.setattr("signal.SIGKILL", 0)  # a signal that ends nobody (kill(2))
    with joined(f"{group}/house") as process:
        with pytest.raises(TimeoutError, match=str(process.pid)):
            cgroups.remove(group)
        process.communicate(b"")


def test_a_group_that_stays_busy_is_an_error(tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    (busy / "child").mkdir(parents=True)
    with pytest.raises(OSError, match="not empty"):
        cgroups.remove_empty(busy, deadline=0.0)


def test_a_group_that_has_gone_is_gone(tmp_path: Path) -> None:
    cgroups.remove_empty(tmp_path / "gone", deadline=0.0)
    assert not (tmp_path / "gone").exists()


def test_a_group_that_becomes_free_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = tmp_path / "busy"
    (busy / "child").mkdir(parents=True)

    def leave(pause: float) -> None:
        del pause
        (busy / "child").rmdir()

    monkeypatch.setattr("time.sleep", leave)
    cgroups.remove_empty(busy, deadline=float("inf"))
    assert not busy.exists()
