import errno
import socket

import pytest

from tojimari.core.endpoint import Transport
from tojimari.linux import sock_diag
from tojimari.linux.netlink import NetlinkSocket
from tojimari.linux.sock_diag import Diagnosis
from tojimari.sockets import table

pytestmark = pytest.mark.usefixtures("network")


def listening() -> socket.socket:
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen()
    return one


def refuse(number: int) -> object:
    def refused(*words: object, **more: object) -> None:
        del words, more
        raise OSError(number, "refused")

    return refused


def ports(found: table.Table) -> list[int]:
    return [row.port for row in found.rows[Transport.TCP]]


def test_doors_are_read_and_connections_only_on_demand() -> None:
    with listening() as door, socket.create_connection(door.getsockname()) as called:
        few = table.read(connections=False)
        all_ = table.read(connections=True)
        port, other = door.getsockname()[1], called.getsockname()[1]
    assert port in ports(few)
    assert other not in ports(few)
    assert {port, other} <= set(ports(all_))
    assert few.links[0].interface.name == "lo"
    assert few.ports.ephemeral is not None
    assert (few.plain, few.changing, few.sctp) == (False, 0, 0)


@pytest.mark.parametrize("part", ["connect", "dump"])
@pytest.mark.parametrize("number", [errno.ENOENT, errno.EPROTONOSUPPORT])
def test_without_diagnosis_the_old_files_are_read(
    monkeypatch: pytest.MonkeyPatch, part: str, number: int
) -> None:
    monkeypatch.setattr(sock_diag, part, refuse(number))
    with listening() as door:
        found = table.read(connections=False)
        assert door.getsockname()[1] in ports(found)
    assert found.plain


@pytest.mark.parametrize("part", ["connect", "dump"])
def test_what_is_refused_for_another_reason_is_an_error(
    monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(sock_diag, part, refuse(errno.EPERM))
    with pytest.raises(PermissionError):
        table.read(connections=False)


def test_a_table_that_kept_changing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def dump(netlink: NetlinkSocket, family: int, protocol: int, states: int) -> Diagnosis:
        del netlink, states
        return Diagnosis([], interrupted=(family, protocol) == (socket.AF_INET, 6))

    monkeypatch.setattr(sock_diag, "dump", dump)
    assert table.read(connections=False).changing == 1


def test_doors_of_the_moment_are_known_by_inode() -> None:
    with listening() as door:
        (inode,) = [
            row.inode
            for row in table.read(connections=False).rows[Transport.TCP]
            if row.port == door.getsockname()[1]
        ]
        assert inode in table.door_inodes(Transport.TCP)
    assert inode not in table.door_inodes(Transport.TCP)


def test_multipath_doors_are_read() -> None:
    with socket.socket(proto=sock_diag.IPPROTO_MPTCP) as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        assert one.getsockname()[1] in [row.port for row in table.multipath_doors()]
