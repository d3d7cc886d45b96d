import os
import socket
from contextlib import closing

import pytest

from house import HOUSE
from tojimari.app.connections import connections, select
from tojimari.core.conversations import Filter, network
from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange


def count(wanted: Filter) -> int:
    return len(select(HOUSE, wanted).connections)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), 10),
        (Filter(ports=(PortRange(80, 80),)), 6),
        (Filter(ports=(PortRange(443, 443), PortRange(53, 53))), 2),
        (Filter(pids=frozenset({4242})), 3),
        (Filter(pids=frozenset({813})), 5),
        (Filter(networks=(network("10.0.0.9"),)), 4),
        (Filter(networks=(network("192.0.2.0/24"),)), 2),
        (Filter(networks=(network("::/0"),)), 2),
        (Filter(ports=(PortRange(80, 80),), networks=(network("::1"),)), 2),
        (Filter(pids=frozenset({1})), 0),
    ],
)
def test_conversations_are_chosen_by_port_process_and_peer(wanted: Filter, expected: int) -> None:
    assert count(wanted) == expected


def test_a_network_may_be_written_by_one_of_its_addresses() -> None:
    assert str(network("192.0.2.7/24")) == "192.0.2.0/24"


@pytest.mark.parametrize("text", ["here", "192.0.2.0/33", ""])
def test_what_is_no_network_is_an_error(text: str) -> None:
    with pytest.raises(UsageError):
        network(text)


@pytest.mark.usefixtures("network")
def test_a_conversation_of_our_own_is_seen() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            ours = Filter(ports=(PortRange(port, port),), pids=frozenset({os.getpid()}))
            found = connections(ours).connections
    assert {one.direction.value for one in found} == {"incoming", "outgoing"}
