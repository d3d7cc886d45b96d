"""A scan that is killed at any moment and gone on with ends as if nothing had been."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

import yard
from tojimari.app import scan_file
from tojimari.app.scan_plan import Wish, plan
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.scan.plan import Plan
from yard import THEIRS, Yard

OPEN = tuple(range(500, 20000, 500))
KILLS = int(os.environ.get("TOJIMARI_KILLS", "2"))


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        made.listen(*OPEN)
        yield made


def nameless(port: int, transport: Transport) -> str:
    del port, transport
    return ""


def scan(*words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tojimari", "scan", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finished(*words: str) -> int:
    with scan(*words) as one:
        _, said = one.communicate()
    assert one.returncode in {0, 1}, said.decode()
    return one.returncode


def told(path: Path) -> tuple[Counter[tuple[int, str]], list[tuple[str, str, int]], int]:
    """The doors of a file, and the counts of its end."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["schema"] for one in lines[:1]] == ["tojimari.scan-plan/1"]
    doors = Counter(
        (one["port"], one["state"]) for one in lines if one["schema"] == "tojimari.scan-door/1"
    )
    end = lines[-1]
    assert end["schema"] == "tojimari.scan-end/1"
    counts = [(one["state"], one["reason"], one["count"]) for one in end["counts"]]
    return doors, counts, end["known"]


@pytest.mark.parametrize("method", ["connect", "syn"])
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(
    far: Yard, tmp_path: Path, method: str
) -> None:
    far.run(
        "nft",
        "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
        " add rule inet yard in tcp dport 7001-7099 drop",
    )
    words = (THEIRS, "-p", "1-20000", "--method", method, "--rate", "9000", "--seed", "3")
    quiet = tmp_path / "quiet.jsonl"
    finished(*words, "--save", str(quiet))
    expected = told(quiet)
    assert expected[0] == Counter({(port, "open"): 1 for port in OPEN})
    assert expected[2] == 20000
    moments = random.Random(5)  # noqa: S311 - a test's moments, the same each time
    for number in range(KILLS):
        path = tmp_path / f"{number}.jsonl"
        again = [*words, "--save", str(path)]
        for _ in range(3):
            with scan(*again) as one:
                try:
                    one.wait(moments.uniform(0.15, 2.5))
                except subprocess.TimeoutExpired:
                    one.send_signal(signal.SIGKILL)
            if path.exists():
                again = ["--resume", str(path)]
        finished(*again)
        assert told(path) == expected
        assert not list(tmp_path.glob("*.checkpoint"))


@pytest.fixture
def one_door(network: None) -> Plan:
    del network
    return plan(Wish(targets=("127.0.0.1",), ports="1-3", seed=1, method="connect"))


def test_a_scan_that_is_over_is_told_again(far: Yard, tmp_path: Path) -> None:
    del far
    path = tmp_path / "scan.jsonl"
    finished(THEIRS, "-p", "500,501", "--save", str(path))
    before = path.read_bytes()
    assert finished("--resume", str(path)) == 0
    assert path.read_bytes() == before


def test_a_file_that_is_there_is_not_written_over(one_door: Plan, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        scan_file.begin(path, one_door, nameless)
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(one_door: Plan, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        scan_file.begin(tmp_path / "no" / "scan.jsonl", one_door, nameless)


@pytest.mark.parametrize("text", ["", "mine", "{}\n", '{"schema":"tojimari.scan/1"}\n'])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match="holds no scan"):
        scan_file.resume(path, nameless)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        scan_file.resume(tmp_path / "scan.jsonl", nameless)


def test_before_the_first_checkpoint_it_begins_anew(one_door: Plan, tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    scan_file.begin(path, one_door, nameless).close()
    with path.open("a") as file:
        file.write('{"schema":"tojimari.scan-door/1","transp')
    saved = scan_file.resume(path, nameless)
    saved.close()
    assert saved.positions == [0]
    assert saved.tally.rows == []
    assert saved.tally.plan.parts[0].task.space == one_door.parts[0].task.space
