import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Self

import pytest

from house import HOUSE
from tojimari.app import look, watch
from tojimari.core.look import Look
from tojimari.core.socket import InsideView
from tojimari.sockets import portable

OURS = str(Path("/proc/self/ns/net").stat().st_ino)


class Waiter:
    """Waits for nothing, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[float | None] = []
        self.is_open = False

    def __enter__(self) -> Self:
        self.is_open = True
        return self

    def __exit__(self, *error: object) -> None:
        self.is_open = False

    def wait(self, timeout: float | None = None) -> object:
        self.asked.append(timeout)
        return None


@pytest.fixture
def waiter(monkeypatch: pytest.MonkeyPatch) -> Waiter:
    """The machine made by hand, and nothing that happens on it."""
    made = Waiter()

    def view() -> InsideView:
        assert made.is_open, "watching begins before the first look"
        return HOUSE

    monkeypatch.setattr(look, "view", view)
    monkeypatch.setattr(watch, "_watch", lambda: made)
    return made


def test_between_two_looks_it_is_waited(waiter: Waiter) -> None:
    looks = list(islice(watch.follow(refresh=7), 3))
    assert ([len(one.doors) for one in looks], waiter.asked) == ([12, 12, 12], [7, 7])


def test_questions_are_asked_again(waiter: Waiter) -> None:
    del waiter
    looks: Sequence[Look] = list(islice(watch.follow([look.question("22")], namespace="host"), 2))
    assert [len(one.doors) for one in looks] == [2, 2]


def test_watching_ends_with_whoever_watches(waiter: Waiter) -> None:
    looks = watch.follow()
    next(iter(looks))
    assert waiter.is_open
    del looks
    assert not waiter.is_open


def test_off_linux_it_looks_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert portable.METHOD == "psutil"  # psutil itself must have been imported on Linux
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(watch, "POLL", 0.001)
    looks = list(islice(watch.follow(), 2))
    assert [one.method for one in looks] == ["psutil", "psutil"]


@pytest.mark.usefixtures("network")
def test_on_the_real_machine_a_door_that_opens_is_seen() -> None:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        asked = [look.question(str(server.getsockname()[1]))]
        looks = watch.follow(asked, namespace=OURS)
        assert next(looks).doors == ()
        server.listen()
        assert any(one.doors for one in islice(looks, 100))
        looks.close()
