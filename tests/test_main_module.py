"""Ctrl-C at any moment: while tojimari is loaded, and in the middle of its work."""

import os
import signal
import subprocess
import sys

import pytest


def interrupted(at: str, *words: str) -> tuple[int, str]:
    """Exit code and last words of a command that is interrupted once it has loaded a module.

    Args:
        at: The module.
        words: The command.
    """
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "tojimari", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith(f" {at}"):
                os.kill(process.pid, signal.SIGINT)
                break
        said = [one for one in process.stderr if not one.startswith("import time:")]
    return process.returncode, "".join(said).strip()


@pytest.mark.parametrize("module", ["click.types", "tojimari.core.errors", "tojimari.report.style"])
def test_while_it_is_loaded_ctrl_c_ends_it_without_a_word(module: str) -> None:
    assert interrupted(module, "check") == (130, "")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    "module",
    ["tojimari.policy.fields", "tojimari.sockets.spaces", "tojimari.linux.netfilter"],
)
def test_in_the_middle_of_a_round_it_ends_with_130_and_says_nothing(module: str) -> None:
    assert interrupted(module, "check") == (130, "")


@pytest.mark.usefixtures("network")
def test_undisturbed_it_ends_as_it_should() -> None:
    line = [sys.executable, "-m", "tojimari", "look", "--namespace", "host", "--plain"]
    assert subprocess.run(line, capture_output=True, check=False).returncode == 0
