from pathlib import Path

import pytest

from tojimari.close.move import Manager, Unit
from tojimari.close.units import System, listening, show
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Target


@pytest.mark.parametrize(
    ("folder", "manager"),
    [
        ("run/systemd/system", Manager.SYSTEMD),
        ("run/openrc", Manager.OPENRC),
        ("run", Manager.SYSV),
    ],
)
def test_the_service_manager_is_known_by_the_folder_that_it_makes(
    tmp_path: Path, folder: str, manager: Manager
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    assert System(str(tmp_path)).manager is manager


def test_where_no_systemd_runs_every_unit_is_taken_for_what_it_is_called(tmp_path: Path) -> None:
    assert System(str(tmp_path)).unit("ssh") == Unit("ssh")


def test_what_systemd_says_is_a_property_a_line_and_what_it_does_not_say_is_empty() -> None:
    found = show("Id=ssh.service\nTriggeredBy=a.socket b.path\nExecStart=x=y\n")
    assert (found["Id"], found["TriggeredBy"], found["Triggers"]) == (
        "ssh.service",
        "a.socket b.path",
        "",
    )


def test_the_doors_that_systemd_itself_holds_have_their_units() -> None:
    said = (
        "Listen=[::]:8080 (Stream)\nListen=/run/x (Stream)\nId=telnet.socket\n\n"
        "Listen=0.0.0.0:69 (Datagram)\nId=tftp.socket\n\nListen=kobject-uevent 1 (Netlink)\n"
    )
    assert listening(said) == {
        Target(Transport.TCP, 8080): "telnet.socket",
        Target(Transport.UDP, 69): "tftp.socket",
    }
