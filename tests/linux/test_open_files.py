"""How many files may be open, asked of the real kernel in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from tojimari.linux import open_files
soft, hard, wanted, spare = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(open_files.allow(wanted, spare), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "spare", "expected"),
    [
        (256, 256, 4096, 40, "216 256"),
        (256, 1024, 4096, 40, "984 1024"),
        (256, 1024, 500, 40, "500 540"),
        (1024, 1024, 500, 40, "500 1024"),
        (64, 64, 500, 100, "1 64"),
    ],
)
def test_room_is_made_as_far_as_it_goes(
    soft: int, hard: int, wanted: int, spare: int, expected: str
) -> None:
    words = [sys.executable, "-c", PROGRAM, *map(str, (soft, hard, wanted, spare))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected
