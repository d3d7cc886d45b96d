import os
import subprocess
import sys
from pathlib import Path

from tojimari.sockets.inspection import inspect

ME = os.getpid()


def test_a_process_of_ours_is_looked_at_from_all_sides() -> None:
    seen = inspect(ME, "/usr/bin/none-of-that-name", [1])
    assert seen.threads is not None
    assert seen.threads.total >= 1
    assert seen.ancestry.parents[0].pid == os.getppid()
    assert seen.provenance is not None
    assert seen.provenance.package is None


def test_of_a_process_without_a_known_program_no_package_is_asked_for() -> None:
    assert inspect(ME, None, [1]).provenance is None


def test_of_a_process_that_is_gone_nothing_is_known(tmp_path: Path) -> None:
    seen = inspect(7, "/bin/sh", [1], proc=str(tmp_path))
    assert (seen.threads, seen.ancestry.parents, seen.provenance) == (None, (), None)


def test_the_package_of_a_program_in_another_root_is_not_asked_for(
    root: None, tmp_path: Path
) -> None:
    del root
    code = "import os, sys, time; os.chroot(sys.argv[1]); print(flush=True); time.sleep(60)"
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        seen = inspect(child.pid, "/bin/sh", [1])
        child.kill()
    assert seen.provenance is None
