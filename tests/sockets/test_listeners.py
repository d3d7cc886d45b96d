from collections.abc import Sequence

from tojimari.core.endpoint import Transport
from tojimari.core.socket import Evidence, Listener, Owner, Role
from tojimari.linux.sock_diag import CLOSED, ESTABLISHED, LISTEN, Row
from tojimari.sockets.listeners import Answers, doors, listeners

NETNS = 7


def row(
    port: int = 80,
    *,
    state: int = LISTEN,
    inode: int = 5,
    interface: int = 0,
    queued: int = 1,
    address: bytes = bytes(4),
    v6only: bool | None = None,
) -> Row:
    return Row(
        family=2 if len(address) == 4 else 10,
        state=state,
        port=port,
        peer_port=0,
        address=address,
        peer=bytes(len(address)),
        interface=interface,
        queued=queued,
        backlog=128,
        uid=33,
        inode=inode,
        cgroup=0,
        v6only=v6only,
    )


def owners(group: Sequence[Row]) -> tuple[Owner, ...]:
    return tuple(Owner(Evidence.DESCRIPTOR, one.inode) for one in group)


def made(rows: list[Row], transport: Transport = Transport.TCP) -> list[Listener]:
    roles = {1: Role.CLIENT, 2: Role.UNSURE}
    answers = Answers(owners, lambda one: roles.get(one.inode, Role.SERVER), {2: "eth0"})
    return listeners(rows, transport, NETNS, answers)


def test_a_row_becomes_a_door() -> None:
    (found,) = made([row()])
    assert str(found.endpoint) == "tcp 0.0.0.0:80"
    assert (found.netns, found.backlog, found.queued, found.uid) == (NETNS, 128, 1, 33)
    assert found.inodes == (5,)
    assert found.owners == owners([row()])


def test_doors_are_in_order_of_their_ports() -> None:
    rows = [row(443, inode=1), row(22, inode=2), row(80, inode=3)]
    assert [door.endpoint.port for door in made(rows)] == [22, 80, 443]


def test_sockets_that_share_a_door_are_added_up() -> None:
    (found,) = made([row(inode=9), row(inode=8, queued=4)])
    assert (found.backlog, found.queued, found.inodes) == (256, 5, (8, 9))
    assert [owner.pid for owner in found.owners] == [9, 8]


def test_the_same_port_for_another_interface_is_another_door() -> None:
    found = made([row(inode=1), row(inode=2, interface=2), row(inode=3, interface=3)])
    assert [door.interface for door in found] == [None, "3", "eth0"]


def test_the_length_of_a_udp_queue_is_no_backlog() -> None:
    (found,) = made([row(state=CLOSED)], Transport.UDP)
    assert (found.backlog, found.queued) == (0, 1)


def test_the_role_that_decides_is_that_of_the_server() -> None:
    client, unsure, server = (row(state=CLOSED, inode=number) for number in (1, 2, 3))
    assert made([client, unsure, server], Transport.UDP)[0].role is Role.SERVER
    assert made([client, unsure], Transport.UDP)[0].role is Role.UNSURE
    assert made([client], Transport.UDP)[0].role is Role.CLIENT


def test_ipv4_inside_ipv6_shares_the_door_of_ipv4() -> None:
    mapped = bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 1])
    rows = [
        row(inode=1, address=bytes([127, 0, 0, 1])),
        row(inode=2, address=mapped, v6only=False),
    ]
    (found,) = made(rows)
    assert (found.endpoint.address, found.v6only, found.inodes) == ("127.0.0.1", None, (1, 2))


def test_an_ipv6_door_tells_whether_it_takes_ipv4() -> None:
    (found,) = made([row(address=bytes(16), v6only=True)])
    assert found.v6only is True


def test_what_has_a_peer_is_no_door() -> None:
    assert doors([row(state=ESTABLISHED)], Transport.TCP) == []
    assert doors([row(state=LISTEN)], Transport.UDP) == []


def test_a_socket_that_the_table_names_twice_is_one() -> None:
    assert doors([row(), row()], Transport.TCP) == [row()]


def test_sockets_without_an_inode_are_all_different() -> None:
    (found,) = made([row(inode=0), row(inode=0)])
    assert found.inodes == ()
    assert found.backlog == 256
