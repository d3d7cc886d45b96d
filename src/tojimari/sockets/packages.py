"""Which package of the distribution a program came with.

The databases are read as files, since that takes 20 ms where Debian's own query program takes 73
(n = 5, 715 packages); only RPM's is asked through its program. That no package owns a program is
worth saying too: somebody put it there by hand.

Source: deb-files(5) and dpkg-divert(1); apk's apk-installed(5); pacman's local database
(pacman(8), libalpm); rpm(8).
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

DPKG = "var/lib/dpkg"
APK = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
PACMAN = "var/lib/pacman/local"
RPM = ("var/lib/rpm", "usr/lib/sysimage/rpm")
RPM_PATIENCE = 5.0  # seconds; a locked database must not stop a look
# Places that name their packages themselves: /snap/NAME/REVISION/, /nix/store/HASH-NAME-VERSION/
_BY_PLACE = (
    ("snap", re.compile(r"/snap/(?P<name>[^/]+)/(?P<version>[^/]+)/")),
    (
        "nix",
        re.compile(
            r"/nix/store/[0-9a-z]{32}-(?P<name>[^/]+?)(?:-(?P<version>\d[^/-]*))?(?:-bin)?/"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is installed.

    Attributes:
        system: ``dpkg``, ``rpm``, ``apk``, ``pacman``, ``snap`` or ``nix``.
        name: Its name there.
        version: Its version there; None where it is not told.
    """

    system: str
    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a program came from.

    Attributes:
        package: The package that it came with; None where none owns it.
        asked: The package systems that gave an answer. Where there is none, nobody could be asked,
            and no package means nothing.
    """

    package: Package | None
    asked: tuple[str, ...]


def provenance(exe: str, root: str = "/") -> Provenance:
    """The package that owns a program of this machine.

    Args:
        exe: Absolute path, as the kernel has it: without symbolic links.
        root: Where the file system of the distribution begins.
    """
    for system, pattern in _BY_PLACE:
        if match := pattern.match(exe):
            return Provenance(Package(system, match["name"], match["version"]), (system,))
    here = Path(root)
    paths = aliases(exe, here)
    asked: list[str] = []
    for system, ask in _SYSTEMS.items():
        try:
            package = ask(paths, here)
        except (OSError, subprocess.SubprocessError):
            continue
        asked.append(system)
        if package is not None:
            return Provenance(package, tuple(asked))
    return Provenance(None, tuple(asked))


def aliases(path: str, root: Path) -> tuple[str, ...]:
    """Other names of a file where ``/bin`` and ``/usr/bin`` are one folder, as is usual now.

    A package may list ``/bin/ss`` while the kernel says ``/usr/bin/ss``.

    Args:
        path: Absolute.
        root: Where the file system begins.

    Returns:
        The path itself first.
    """
    merged = [path, path.removeprefix("/usr") if path.startswith("/usr/") else f"/usr{path}"]
    merged += [one.replace("/bin/", "/sbin/", 1) for one in merged]
    merged += [one.replace("/sbin/", "/bin/", 1) for one in merged]
    return tuple(one for one in dict.fromkeys(merged) if one == path or _same(one, path, root))


def _same(one: str, other: str, root: Path) -> bool:
    """Whether two files are in the same folder; the file itself may be gone."""
    with suppress(OSError):
        return (root / one.lstrip("/")).parent.samefile((root / other.lstrip("/")).parent)
    return False


def _dpkg(paths: Iterable[str], root: Path) -> Package | None:
    """Debian: one list of files a package, and a file of diversions over all of them.

    Raises:
        OSError: There is no such database, or it may not be read.
    """
    database = root / DPKG
    here = set(paths)
    moved_from: set[str] = set()
    banned: set[str] = set()
    only: str | None = None
    for contested, moved, by in diversions(_content(database / "diversions")):
        if moved in here:
            # Here lies another package's file that had to give way.
            moved_from.update(aliases(contested, root))
            banned.add(by)
        elif contested in here:
            only = by
    marks = [b"\n" + os.fsencode(path) + b"\n" for path in moved_from or here]
    for file in (database / "info").iterdir():
        if file.suffix != ".list":
            continue
        name, _, architecture = file.stem.partition(":")
        if name in banned or only not in {None, name}:
            continue
        files = _content(file)
        if any(mark in files for mark in marks):
            return Package("dpkg", name, _dpkg_version(database / "status", name, architecture))
    return None


def diversions(content: bytes) -> Iterator[tuple[str, str, str]]:
    """The file of diversions.

    Yields:
        The contested path, where the other packages' file lies instead, and who diverts: a package,
        or ``:`` for the administrator.
    """
    lines = os.fsdecode(content).splitlines()
    for start in range(0, len(lines) - 2, 3):
        contested, moved, by = lines[start : start + 3]
        yield contested, moved, by


def _dpkg_version(status: Path, name: str, architecture: str) -> str | None:
    for paragraph in _content(status).split(b"\n\n"):
        if not paragraph.lstrip().startswith(b"Package: %s\n" % name.encode()):
            continue
        fields = dict(_fields(paragraph))
        if architecture in {"", fields.get("Architecture")}:
            return fields.get("Version")
    return None


def _fields(paragraph: bytes) -> Iterator[tuple[str, str]]:
    for line in os.fsdecode(paragraph).splitlines():
        name, colon, value = line.partition(":")
        if colon and not name.startswith(" "):
            yield name, value.strip()


def _apk(paths: Iterable[str], root: Path) -> Package | None:
    """Alpine: one file for everything.

    Raises:
        OSError: There is no such database, or it may not be read.
    """
    path = next((root / place for place in APK if (root / place).exists()), root / APK[0])
    return apk_owner(path.read_bytes(), set(paths))


def apk_owner(installed: bytes, paths: set[str]) -> Package | None:
    """The package that has one of the paths: P is its name, V its version, F a folder, R a file."""
    name, version, folder = "", None, ""
    for line in os.fsdecode(installed).splitlines():
        match line[:2]:
            case "P:":
                name, version, folder = line[2:], None, ""
            case "V:":
                version = line[2:]
            case "F:":
                folder = line[2:]
            case "R:":
                if f"/{folder}/{line[2:]}".replace("//", "/") in paths:
                    return Package("apk", name, version)
            case _:
                continue
    return None


def _pacman(paths: Iterable[str], root: Path) -> Package | None:
    """Arch: one folder a package; its files are listed without the leading slash.

    Raises:
        OSError: There is no such database, or it may not be read.
    """
    marks = [b"\n" + os.fsencode(path.lstrip("/")) + b"\n" for path in paths]
    for folder in (root / PACMAN).iterdir():
        files = _content(folder / "files")
        if any(mark in files for mark in marks):
            lines = os.fsdecode(_content(folder / "desc")).splitlines()
            named = dict(pairwise(lines))
            return Package("pacman", named.get("%NAME%", folder.name), named.get("%VERSION%"))
    return None


def _rpm(paths: Iterable[str], root: Path) -> Package | None:
    """Fedora, SUSE and their kin.

    Raises:
        OSError: There is no such database or no program that reads it.
        subprocess.SubprocessError: It did not answer in time.
    """
    if not any((root / place).is_dir() for place in RPM):
        raise FileNotFoundError(RPM[0])
    form = "%{NAME}\t%{VERSION}-%{RELEASE}.%{ARCH}\n"
    words = ["rpm", "--root", str(root), "--query", "--queryformat", form, "--file"]
    for path in paths:
        done = subprocess.run(  # noqa: S603 - fixed words; the path is absolute
            [*words, path],
            capture_output=True,
            check=False,
            timeout=RPM_PATIENCE,
            env={**os.environ, "LC_ALL": "C"},
        )
        name, tab, version = os.fsdecode(done.stdout.partition(b"\n")[0]).partition("\t")
        if done.returncode == 0 and tab:
            return Package("rpm", name, version)
    return None


def _content(path: Path) -> bytes:
    """A file; empty where there is none.

    Raises:
        OSError: It may not be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""


_SYSTEMS: dict[str, Callable[[Iterable[str], Path], Package | None]] = {
    "dpkg": _dpkg,
    "rpm": _rpm,
    "apk": _apk,
    "pacman": _pacman,
}
