"""Virtual cables, on the real kernel."""

import errno
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tojimari.linux import wiring

NEAR, FAR = "wiring0", "wiring1"
HARDWARE = bytes([2, 0, 0, 0, 0, 9])


@pytest.fixture
def cable(root: None) -> Iterator[int]:
    """A cable with both ends here; the index of the far one."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    wiring.cable(NEAR, FAR, HARDWARE, own)
    os.close(own)
    yield socket.if_nametoindex(FAR)
    wiring.cut(NEAR)


def told(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("root")
def test_a_cable_has_two_ends_and_goes_with_either(cable: int) -> None:
    assert "02:00:00:00:00:09" in told("link", "show", FAR)
    with Path("/proc/self/ns/net").open("rb") as own, pytest.raises(OSError, match="exists"):
        wiring.cable(NEAR, "other0", HARDWARE, own.fileno())
    wiring.cut(FAR)
    wiring.cut(NEAR)
    assert NEAR not in told("link")


@pytest.mark.usefixtures("root")
def test_an_end_is_up_without_an_address_of_its_own(cable: int) -> None:
    wiring.up(socket.if_nametoindex(NEAR))
    wiring.up(cable)
    wiring.await_up(cable)
    wiring.await_up(socket.if_nametoindex(NEAR))
    assert "inet6" not in told("addr", "show", "dev", FAR)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("source", "target"), [("198.18.0.1", "192.0.2.1"), ("2001:2::1", "2001:db8::1")]
)
def test_an_end_gets_an_address_a_way_and_a_neighbour(cable: int, source: str, target: str) -> None:
    wiring.up(socket.if_nametoindex(NEAR))
    wiring.up(cable)
    wiring.await_up(cable)
    wiring.live_at(cable, source)
    wiring.everything_by(cable, source)
    wiring.neighbour(cable, target, HARDWARE)
    assert f"dev {FAR}" in told("route", "get", target)
    assert f"src {source}" in told("route", "get", target)
    assert f"{target} lladdr 02:00:00:00:00:09 PERMANENT" in told("neigh", "show", "dev", FAR)
    wiring.forget(cable, target)
    wiring.forget(cable, target)
    assert target not in told("neigh", "show", "dev", FAR)


@pytest.mark.usefixtures("root")
def test_an_end_that_never_comes_up_is_not_waited_for_for_ever(
    cable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "_PATIENCE", 0.01)
    with pytest.raises(OSError, match=os.strerror(errno.ETIMEDOUT)):
        wiring.await_up(cable)


@pytest.mark.usefixtures("as_nobody")
def test_whoever_may_not_lay_a_cable_is_refused() -> None:
    with pytest.raises(PermissionError):
        wiring.cable(NEAR, FAR, HARDWARE, 0)
