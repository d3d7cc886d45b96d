"""The keeper by itself: what it hears, says and does when nobody is there."""

# pyright: reportPrivateUsage=false
# What is looked into at the failing moment cannot be brought about without harm to others.

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tojimari.core.endpoint import Transport
from tojimari.lab import house, keeper
from tojimari.lab.keeper import Event, Order
from tojimari.lab.scene import Expected
from tojimari.linux import libc

pytestmark = pytest.mark.usefixtures("root")


def keep(order: Order, tmp_path: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a keeper in namespaces of its own, with an order and nobody behind it."""
    return subprocess.run(
        [
            *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *(sys.executable, "-P", "-m", "tojimari.lab.keeper"),
        ],
        input=msgspec.json.encode(order) + b"\n",
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )


def order(tmp_path: Path) -> Order:
    """An order whose tree is an empty folder."""
    lower = tmp_path / "tree"
    lower.mkdir()
    return Order("empty-street", "tojimari-lab-none", str(lower), str(lower), str(tmp_path), ())


def test_a_tree_that_is_no_system_is_told_as_the_reason(tmp_path: Path) -> None:
    done = keep(order(tmp_path), tmp_path)
    (event,) = [msgspec.json.decode(line, type=Event) for line in done.stdout.splitlines()][-1:]
    assert (done.returncode, event.state) == (1, "failed")
    assert "etc/passwd" in event.reason


def test_doors_are_seen_without_knocking() -> None:
    expected = [Expected("x", 7001, "x"), Expected("x", 7002, "x", transport=Transport.UDP)]
    program = (
        "import socket, sys; a = socket.create_server(('::', 7001), family=socket.AF_INET6);"
        "b = socket.socket(type=socket.SOCK_DGRAM); b.bind(('', 7002));"
        "print(flush=True); sys.stdin.read()"
    )
    line = ["unshare", "--net", sys.executable, "-c", program]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert keeper.shut(process.pid, expected) == []
        assert keeper.shut(os.getpid(), expected) == expected
        process.communicate(b"")


def test_that_systemd_may_watch_no_more_files_is_told_with_what_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    keeper._check_inotify()
    monkeypatch.setattr(libc, "inotify", refuse)
    with pytest.raises(OSError, match=re.escape(keeper.INOTIFY)):
        keeper._check_inotify()


def test_a_systemd_that_never_answers_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting(leader: int, command: list[str], environment: dict[str, str]) -> list[str]:
        del leader, command, environment
        return ["sleep", "60"]

    monkeypatch.setattr(keeper, "ANSWER", 0.05)
    monkeypatch.setattr(house, "enter_line", waiting)
    assert keeper.systemctl(1, "is-system-running", "--wait") == ""
