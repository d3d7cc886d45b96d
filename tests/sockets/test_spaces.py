import os
from collections.abc import Generator
from pathlib import Path

import pytest

from actors import actor
from tojimari.core.endpoint import Transport
from tojimari.core.socket import Container
from tojimari.linux import namespaces, procfs
from tojimari.sockets import spaces, table
from tojimari.sockets.spaces import Spaces
from tojimari.sockets.table import Table
from tojimari.sockets.units import Place

pytestmark = pytest.mark.usefixtures("network")
HOUSE = "space = own_network(); a = listener(port=7057); ready(space=space)"
LEFT = """
home = os.open("/proc/self/ns/net", os.O_RDONLY)
space = own_network()
away = os.open("/proc/self/ns/net", os.O_RDONLY)
a = listener(port=7058)
assert libc.setns(home, 0) == 0
ready(space=space, fd=a.fileno(), away=away)
"""


@pytest.fixture
def found() -> Generator[Spaces]:
    made = Spaces([], connections=False, others=True)
    yield made
    made.close()


def ports(one: Table) -> list[int]:
    return [row.port for row in one.rows[Transport.TCP]]


def test_each_namespace_has_its_table() -> None:
    with actor(HOUSE) as one:
        made = Spaces([one.pid], connections=False, others=True)
        made.close()
    assert ports(made.tables[one["space"]]) == [7057]
    assert 7057 not in ports(made.tables[made.own])


def test_others_are_left_out_on_demand() -> None:
    with actor(HOUSE) as one:
        made = Spaces([one.pid], connections=False, others=False)
        made.close()
    assert list(made.tables) == [made.own]


def test_a_namespace_is_entered_by_a_socket_of_it(found: Spaces) -> None:
    with actor(LEFT) as one:
        assert found.add_held(one.pid, one["fd"])
        assert found.add_held(one.pid, one["fd"])  # known by now
        assert ports(found.tables[one["space"]]) == [7058]
        assert (
            found.inside(one["space"], lambda: procfs.namespace("thread-self", "net"))
            == (one["space"])
        )


def test_a_socket_that_was_closed_meanwhile_hides_nothing(found: Spaces) -> None:
    assert found.add_held(1 << 30, 3)
    assert list(found.tables) == [found.own]


def test_a_socket_that_may_not_be_taken_hides_its_namespace(
    found: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int, number: int) -> None:
        del pid, number
        raise PermissionError

    monkeypatch.setattr(namespaces, "of_socket", refuse)
    assert not found.add_held(1, 3)


def test_a_namespace_is_entered_by_an_open_file_of_it(found: Spaces) -> None:
    with actor(LEFT) as one:
        found.add_open(one["space"], (one.pid, one["away"]))
        found.add_open(one["space"], (one.pid, one["away"]))
    assert ports(found.tables[one["space"]]) == [7058]


def test_a_file_that_is_another_by_now_is_not_believed(found: Spaces) -> None:
    with actor(LEFT) as one:
        found.add_open(99, (one.pid, one["away"]))
        found.add_open(98, (one.pid, 999))
    assert list(found.tables) == [found.own]
    assert found.closed == set()


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_a_namespace_where_the_kernel_refuses_is_closed(
    found: Spaces, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    def refuse(*, connections: bool) -> Table:
        del connections
        raise error

    with actor(HOUSE) as one:
        monkeypatch.setattr(table, "read", refuse)
        found.add_open(one["space"], (one.pid, 999))
        path = f"/proc/{one.pid}/ns/net"
        found._add(namespaces.Found(one["space"], path))  # pyright: ignore[reportPrivateUsage]
    assert found.closed == {one["space"]}


@pytest.mark.usefixtures("root")
def test_the_machines_own_is_the_first_of_the_names() -> None:
    made = Spaces([os.getpid(), 2], connections=False, others=True)
    made.close()
    first, *others = made.nouns()
    assert (first.name, first.is_host) == ("host", True)
    assert first.inode == Path("/proc/2/ns/net").stat().st_ino
    assert made.own in [one.inode for one in others]


@pytest.mark.parametrize(
    ("container", "name"),
    [
        (Container("docker", "0123456789abcdef" * 4, "web"), "web"),
        (Container("docker", "0123456789abcdef" * 4), "0123456789ab"),
    ],
)
def test_a_namespace_has_the_name_of_its_container(
    monkeypatch: pytest.MonkeyPatch, container: Container, name: str
) -> None:
    def place_of(path: str) -> Place:
        assert path.startswith("/")
        return Place(None, container)

    monkeypatch.setattr(spaces, "place_of", place_of)
    with actor(HOUSE) as one:
        made = Spaces([one.pid], connections=False, others=True)
        made.close()
        names = made.nouns()
    (house,) = [space for space in names if space.inode == one["space"]]
    assert house.name == name


def test_a_namespace_without_a_name_has_its_number() -> None:
    with actor(HOUSE) as one:
        made = Spaces([one.pid], connections=False, others=True)
        made.close()
    (house,) = [space for space in made.nouns() if space.inode == one["space"]]
    assert house.name == f"netns:{one['space']}"
