"""Real sockets in a network namespace of the test's own."""

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nobody import become_nobody, become_root_again
from tojimari.app.occupancy import Trial, in_use, trial
from tojimari.core.endpoint import Transport

FREE = 23456  # nothing else is in this namespace


@contextmanager
def held(
    family: int = socket.AF_INET,
    kind: int = socket.SOCK_STREAM,
    address: str = "127.0.0.1",
    *,
    listening: bool = True,
) -> Generator[int]:
    """A number that a socket holds."""
    with socket.socket(family, kind) as door:
        door.bind((address, 0))
        if listening and kind == socket.SOCK_STREAM:
            door.listen()
        number: int = door.getsockname()[1]
        yield number


@pytest.mark.usefixtures("network")
class TestInThisNamespace:
    @pytest.mark.parametrize(
        ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    )
    @pytest.mark.parametrize(
        ("kind", "transport"),
        [(socket.SOCK_STREAM, Transport.TCP), (socket.SOCK_DGRAM, Transport.UDP)],
    )
    def test_a_door_that_is_held_is_in_use_and_cannot_be_opened(
        self, family: int, address: str, kind: int, transport: Transport
    ) -> None:
        with held(family, kind, address) as number:
            table = in_use(transport)
            assert table is not None
            assert number in table
            assert trial(number, transport) is Trial.TAKEN

    def test_a_socket_that_only_holds_the_number_is_met_by_the_trial(self) -> None:
        with held(listening=False) as number:
            assert number not in (in_use(Transport.TCP) or ())
            assert trial(number, Transport.TCP) is Trial.TAKEN

    def test_the_other_transport_is_another_door(self) -> None:
        with held() as number:
            assert number not in (in_use(Transport.UDP) or ())
            assert trial(number, Transport.UDP) is Trial.OPENED

    def test_the_near_end_of_a_connection_is_in_use(self) -> None:
        with held() as number, socket.create_connection(("127.0.0.1", number)) as near:
            end: int = near.getsockname()[1]
            assert end in (in_use(Transport.TCP) or ())
            assert trial(end, Transport.TCP) is Trial.TAKEN

    def test_a_door_that_nobody_holds_opens_and_is_shut_again(self) -> None:
        assert trial(FREE, Transport.TCP) is Trial.OPENED
        assert trial(FREE, Transport.TCP) is Trial.OPENED
        assert FREE not in (in_use(Transport.TCP) or ())

    def test_an_ordinary_user_is_refused_a_low_number(self, root: None) -> None:
        del root
        become_nobody()
        try:
            assert trial(81, Transport.TCP) is Trial.REFUSED
            assert trial(FREE, Transport.TCP) is Trial.OPENED
        finally:
            become_root_again()

    def test_a_machine_without_ipv6_tries_ipv4_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def without_ipv6(family: int, kind: int) -> socket.socket:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            return real(family, kind)

        real = socket.socket
        monkeypatch.setattr(socket, "socket", without_ipv6)
        assert trial(FREE, Transport.TCP) is Trial.OPENED


def test_a_system_without_a_table_has_none(tmp_path: Path) -> None:
    assert in_use(Transport.TCP, tmp_path) is None


def test_a_system_without_sockets_is_unable(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(family: int, kind: int) -> socket.socket:
        raise OSError(errno.EMFILE, f"Too many open files: {family} {kind}")

    monkeypatch.setattr(socket, "socket", none_left)
    assert trial(FREE, Transport.UDP) is Trial.UNABLE
