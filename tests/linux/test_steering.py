"""Programs that steer packets: what they take, and what of them is left."""

import socket
import subprocess
from collections.abc import Iterator

import pytest

from tojimari.linux import steering
from tojimari.linux.steering import Hook
from wire import laid

HARDWARE = bytes([2, 0, 0, 0, 0, 9])
BOTH = ("198.18.0.1", "2001:2::1")


@pytest.fixture
def wire(root: None) -> Iterator[int]:
    with laid() as name:
        yield socket.if_nametoindex(name)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("addresses", [BOTH, BOTH[:1], BOTH[1:]])
def test_the_kernel_takes_every_program(wire: int, addresses: tuple[str, ...]) -> None:
    for program in (
        steering.inwards(addresses, wire),
        steering.aside(addresses, wire, HARDWARE),
        steering.stop(addresses),
    ):
        for hook in Hook:
            steering.attach(program, wire, hook)()


@pytest.mark.usefixtures("root")
def test_a_filter_of_a_living_process_is_left_to_it(
    wire: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno  # noqa: PLC0415 - here alone

    def refuse(*given: object) -> int:
        raise OSError(errno.EINVAL, "before Linux 6.6")

    monkeypatch.setattr("tojimari.linux.bpf.link", refuse)
    away = steering.attach(steering.stop(BOTH), wire, Hook.EGRESS)
    steering.clear(wire)
    assert "tojimari:" in filters()
    away()
    assert filters() == ""


def filters() -> str:
    return subprocess.run(
        ["tc", "filter", "show", "dev", "out0", "egress"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
