import os
import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from actors import actor
from tojimari.core.endpoint import Transport
from tojimari.linux import sock_diag
from tojimari.sockets.polling import Door, Polling

pytestmark = pytest.mark.usefixtures("network")
BOTH = (Transport.TCP, Transport.UDP)


@pytest.fixture
def polling() -> Generator[Polling]:
    made = Polling(BOTH)
    yield made
    made.close()


def here(port: int, transport: Transport = Transport.TCP) -> Door:
    return (transport, Path("/proc/self/ns/net").stat().st_ino, port)


def test_a_tcp_door_is_told_at_once_and_so_is_its_closing(polling: Polling) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        door = here(one.getsockname()[1])
        assert door in polling.poll()[0]
        assert door not in polling.poll()[0]
    assert door in polling.poll()[1]


def test_a_udp_door_is_told_when_it_was_there_twice(polling: Polling) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        door = here(one.getsockname()[1], Transport.UDP)
        assert door not in polling.poll()[0]
        assert door in polling.poll()[0]
    assert door in polling.poll()[1]


def test_a_client_that_asks_and_goes_is_not_told(polling: Polling) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        door = here(one.getsockname()[1], Transport.UDP)
        opened = polling.poll()[0]
    closed = polling.poll()[1]
    assert door not in opened | closed


def test_what_was_there_before_is_not_told() -> None:
    with socket.socket() as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.bind(("127.0.0.1", 0))
        one.listen()
        two.bind(("127.0.0.1", 0))
        doors = {
            here(one.getsockname()[1]),
            here(two.getsockname()[1], Transport.UDP),
        }
        polling = Polling(BOTH)
        opened = polling.poll()[0]
        polling.close()
    assert not doors & opened


def test_new_namespaces_are_found_and_old_ones_forgotten(polling: Polling) -> None:
    body = "space = own_network(); a = listener(port=7047); ready(space=space)"
    with actor(body) as server:
        door = (Transport.TCP, server["space"], 7047)
        assert door not in polling.poll()[0]
        polling.find_spaces()
        assert door in polling.poll()[0]
    polling.find_spaces()
    assert door not in polling.poll()[0]


def test_namespaces_that_may_not_be_entered_are_passed_over(
    polling: Polling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **more: object) -> int:
        del words, more
        raise PermissionError

    with actor("own_network(); a = listener(port=7048); ready()"):
        monkeypatch.setattr("tojimari.linux.libc.setns", refuse)
        polling.find_spaces()
        monkeypatch.undo()
        assert 7048 not in [port for _, _, port in polling.poll()[0]]


def test_namespaces_that_go_meanwhile_are_passed_over(
    polling: Polling, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def gone(path: str, flags: int, *words: int) -> int:
        if str(path).endswith("/ns/net"):
            raise FileNotFoundError
        return original(path, flags, *words)

    with actor("own_network(); a = listener(port=7049); ready()"):
        monkeypatch.setattr(os, "open", gone)
        polling.find_spaces()
        monkeypatch.undo()
        assert 7049 not in [port for _, _, port in polling.poll()[0]]


def test_nothing_is_left_where_the_kernel_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object) -> list[bytes]:
        del words
        raise FileNotFoundError

    before = sorted(Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(sock_diag, "raw", refuse)
    with pytest.raises(FileNotFoundError):
        Polling(BOTH)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
