import pytest

from tojimari.core.intent import PortRange
from tojimari.core.socket import Role
from tojimari.linux.sysctl import PortSettings
from tojimari.sockets.roles import udp_role

PORTS = PortSettings(PortRange(32768, 60999), reserved=(PortRange(40000, 40000),))


@pytest.mark.parametrize(
    ("port", "locks", "role"),
    [
        (53, (True, False), Role.SERVER),
        (40001, (True, True), Role.SERVER),
        (40001, (False, False), Role.CLIENT),
        (40001, (False, True), Role.UNSURE),
        (53, None, Role.SERVER),
        (40000, None, Role.SERVER),
        (40001, None, Role.UNSURE),
        (61000, None, Role.SERVER),
    ],
)
def test_who_chose_the_port_tells_what_it_is_for(
    port: int, locks: tuple[bool, bool] | None, role: Role
) -> None:
    assert udp_role(port, locks, PORTS) is role


def test_where_the_kernels_choice_is_unknown_nothing_is_sure() -> None:
    assert udp_role(53, None, PortSettings()) is Role.UNSURE
