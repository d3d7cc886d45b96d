import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from tojimari import __version__
from tojimari.cli import main as entry
from tojimari.cli.command import Command, Root
from tojimari.cli.main import main
from tojimari.core.errors import UsageError


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "")
    return iter(())


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(words)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def with_command(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> None:
    def always(root: Root, context: click.Context, name: str) -> click.Command:
        del root, context, name
        return command

    monkeypatch.setattr(Root, "get_command", always)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--version") == 0
    assert capsys.readouterr().out == f"tojimari {__version__}\n"


def test_a_word_that_is_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("chekc") == 2
    assert "No such command 'chekc'" in capsys.readouterr().err


def test_the_language_is_known_before_anything_is_parsed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert left("--lang", "ja", "chekc") == 2
    assert "コマンド 'chekc' はありません。" in capsys.readouterr().err


def test_the_language_may_come_after_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("check", "--help", "--lang=ja") == 0
    assert "使い方:" in capsys.readouterr().out


def test_the_environment_chooses_the_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert left("--help") == 0
    assert "家の戸締まりを見て回ります" in capsys.readouterr().out


def test_an_error_is_a_sentence_and_a_hint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise UsageError("{word} is not so", hint="type {word}", word="\x1b[31mx")

    with_command(monkeypatch, Command("fail", callback=fail))
    assert left("fail") == 2
    assert capsys.readouterr().err == "error: \\x1b[31mx is not so\nhint: type \\x1b[31mx\n"


def test_the_exit_code_is_what_the_command_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, Command("found", callback=lambda: 1))
    assert left("found") == 1


def test_an_interrupt_leaves_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with_command(monkeypatch, Command("wait", callback=interrupted))
    assert left("wait") == 130


@pytest.mark.parametrize(("words", "shown"), [((), False), (("-v",), True)])
def test_a_mistake_of_ours_is_owned_and_traced_on_request(
    words: tuple[str, ...],
    shown: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with_command(monkeypatch, Command("broken", callback=broken))
    assert left(*words, "broken") == 2
    said = capsys.readouterr().err
    assert "This is a mistake in tojimari" in said
    assert ("Traceback" in said) is shown


def test_a_reader_who_leaves_early_is_no_error() -> None:
    program = (
        f"{sys.executable} -m tojimari --help | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


def test_nothing_heavy_is_imported_for_the_help() -> None:
    heavy = ["numpy", "asyncio", "rich", "tomlkit", "psutil", "msgspec", "socket", "wcwidth"]
    program = (
        "import sys, contextlib\n"
        "from tojimari.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main(['--help'])\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    # Measuring the coverage of another process imports much of its own there.
    unmeasured = {name: value for name, value in os.environ.items() if "COV" not in name}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=unmeasured,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr.strip() == "[]"


def test_numpy_starts_no_threads_whoever_imports_it_first() -> None:
    program = "import tojimari.cli, numpy, os; print(len(os.listdir('/proc/self/task')))"
    unset = {name: value for name, value in os.environ.items() if "OPENBLAS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=unset,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "1\n"


def test_python_finds_nothing_to_look_through_at_the_end() -> None:
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000, gc.get_count()[2]))\n"
        "import tojimari.cli"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "True 0\n"


def test_the_program_can_be_run_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tojimari", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"tojimari {__version__}\n"


def test_help_names_every_command() -> None:
    assert entry.root().list_commands(click.Context(entry.root())) == sorted(
        entry.root().list_commands(click.Context(entry.root()))
    )
