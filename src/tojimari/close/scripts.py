"""Which script of ``/etc/init.d`` starts a program, where no systemd runs: by its text. Pure.

Only systemd tells by control groups which unit a process is of. A script names the program that it
starts; where several name it, the one that is called like it counts, and otherwise none does.
"""

import re

from tojimari.close.grammar import Files
from tojimari.close.move import Manager, Situation
from tojimari.core.socket import Owner

FOLDER = "/etc/init.d"


def name(situation: Situation, owner: Owner) -> str | None:
    """What the service manager calls the service of a process; None where it knows none."""
    if situation.units.manager is Manager.SYSTEMD:
        return owner.unit
    return _script(situation.files, owner)


def levels(files: Files, script: str, manager: Manager) -> list[str]:
    """The run levels in which a script starts by itself.

    Source: init(8) and update-rc.d(8), links ``S??NAME``; openrc(8), ``/etc/runlevels``.
    """
    pattern = f"/etc/runlevels/*/{script}"
    if manager is Manager.SYSV:
        pattern = f"/etc/rc[2-5S].d/S[0-9][0-9]{script}"
    return sorted({path.split("/")[-2] for path in files.glob(pattern)})


def _script(files: Files, owner: Owner) -> str | None:
    program = owner.exe or ""
    alike = {owner.name, program.rpartition("/")[2]}
    found: list[str] = []
    for path in files.glob(f"{FOLDER}/*"):
        called = path.rpartition("/")[2]
        if (program and _starts(files.text(path) or "", program)) or called in alike:
            found.append(called)
    same = [one for one in found if one in alike]
    chosen = same or found
    return chosen[0] if len(chosen) == 1 else None


def _starts(text: str, program: str) -> bool:
    """Whether a script names a program; ``/usr`` may be left out, since both are one folder."""
    path = re.escape(program.removeprefix("/usr"))
    return re.search(rf"(?m)^[^#\n]*(?<![\w.-])(?:/usr)?{path}(?![\w./-])", text) is not None
