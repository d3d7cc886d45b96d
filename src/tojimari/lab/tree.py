"""The root tree of every house: a Debian of the lab's own, all scenes' daemons in it, at rest.

Everything happens in mount and process-number namespaces of its own, and packages are unpacked and
configured where no network is: a maintainer script can start nothing that outlives the build, and
can reach nobody. Only fetching has a network. Packages stay in the cache for the next build.

An annex is what other packages would change in the tree (those that exclude some of the tree's):
the upper layer of an overlay, laid over the tree by the houses that ask for it.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from tojimari.core.errors import HostError, RefusedError
from tojimari.core.message import Message
from tojimari.lab import cgroups, journal
from tojimari.lab.places import Places
from tojimari.lab.scene import Scene

Say = Callable[[Message], None]

SUITE = "bookworm"  # Debian 12: the newest whose systemd 252 boots with hybrid control groups too
BASE = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "nftables", "openssl", "python3", "procps"),
    *("iputils-ping", "netcat-openbsd", "curl", "less"),
)

_FILES = {
    # No maintainer script starts a daemon (invoke-rc.d asks this; Debian policy, 9.3.3.2) ...
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
    # ... and none is started at boot, unless a scene says so (systemd.preset(5)).
    "etc/systemd/system-preset/00-tojimari-lab.preset": "disable *\n",
    "etc/dpkg/dpkg.cfg.d/tojimari-lab": (
        "force-unsafe-io\n"  # a tree that a loss of power breaks is built again
        "force-confold\n"
        "path-exclude=/usr/share/doc/*\n"
        "path-exclude=/usr/share/man/*\n"
        "path-exclude=/usr/share/info/*\n"
        "path-exclude=/usr/share/locale/*\n"
        "path-exclude=/usr/share/icons/*\n"
    ),
    "etc/apt/apt.conf.d/90tojimari-lab": (
        'APT::Install-Recommends "false";\n'
        'APT::Sandbox::User "root";\n'  # the cache is open to root alone
        'Acquire::Languages "none";\n'
        'Acquire::Retries "3";\n'
        'Binary::apt::APT::Keep-Downloaded-Packages "true";\n'
        'DPkg::Use-Pty "false";\n'
    ),
}
_EXECUTABLE = {"usr/sbin/policy-rc.d"}

# How debootstrap's steps begin to be told, and what a person is told of them.
_PHASES = {
    "Retrieving": Message("base-fetch", "fetching the base system"),
    "Extracting": Message("base-extract", "extracting it"),
    "Unpacking the base": Message("base-unpack", "unpacking it"),
    "Configuring": Message("base-configure", "configuring it"),
}

# $1: the tree. Seen inside it: the processes of this namespace, and the cache of packages.
_MOUNTS = """
mount -t proc proc "$1/proc"
mkdir -p "$1/var/cache/apt/archives"
mount --bind "$2" "$1/var/cache/apt/archives"
"""

# $1 tree, $2 cache of packages, then the packages
_FETCH = f"""{_MOUNTS}
tree=$1; shift 2
chroot "$tree" apt-get -qq update
exec chroot "$tree" apt-get -qq --yes --download-only install "$@"
"""

# The same, where no network is; progress on standard output (apt's README.progress-reporting).
_INSTALL = f"""{_MOUNTS}
ip link set lo up
tree=$1; shift 2
exec 3>&1
exec chroot "$tree" apt-get -qq --yes --no-download -o APT::Status-Fd=3 install "$@" >&2
"""

# $1: the tree. Nothing starts by itself, nothing tells one house from another.
_FINISH = r"""
mount -t proc proc "$1/proc"
exec chroot "$1" sh -euc '
systemctl --quiet preset-all 2>/dev/null
rm -f /etc/rc[S0-6].d/[SK]*
rm -f /etc/machine-id /var/lib/dbus/machine-id
: >/etc/machine-id
mkdir -p /etc/lab/tls
cd /etc/lab/tls
[ -e lab.crt ] && exit
umask 022
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
key ca.key
openssl req -x509 -new -key ca.key -days 3650 -subj "/O=tojimari lab/CN=Lab CA" -out ca.crt
key lab.key
openssl req -new -key lab.key -subj "/CN=lab.example" -out lab.csr
printf "subjectAltName=DNS:lab.example,DNS:*.lab.example\n" >lab.ext
openssl x509 -req -in lab.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
    -extfile lab.ext -out lab.crt 2>/dev/null
cat lab.key lab.crt >lab.pem
# A certificate of the past, by the one command that takes dates.
key expired.key
openssl req -new -key expired.key -subj "/CN=old.lab.example" -out expired.csr
: >index; printf "unique_subject=no\n" >index.attr; printf "01\n" >serial
printf "%s\n" "[ca]" default_ca=c "[c]" database=index serial=serial new_certs_dir=. \
    default_md=sha256 policy=p "[p]" commonName=supplied >ca.cnf
openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -in expired.csr -out expired.crt \
    -startdate 20200101000000Z -enddate 20210101000000Z -notext 2>/dev/null
cat expired.key expired.crt >expired.pem
rm -f ./*.csr ./*.ext ./*.cnf ./*.srl index* serial* 01.pem
chmod 644 ./*
'
"""

# $1 tree, $2 cache of packages, $3 the annex, then its packages. Its upper layer stays.
_ANNEX = """
ip link set lo up
mkdir -p "$3.partial" "$3.work" "$3.root"
mount -t overlay -o "lowerdir=$1,upperdir=$3.partial,workdir=$3.work" overlay "$3.root"
mount -t proc proc "$3.root/proc"
mount --bind "$2" "$3.root/var/cache/apt/archives"
root=$3.root; shift 3
chroot "$root" apt-get -qq --yes --no-download install "$@" >&2
chroot "$root" systemctl --quiet preset-all 2>/dev/null
rm -f "$root"/etc/rc[S0-6].d/[SK]*
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What the root tree holds.

    Attributes:
        recipe: Which version of this file made it.
        packages: Installed beyond the base, sorted.
        annexes: By name, their packages.
    """

    recipe: str
    packages: list[str] = field(default_factory=list[str])
    annexes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def lacks(self, scenes: Iterable[Scene]) -> bool:
        """Whether one of the scenes needs what is not there."""
        packages, annexes = wanted(scenes)
        return bool(packages - set(self.packages)) or any(
            self.annexes.get(name) != listed for name, listed in annexes.items()
        )


def wanted(scenes: Iterable[Scene]) -> tuple[set[str], dict[str, list[str]]]:
    """Packages and annexes of some scenes."""
    packages: set[str] = set()
    annexes: dict[str, list[str]] = {}
    for scene in scenes:
        packages |= set(scene.packages)
        annexes |= {name: list(listed) for name, listed in scene.annexes}
    return packages, annexes


def recipe() -> str:
    """A short name for how the tree is made; another one means that it must be made anew."""
    text = repr((SUITE, BASE, sorted(_FILES.items()), _INSTALL, _FINISH, _ANNEX))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record(places: Places) -> Record | None:
    """What the tree holds; None where none is whole, or it was made by another recipe."""
    try:
        found = msgspec.json.decode(places.record.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    return found if found.recipe == recipe() else None


def need(places: Places, scene: Scene) -> None:
    """See to it that the tree is there for a scene.

    Raises:
        HostError: It is not built, or without what this scene needs.
    """
    found = record(places)
    if found is None or found.lacks([scene]):
        raise HostError(
            "the lab has not been built for the scene {scene}",
            hint="sudo tojimari lab build",
            scene=scene.name,
        )


def build(places: Places, scenes: Sequence[Scene], say: Say, mirror: str | None = None) -> bool:
    """Build the tree, or add to it what the scenes need; whether anything was to be done.

    Args:
        places: Where it goes.
        scenes: What it must serve.
        say: Told how far it is.
        mirror: Where packages come from; None for debootstrap's own default.

    Raises:
        HostError: A program is missing, or a step failed; the hint names the log.
        RefusedError: A street stands on the tree.
    """
    places.ensure()
    with journal.alone(places.cache):
        found = record(places)
        if found is not None and not found.lacks(scenes):
            return False
        _check(places)
        places.record.unlink(missing_ok=True)
        if found is None:
            _lay_base(places, say, mirror)
            found = Record(recipe())
        packages, annexes = wanted(scenes)
        complete = Record(
            recipe=found.recipe,
            packages=sorted(packages | set(found.packages)),
            annexes=found.annexes | annexes,
        )
        _fill(places, complete, say)
        partial = places.record.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(complete))
        partial.replace(places.record)
    return True


def _check(places: Places) -> None:
    if shutil.which("debootstrap") is None:
        raise HostError(
            "the lab is built by debootstrap, which this machine lacks",
            hint="sudo apt-get install -y debootstrap systemd-container",
        )
    # A control group does not tell on which tree its street stands; on one that is not there, none.
    if places.tree.exists() and any(cgroups.processes(one) for one in cgroups.leftovers()):
        raise RefusedError(
            "a street stands on the tree in {tree}; it is not rebuilt under its feet",
            hint="sudo tojimari lab down",
            tree=str(places.tree),
        )


def _lay_base(places: Places, say: Say, mirror: str | None) -> None:
    say(Message("base", "laying the base system (debootstrap, {suite})", {"suite": SUITE}))
    shutil.rmtree(places.tree, ignore_errors=True)
    shutil.rmtree(places.annexes, ignore_errors=True)
    places.ensure()
    line = [
        "debootstrap",
        "--variant=minbase",
        f"--cache-dir={places.packages}",
        f"--include={','.join(BASE)}",
        SUITE,
        str(places.tree),
        *((mirror,) if mirror else ()),
    ]
    said: set[str] = set()
    for line_said in _run(places, line, network=True):
        for beginning, message in _PHASES.items():
            if line_said.startswith(f"I: {beginning}") and beginning not in said:
                said.add(beginning)
                say(message)
    for name, text in _FILES.items():
        target = places.tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(0o755 if name in _EXECUTABLE else 0o644)


def _fill(places: Places, complete: Record, say: Say) -> None:
    """Fetch and install what the record names."""
    where = [str(places.tree), str(places.packages)]
    shutil.copyfile("/etc/resolv.conf", places.tree / "etc/resolv.conf")
    say(Message("fetching", "fetching the daemons' packages"))
    for packages in (complete.packages, *complete.annexes.values()):
        _shell(places, _FETCH, [*where, *packages], network=True)
    percent = -10
    line = ["sh", "-euc", _INSTALL, "sh", *where, *complete.packages]
    for status in _run(places, line, network=False):
        fields = status.split(":")
        if fields[0] == "pmstatus" and float(fields[2]) >= percent + 10:
            percent = int(float(fields[2]))
            say(Message("installing", "installing: {percent} %", {"percent": percent}))
    _shell(places, _FINISH, where[:1], network=False)
    for name, packages in complete.annexes.items():
        say(Message("annex", "laying {annex} beside it", {"annex": name}))
        _add_annex(places, name, packages)
    (places.tree / "etc/resolv.conf").unlink()


def _add_annex(places: Places, name: str, packages: Sequence[str]) -> None:
    annex = places.annexes / name
    helpers = [annex.with_suffix(suffix) for suffix in (".partial", ".work", ".root")]
    for folder in (annex, *helpers):
        shutil.rmtree(folder, ignore_errors=True)
    _shell(places, _ANNEX, [str(places.tree), str(places.packages), str(annex), *packages])
    helpers[0].replace(annex)
    for folder in helpers[1:]:
        shutil.rmtree(folder, ignore_errors=True)


def _shell(places: Places, script: str, arguments: Sequence[str], *, network: bool = False) -> None:
    for _ in _run(places, ["sh", "-euc", script, "sh", *arguments], network=network):
        pass


def _run(places: Places, line: Sequence[str], *, network: bool) -> Iterator[str]:
    """Run one step in namespaces of its own; gives its lines, and keeps all it says in the log.

    Raises:
        HostError: It failed.
    """
    isolate = [
        *("setpriv", "--pdeathsig", "KILL"),  # a build that is killed leaves no apt-get at work
        "unshare",
        *("--mount", "--pid", "--ipc", "--uts"),
        *(() if network else ("--net",)),
        *("--propagation", "private", "--fork", "--kill-child", "--mount-proc"),
    ]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "http_proxy", "https_proxy", "no_proxy"}
    }
    environment |= {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    log = places.cache / "build.log"
    with (
        log.open("ab") as errors,
        subprocess.Popen(  # noqa: S603 - our own words; packages come from the scenes
            [*isolate, *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe, as asked for above
        yield from process.stdout
    if process.returncode != 0:
        raise HostError(
            "building the lab failed at: {step}",
            hint="what was said on the way is in {log}; free disk space: 6 GiB are needed",
            step=line[0],
            log=str(log),
        )
