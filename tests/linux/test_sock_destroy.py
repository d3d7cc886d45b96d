import socket

import pytest

from tojimari.linux import sock_diag
from tojimari.linux.sock_destroy import End, destroy


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_both_ends_learn_that_it_is_over_and_the_door_stays(
    family: socket.AddressFamily, address: str
) -> None:
    with (
        socket.create_server((address, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as client,
        server.accept()[0] as ours,
        sock_diag.connect() as netlink,
    ):
        local, remote = ours.getsockname()[:2], ours.getpeername()[:2]

        def is_ours(near: End, far: End) -> bool:
            return (near, far) == (local, remote)

        assert destroy(netlink, is_ours) == [(local, remote)]
        with pytest.raises(ConnectionAbortedError):
            ours.recv(1)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert destroy(netlink, is_ours) == []
        socket.create_connection(local).close()  # the door itself was never touched


@pytest.mark.usefixtures("root")
def test_a_socket_for_both_families_has_its_ipv4_address_mapped() -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server,
        socket.create_connection(("127.0.0.1", server.getsockname()[1])),
        server.accept()[0] as ours,
        sock_diag.connect() as netlink,
    ):
        port = server.getsockname()[1]
        ((local, _),) = destroy(netlink, lambda local, _: local[1] == port)
        assert local == ("::ffff:127.0.0.1", port)
        with pytest.raises(ConnectionAbortedError):
            ours.recv(1)
