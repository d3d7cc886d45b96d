"""Which script of /etc/init.d starts a program: by texts as Debian, Devuan and Alpine have them."""

from dataclasses import replace

import pytest

from house import process
from papers import Papers
from tojimari.close import scripts
from tojimari.close.move import Manager, Situation, Unit
from tojimari.core.socket import Owner


class Fake:
    """A service manager that tells no units."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager

    def unit(self, name: str) -> Unit | None:
        del name
        return None


SCRIPTS = {
    "/etc/init.d/ssh": "# /usr/sbin/nginx\nstart-stop-daemon --start --exec /usr/sbin/sshd -- -D\n",
    "/etc/init.d/vsftpd": 'DAEMON="/usr/sbin/vsftpd"\nNAME="vsftpd"\n',
    "/etc/init.d/nginx": "DAEMON=/usr/sbin/$NAME\n",
    "/etc/init.d/nginx-debug": "command=/usr/sbin/nginx-debug\n",
    "/etc/init.d/redis": 'command="/bin/redis-server"\n',
    "/etc/init.d/one": "DAEMON=/usr/bin/both\n",
    "/etc/init.d/two": "DAEMON=/usr/bin/both\n",
}


def named(owner: Owner, manager: Manager = Manager.SYSV) -> str | None:
    here = Situation((), (), Fake(manager), Papers(SCRIPTS))
    return scripts.name(here, owner)


@pytest.mark.parametrize(
    ("program", "path", "script"),
    [
        ("sshd", "/usr/sbin/sshd", "ssh"),
        ("vsftpd", "/usr/sbin/vsftpd", "vsftpd"),
        ("nginx", "/usr/sbin/nginx", "nginx"),  # by its name, since its text says only $NAME
        ("redis-server", "/usr/bin/redis-server", "redis"),  # /bin is /usr/bin
        ("both", "/usr/bin/both", None),  # two scripts start it
        ("strange", "/opt/strange", None),
        ("vsftpd", None, "vsftpd"),
    ],
)
def test_a_script_is_known_by_the_program_that_it_starts(
    program: str, path: str | None, script: str | None
) -> None:
    owner = replace(process(700, program, unit=None), exe=path)
    assert named(owner) == script
    assert named(owner, Manager.OPENRC) == script


def test_under_systemd_the_control_group_tells() -> None:
    assert named(process(700, "vsftpd", unit="ftp.service"), Manager.SYSTEMD) == "ftp.service"
    assert named(process(700, "vsftpd", unit=None), Manager.SYSTEMD) is None


def test_only_the_levels_that_start_it_count() -> None:
    files = Papers(
        {
            "/etc/rc2.d/S01nginx": "",
            "/etc/rc3.d/K01nginx": "",
            "/etc/rc0.d/S01nginx": "",
            "/etc/rc5.d/S01nginx": "",
            "/etc/rc5.d/S01nginx-debug": "",
            "/etc/runlevels/default/nginx": "",
            "/etc/runlevels/boot/other": "",
        }
    )
    assert scripts.levels(files, "nginx", Manager.SYSV) == ["rc2.d", "rc5.d"]
    assert scripts.levels(files, "nginx", Manager.OPENRC) == ["default"]
