"""What the tests of the inside view share."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from nobody import become_nobody, become_root_again
from tojimari.linux import cgroups


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


@pytest.fixture
def unit(root: None) -> Generator[Path]:
    """The control group of a unit, in the unified hierarchy; its processes leave it first."""
    del root
    mount = cgroups.mount()
    assert mount is not None
    folder = Path(mount) / f"tojimari-test-{os.getpid()}.slice" / "web.service"
    folder.mkdir(parents=True)
    yield folder
    folder.rmdir()
    folder.parent.rmdir()
