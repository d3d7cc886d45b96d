"""What the tests of the inside view share."""

import itertools
import os
import select
from collections.abc import Generator
from pathlib import Path

import pytest

from nobody import become_nobody, become_root_again
from tojimari.linux import cgroups
from tojimari.sockets.events import Rung
from tojimari.sockets.holding import Method


@pytest.fixture
def as_nobody() -> Generator[None]:
    """An unprivileged user from here to the end of the test."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    try:
        groups = become_nobody()
    except OSError:
        pytest.skip("needs root")
    yield
    become_root_again()
    os.setgroups(groups)


@pytest.fixture(autouse=True)
def _enough_rights(request: pytest.FixtureRequest) -> None:
    """Skip the cases of a parametrised test that take the machine's root."""
    callspec = getattr(request.node, "callspec", None)
    values = callspec.params.values() if callspec is not None else ()
    if any(value in (Method.BPF, Rung.BPF, Rung.TRACEFS) for value in values):
        request.getfixturevalue("root")


_NUMBERS = itertools.count()


@pytest.fixture
def unit(root: None) -> Generator[Path]:
    """The control group of a unit, in the unified hierarchy; it goes with all that is in it."""
    del root
    mount = cgroups.mount()
    assert mount is not None
    name = f"tojimari-test-{os.getpid()}-{next(_NUMBERS)}.slice"
    folder = Path(mount) / name / "web.service"
    folder.mkdir(parents=True)
    yield folder
    (folder / "cgroup.kill").write_text("1")
    _wait_until_empty(folder)
    folder.rmdir()
    folder.parent.rmdir()


def _wait_until_empty(folder: Path) -> None:
    """The kernel says by a poll event that a group's population changed (cgroup-v2.rst)."""
    with (folder / "cgroup.events").open(encoding="ascii") as events:
        waiting = select.poll()
        waiting.register(events, select.POLLPRI)
        while "populated 0" not in events.read():
            waiting.poll(5000)
            events.seek(0)
