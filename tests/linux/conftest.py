"""What the tests of the kernel's facilities share."""

import os
from collections.abc import Generator

import pytest

from nobody import become_nobody, become_root_again


@pytest.fixture
def as_nobody(root: None) -> Generator[None]:
    """An unprivileged user from here to the end of the test."""
    del root
    groups = become_nobody()
    yield
    become_root_again()
    os.setgroups(groups)
