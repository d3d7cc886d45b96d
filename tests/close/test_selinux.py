"""What SELinux and AppArmor need for another number: by text, since few kernels have both."""

import pytest

from papers import Papers
from tojimari.close import selinux
from tojimari.close.selinux import Labels
from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Target

# As RHEL 9 prints it, shortened.
LISTED = """
dns_port_t                     tcp      53, 853
dns_port_t                     udp      53, 853
ephemeral_port_t               tcp      32768-60999
http_cache_port_t              tcp      8080, 8118, 8123, 10001-10010
http_port_t                    tcp      80, 81, 443, 488, 8008, 8009, 8443, 9000
reserved_port_t                tcp      1-511
ssh_port_t                     tcp      22
unreserved_port_t              tcp      61001-65535, 1024-32767
"""
KNOWN = Labels(LISTED)
SSH, WEB = Target(Transport.TCP, 22), Target(Transport.TCP, 80)


def typed(found: Deed | Message | None) -> tuple[str, str]:
    assert isinstance(found, Deed)
    return found.typed, " ".join(found.reverse)


def test_a_new_number_gets_the_label_of_the_old_one_and_loses_it_at_undoing() -> None:
    assert typed(selinux.along(KNOWN, SSH, 2222)) == (
        "semanage port -a -t ssh_port_t -p tcp 2222",
        "semanage port -d -p tcp 2222",
    )


def test_a_number_that_has_another_label_gets_ours_and_its_own_back() -> None:
    assert typed(selinux.along(KNOWN, WEB, 10005)) == (
        "semanage port -m -t http_port_t -p tcp 10005",
        "semanage port -d -p tcp 10005",
    )
    local = "gopher_port_t                  tcp      2222\n"
    given = Labels(LISTED + local, local)
    assert typed(selinux.along(given, SSH, 2222)) == (
        "semanage port -m -t ssh_port_t -p tcp 2222",
        "semanage port -m -t gopher_port_t -p tcp 2222",
    )


def test_nothing_is_done_where_the_label_fits_or_the_old_number_had_none_of_its_own() -> None:
    assert selinux.along(KNOWN, WEB, 8443) is None
    assert selinux.along(KNOWN, Target(Transport.TCP, 9999), 9998) is None
    assert selinux.along(KNOWN, Target(Transport.UDP, 80), 81) is None


def test_without_semanage_the_command_is_said() -> None:
    said = selinux.along(Labels(), SSH, 2222)
    assert isinstance(said, Message)
    assert said.values["command"] == "semanage port -a -t ssh_port_t -p tcp 2222"
    strange = selinux.along(Labels(), Target(Transport.UDP, 4711), 4712)
    assert isinstance(strange, Message)
    assert strange.values["command"] == "semanage port -a -t TYPE -p udp 4712"


@pytest.mark.parametrize(
    ("current", "port", "said"),
    [
        ("nginx (enforce)\n", 81, True),
        ("/usr/sbin/nginx (enforce)\n", 81, True),
        ("nginx (complain)\n", 81, False),
        ("unconfined\n", 81, False),
        ("system_u:system_r:httpd_t:s0\0", 81, False),
        ("nginx (enforce)\n", 8081, False),
    ],
)
def test_a_profile_that_confines_the_program_is_said_where_a_capability_is_needed(
    current: str, port: int, said: bool
) -> None:
    files = Papers({"/proc/813/attr/current": current})
    found = list(selinux.confined(files, [813, 814], 8080, port))
    assert [one.code for one in found] == (["apparmor"] if said else [])
    assert list(selinux.confined(files, [813], 80, 81)) == []  # it has the capability already
