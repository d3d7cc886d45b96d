"""The fuzzer plays every family, and says so where something breaks; run as it is run."""

import subprocess
import sys
from pathlib import Path

from actors import unmeasured
from tojimari.core import catalog
from tojimari.services.catalogue import PROTOCOLS

ROOT = Path(__file__).parent.parent.parent
BENCH = ROOT / "bench"
FAMILIES = {"numbered replies", "lines", "web", "encoded structures", "frames", "datagrams"}
OTHERS = {"strangers", "pages", "greetings", "tls", "certificates", "patterns"}
WITH_A_MISTAKE = """
import sys
sys.path[:0] = [{bench!r}, {tests!r}]
sys.argv[1:] = ["--family", "lines", "--seconds", "0.5", "--seed", "1"]
import _families, fuzz_services
def broken(*words):
    raise KeyError("a mistake")
_families.replayed = broken
fuzz_services.main()
"""


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=unmeasured(),  # what is measured for coverage is ten times as slow
    )


def test_every_family_is_played_and_nothing_is_found() -> None:
    done = run(str(BENCH / "fuzz_services.py"), "--seconds", "0.2", "--seed", "1")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    played = {line[:20].strip() for line in done.stdout.splitlines()}
    assert played >= FAMILIES | OTHERS
    assert ", 0 findings" in done.stdout


def test_every_protocol_belongs_to_a_family() -> None:
    code = f"import sys; sys.path[:0] = [{str(BENCH)!r}, {str(ROOT / 'tests')!r}]\n"
    code += "from _families import NAMES, manner\n"
    code += "print(*(manner(name) for name in NAMES), sep='\\n')"
    done = run("-c", code)

    found = done.stdout.splitlines()
    assert len(found) == len(catalog.names(PROTOCOLS))
    assert set(found) == FAMILIES


def test_a_mistake_is_found_and_shown_with_what_repeats_it() -> None:
    done = run("-c", WITH_A_MISTAKE.format(bench=str(BENCH), tests=str(ROOT / "tests")))

    assert done.returncode == 1
    assert "KeyError: 'a mistake'" in done.stdout
    assert "Turn(who='server'" in done.stdout


def test_an_unknown_family_is_refused_with_those_that_there_are() -> None:
    done = run(str(BENCH / "fuzz_services.py"), "--family", "nobody")

    assert done.returncode == 2
    assert "numbered replies" in done.stderr
