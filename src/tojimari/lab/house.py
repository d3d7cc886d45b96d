"""One house: what is written into it, and the command lines that boot it and enter it.

Pure. Its root is an overlay: the root tree below (read-only, shared by all houses), then its annex
if it has one, and a layer in memory on top that vanishes with the street.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tojimari.lab.scene import File, House, Scene
from tojimari.lab.street import DOMAIN, hosts_file

CODE = "/opt/tojimari/code"  # tojimari's own package, read-only
LIBRARIES = "/opt/tojimari/libraries"  # what it imports, read-only

# The tree's own Python runs the code of the checkout; -P keeps the current folder out of its path.
_COMMAND = f"""#!/bin/sh
exec env PYTHONPATH={CODE}:{LIBRARIES} PYTHONDONTWRITEBYTECODE=1 python3 -P -m tojimari "$@"
"""

# sysfs shows the network namespace of whoever mounts it, and nspawn mounts what it sees itself.
# ``ip netns exec`` would do the same, but loses the control groups that are mounted below /sys.
_SYSFS = """
mkdir -p /run/cgroups
mount --rbind /sys/fs/cgroup /run/cgroups
mount -t sysfs sysfs /sys
mount --rbind /run/cgroups /sys/fs/cgroup
exec "$@"
"""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Mounted:
    """A folder of the real machine that a house sees, read-only.

    Attributes:
        source: The folder outside.
        target: Where it is inside.
    """

    source: str
    target: str


def files(scene: Scene, house: House, street: str) -> Iterator[File]:
    """Everything that is written into a house, what every house gets first.

    Args:
        scene: The whole street, for ``/etc/hosts``.
        house: Which house.
        street: The street's own name, from which the machine's identity is made.
    """
    identity = hashlib.sha256(f"{street}/{house.name}".encode()).hexdigest()[:32]
    yield File("/etc/machine-id", f"{identity}\n", mode=0o444)
    yield File("/etc/hostname", f"{house.name}\n")
    yield File("/etc/mailname", f"{house.name}.{DOMAIN}\n")
    yield File("/etc/hosts", hosts_file(scene))
    yield File("/etc/resolv.conf", f"search {DOMAIN}\n")
    yield File("/usr/local/bin/tojimari", _COMMAND, mode=0o755)
    yield from house.files


def boot_line(house: House, root: str, mounted: Sequence[Mounted]) -> list[str]:
    """The command that boots a house with its own systemd.

    Args:
        house: Which house; its network namespace has its name.
        root: Folder that holds the overlay.
        mounted: What it sees of the real machine.
    """
    return [
        *("nsenter", f"--net=/run/netns/{house.name}"),
        *("unshare", "--mount", "sh", "-euc", _SYSFS, "sh"),
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={root}",
        f"--machine={house.name}",
        # The house's network is made by the street; this also keeps CAP_NET_ADMIN out of reach
        # of anything but that namespace.
        f"--network-namespace-path=/run/netns/{house.name}",
        "--capability=CAP_NET_ADMIN",  # nft, ip and tojimari scan inside the house
        "--keep-unit",  # no scope is asked of a systemd outside; there may be none
        "--register=no",  # nor is machined told
        "--link-journal=no",  # the journal stays inside
        "--settings=no",  # nothing under /etc/systemd/nspawn of the machine has a say
        "--resolv-conf=off",  # the street writes its own
        "--timezone=off",
        "--console=pipe",  # no terminal: what the boot says goes to the house's log
        *(f"--bind-ro={one.source}:{one.target}" for one in mounted),
    ]


def enter_line(leader: int, command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The command that runs another inside a house.

    Args:
        leader: The number of the house's first process, as the caller sees it.
        command: What to run.
        environment: The caller's; only the terminal and the language are handed on.
    """
    handed = [
        f"{name}={environment[name]}"
        for name in ("TERM", "COLUMNS", "LINES", "LANG", "NO_COLOR")
        if environment.get(name)
    ]
    return [
        "nsenter",
        f"--target={leader}",
        *("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"),
        "--root",
        "--",
        *(
            "/usr/bin/env",
            "--chdir=/root",
            "-i",
            f"PATH={_PATH}",
            "HOME=/root",
            "USER=root",
            "LC_CTYPE=C.UTF-8",
        ),
        *handed,
        *command,
    ]
