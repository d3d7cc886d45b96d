"""Offsets and numbers out of the kernel's type description, remembered from run to run.

Reading the description takes about 100 ms, and the answer changes only with the kernel. So it is
kept in a file under the user's cache, one for each kernel build. A process that runs as root must
not believe what somebody else wrote there: the file and its directory have to belong to us, and
nobody else may be able to write to them; else nothing is read and nothing kept.
"""

import os
import pwd
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from tojimari.core.message import mark
from tojimari.linux import btf
from tojimari.linux.btf import Btf, BtfError, Kind

NOTES = "/sys/kernel/notes"  # holds the build id
FOLDER = "tojimari"
_HEAD = "tojimari kernel types 1"  # the format's name and version
_LIMIT = 1 << 16  # bytes; ours has about 2000
_ABSENT = -1


class KernelTypes:
    """What was asked for.

    Members are named ``structure.member``, with further dots for members of members; functions
    ``name()``; type definitions ``typedef name``.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        """Take what was found.

        Args:
            numbers: Members in bits, the others as BTF numbers; negative where there is none.
        """
        self._numbers = numbers

    def __contains__(self, name: str) -> bool:
        return self._numbers.get(name, _ABSENT) >= 0

    def bits(self, member: str) -> int:
        """Where a member lies, in bits from the start of the structure.

        Raises:
            BtfError: This kernel has no such thing.
        """
        number = self._numbers.get(member, _ABSENT)
        if number < 0:
            raise BtfError(mark("this kernel's type description has no {member}"), member=member)
        return number

    def offset(self, member: str) -> int:
        """Where a member lies, in bytes from the start of the structure.

        Raises:
            BtfError: This kernel has no such thing.
        """
        return self.bits(member) // 8

    def number(self, name: str) -> int:
        """The number of a function or type definition.

        Raises:
            BtfError: This kernel has no such thing.
        """
        return self.bits(name)


def kernel_types(wanted: Collection[str], environment: Mapping[str, str]) -> KernelTypes:
    """Look up what is wanted.

    Args:
        wanted: Names, as ``KernelTypes`` explains them.
        environment: ``XDG_CACHE_HOME`` and ``HOME`` are read.

    Raises:
        OSError: This kernel has no type description.
        BtfError: It cannot be read.
    """
    build = _build()
    folder = _open_folder(environment)
    try:
        known = _load(folder, build)
        if not all(name in known for name in wanted):
            known = known | search(btf.kernel(), wanted)
            _store(folder, build, known)
    finally:
        if folder is not None:
            os.close(folder)
    return KernelTypes(known)


def search(description: Btf, wanted: Collection[str]) -> dict[str, int]:
    """Look up what is wanted in a description; what is not there is negative."""
    keys = {name: _key(name) for name in wanted}
    numbers = description.find(set(keys.values()))
    found: dict[str, int] = {}
    for name, key in keys.items():
        number = numbers.get(key, _ABSENT)
        if key[0] is Kind.STRUCT and number >= 0:
            try:
                number = description.member(number, name.partition(".")[2]).bits
            except BtfError:
                number = _ABSENT
        found[name] = number
    return found


def _key(name: str) -> tuple[Kind, str]:
    if name.endswith("()"):
        return Kind.FUNCTION, name.removesuffix("()")
    if name.startswith("typedef "):
        return Kind.TYPEDEF, name.removeprefix("typedef ")
    return Kind.STRUCT, name.partition(".")[0]


def _build() -> str:
    """What tells this kernel from all others."""
    try:
        with open(NOTES, "rb") as file:
            notes = file.read(_LIMIT).hex()
    except OSError:
        notes = ""
    kernel = os.uname()
    return f"{_HEAD} {kernel.release} {kernel.version} {notes}"


def _file_name(build: str) -> str:
    from zlib import crc32  # noqa: PLC0415 - a name needs no more; the file itself is compared

    return f"kernel-types-{crc32(build.encode()):08x}"


def _roots(environment: Mapping[str, str]) -> Iterator[str]:
    """Where caches may be: as the environment says, then at home as the system knows it.

    Under sudo, the environment may still name the home of somebody else.
    """
    if environment.get("XDG_CACHE_HOME", "").startswith("/"):
        yield environment["XDG_CACHE_HOME"]
    if environment.get("HOME", "").startswith("/"):
        yield environment["HOME"] + "/.cache"
    with suppress(KeyError):
        yield pwd.getpwuid(os.geteuid()).pw_dir + "/.cache"


def _open_folder(environment: Mapping[str, str]) -> int | None:
    """The directory of our cache, made if need be; None where none can be trusted."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    for root in _roots(environment):
        above = _open_root(root, flags)
        if above is None:
            continue
        try:
            if _is_ours(above):
                with suppress(FileExistsError):
                    os.mkdir(FOLDER, 0o700, dir_fd=above)
                folder = os.open(FOLDER, flags, dir_fd=above)
                if _is_ours(folder):
                    return folder
                os.close(folder)
        except OSError:
            continue
        finally:
            os.close(above)
    return None


def _open_root(root: str, flags: int) -> int | None:
    """Open ``~/.cache``, made in a home that is ours if need be; None where it is not."""
    try:
        return os.open(root, flags)
    except FileNotFoundError:
        pass
    except OSError:
        return None
    home, _, name = root.rpartition("/")
    try:
        above = os.open(home, flags & ~os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if not _is_ours(above):
            return None
        os.mkdir(name, 0o700, dir_fd=above)
        return os.open(name, flags, dir_fd=above)
    except OSError:
        return None
    finally:
        os.close(above)


def _is_ours(descriptor: int) -> bool:
    """Whether it belongs to us and only we can write to it."""
    status = os.fstat(descriptor)
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _load(folder: int | None, build: str) -> dict[str, int]:
    """What was kept; empty where there is nothing that can be trusted."""
    if folder is None:
        return {}
    try:
        descriptor = os.open(
            _file_name(build), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder
        )
    except OSError:
        return {}
    try:
        if not _is_ours(descriptor) or not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return {}
        text = os.read(descriptor, _LIMIT)
    except OSError:
        return {}
    finally:
        os.close(descriptor)
    return parse(text.decode("utf-8", "replace"), build)


def parse(text: str, build: str) -> dict[str, int]:
    """Read a kept file: the build, a line ``name=number`` for each, and a line ``end``.

    Returns:
        Empty where it is of another build, cut off, or otherwise not ours.
    """
    lines = text.split("\n")
    if lines[0] != build or lines[-2:] != ["end", ""]:
        return {}
    found: dict[str, int] = {}
    for line in lines[1:-2]:
        name, _, number = line.partition("=")
        try:
            found[name] = int(number)
        except ValueError:
            return {}
    return found


def _store(folder: int | None, build: str, numbers: Mapping[str, int]) -> None:
    """Keep it, written aside and renamed; where that fails, it is read anew next time."""
    if folder is None:
        return
    lines = [build, *(f"{name}={number}" for name, number in sorted(numbers.items())), "end", ""]
    name = _file_name(build)
    aside = f"{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(aside, flags, 0o600, dir_fd=folder)
    except OSError:
        return
    content = "\n".join(lines).encode()
    try:
        if os.write(descriptor, content) == len(content):
            os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
            aside = ""
    except OSError:
        pass  # a full disk, say: the next line tidies up
    finally:
        os.close(descriptor)
        if aside:
            os.unlink(aside, dir_fd=folder)
