import contextlib
import socket
import struct
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import conntrack
from tojimari.linux.conntrack import Tracked
from tojimari.linux.netlink import NetlinkError

TRACKING = """table inet tracking {
    chain here { type filter hook input priority 0; ct state established accept; }
    chain away { type filter hook output priority 0; ct state established accept; }
}
"""


@pytest.fixture
def tracking(root: None) -> Iterator[None]:
    subprocess.run(["nft", "-f", "-"], input=TRACKING, text=True, check=True)
    yield
    subprocess.run(["nft", "delete", "table", "inet", "tracking"], check=True)


@pytest.mark.usefixtures("tracking")
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_conversation_is_listed_and_forgotten_and_no_other_is(
    family: socket.AddressFamily, address: str
) -> None:
    with (
        socket.create_server((address, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as one,
        socket.create_connection(server.getsockname()[:2]) as other,
        conntrack.connect() as netlink,
    ):
        target = server.getsockname()[:2]
        mine, theirs = (
            Tracked(6, who.getsockname()[:2], target, sent_on=False, alive=True)
            for who in (one, other)
        )
        assert {mine, theirs} <= {found for found, _ in conntrack.listed(netlink)}
        assert conntrack.forget(netlink, lambda found: found == mine) == [mine]
        assert conntrack.forget(netlink, lambda found: found == mine) == []
        left = {found for found, _ in conntrack.listed(netlink)}
        assert theirs in left
        assert mine not in left


@given(st.binary(max_size=120))
def test_noise_is_no_conversation(noise: bytes) -> None:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(NetlinkError):
            body = struct.pack("=BBH", family, 0, 0) + noise
            assert list(conntrack.parse(family, body)) == []
