import os
from pathlib import Path

from tojimari.core.socket import Container, Evidence, Owner
from tojimari.sockets.owners import Owners, place_of

GONE = 1 << 30
PATHS = {7: "/system.slice/ssh.service", 8: "/"}


def test_who_holds_a_door_is_asked_for_name_and_program() -> None:
    (found,) = Owners(PATHS).holders([(os.getpid(), 9), (os.getpid(), 4)], Evidence.DESCRIPTOR, 7)
    assert found.pid == os.getpid()
    assert found.exe == str(Path("/proc/self/exe").readlink())
    assert found.descriptors == (4, 9)
    assert found.cgroup == PATHS[7]


def test_holders_are_in_order_of_their_numbers() -> None:
    found = Owners(PATHS).holders([(GONE + 1, 3), (GONE, 3)], Evidence.DESCRIPTOR, 0)
    assert [owner.pid for owner in found] == [GONE, GONE + 1]


def test_a_process_that_has_gone_has_the_unit_of_its_socket() -> None:
    (found,) = Owners(PATHS).holders([(GONE, 3)], Evidence.DESCRIPTOR, 7)
    assert (found.name, found.unit) == (None, "ssh.service")


def test_a_ring_or_a_carrier_is_no_descriptor_of_the_socket() -> None:
    (found,) = Owners(PATHS).holders([(GONE, 3)], Evidence.FIXED_FILE, 0)
    assert (found.evidence, found.descriptors) == (Evidence.FIXED_FILE, ())


def test_connections_share_their_owners() -> None:
    owners = Owners(PATHS)
    assert owners.shared(GONE, 7) is owners.shared(GONE, 7)
    assert owners.shared(GONE, 7)[0].descriptors == ()


def test_a_group_is_named_with_its_unit() -> None:
    owners = Owners(PATHS)
    assert owners.group(7) == (Owner(Evidence.CGROUP, unit="ssh.service", cgroup=PATHS[7]),)
    assert owners.group(9) == ()


def test_the_kernel_has_no_unit() -> None:
    assert Owners(PATHS).kernel(8) == Owner(Evidence.KERNEL, cgroup="/")


def test_a_container_is_placed_by_its_group() -> None:
    identifier = "0123456789abcdef" * 4
    found = place_of(f"/system.slice/docker-{identifier}.scope").container
    assert found == Container("docker", identifier)
