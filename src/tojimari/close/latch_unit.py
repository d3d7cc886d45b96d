"""The unit of systemd's that keeps the latch alive: there while anything is closed for good.

It is no deed of a change, since several changes share it: whoever holds the journal alone brings it
in line with what the journal says, and so does the next start after somebody was killed.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tojimari.close import deeds, lasting
from tojimari.close.journal import VARIABLE, Journal
from tojimari.close.move import Manager
from tojimari.close.units import System
from tojimari.core.errors import HostError

NAME = "tojimari-latch.service"
FOLDER = Path("/etc/systemd/system")  # systemd.unit(5): units of the administrator's
MODULE = "tojimari.app.latch"
_KEPT = ("PYTHONPATH", VARIABLE)  # without these another tojimari would read another journal

# Before the network is there (systemd.special(7), network-pre.target), and after the one that
# flushes the rules at boot, so that it is done once; for all others it listens.
_UNIT = """\
[Unit]
Description=tojimari: what was closed for good falls shut again
Documentation=man:tojimari(1)
DefaultDependencies=no
RequiresMountsFor={state} {python}
After=local-fs.target nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={python} -P -m {module}
{environment}Restart=on-failure
RestartSec=100ms
OOMScoreAdjust=-900
CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_READ_SEARCH
NoNewPrivileges=yes

[Install]
WantedBy=sysinit.target
"""


def text(state: str, python: str, environment: Mapping[str, str]) -> str:
    """The unit.

    Args:
        state: Folder of the journal.
        python: The interpreter.
        environment: Of whoever installs it; what names the code and the journal is kept.
    """
    kept = [f"Environment={_quoted(f'{one}={environment[one]}')}\n" for one in _KEPT
            if environment.get(one)]  # fmt: skip
    return _UNIT.format(state=state, python=python, module=MODULE, environment="".join(kept))


def is_possible(system: System | None = None) -> bool:
    """Whether this machine has what keeps it alive.

    Args:
        system: What starts services here; None for this machine's own.
    """
    return (system or System()).manager is Manager.SYSTEMD


def install(journal: Journal) -> bool:
    """Have the unit on the disk and started at each boot, not yet now; whether it was not so.

    Raises:
        HostError: It cannot be written, or systemd would not have it.
    """
    wanted = text(str(journal.path), sys.executable, os.environ).encode()
    path = FOLDER / NAME
    with suppress(OSError):
        if path.read_bytes() == wanted and _is_enabled():
            return False
    deeds.replace(str(path), wanted, "latch")
    deeds.run(("systemctl", "daemon-reload"))
    deeds.run(("systemctl", "--quiet", "enable", NAME))
    return True


def start(*, anew: bool) -> None:
    """Have it run; when this returns, everything that must be closed is.

    Args:
        anew: Whether its file has changed.

    Raises:
        HostError: It does not start.
    """
    deeds.run(("systemctl", "restart" if anew else "start", NAME))


def remove(*, stop: bool = True) -> None:
    """Leave nothing of it.

    Args:
        stop: Whether it is ended; not where it is the latch itself that asks.

    Raises:
        HostError: systemd would not.
    """
    path = FOLDER / NAME
    deeds.partial(path, "latch").unlink(missing_ok=True)
    if not path.exists():
        return
    deeds.run(("systemctl", "--quiet", "disable", *(("--now",) if stop else ()), NAME))
    path.unlink(missing_ok=True)
    deeds.run(("systemctl", "daemon-reload"))
    if stop:
        with suppress(HostError):  # it counts only what has failed
            deeds.run(("systemctl", "reset-failed", NAME))


def settle(journal: Journal, system: System | None = None) -> None:
    """Have the unit where, and only where, something is closed for good.

    Whoever calls this holds the journal alone.

    Args:
        journal: What was changed.
        system: What starts services here; None for this machine's own.

    Raises:
        HostError: systemd would not.
    """
    if not is_possible(system):
        return
    if any(map(lasting.is_lasting, journal.sound())):
        start(anew=install(journal))
    else:
        remove()


def _is_enabled() -> bool:
    return any(FOLDER.glob(f"*.wants/{NAME}"))


def _quoted(word: str) -> str:
    """A word as systemd.exec(5) reads it in ``Environment=``."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
