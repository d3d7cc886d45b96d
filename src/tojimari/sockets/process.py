"""What the kernel says of one process, in as few looks as it takes.

It is asked for every owner of a socket, so it costs little: one directory opened, three files or
links read in it, and nothing looked up twice. The directory stays open meanwhile, so that all parts
are of the same process even where its number is given to another in between.
"""

import os
import pwd
import stat
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tojimari.sockets.secrets import mask

STAT_LIMIT = 4096  # bytes; 52 numbers of at most 20 digits and a name fit twice
# Bytes of a command line: as much as the kernel itself showed before Linux 4.2. A process chooses
# its own, and a look must not take long because somebody's is a megabyte.
COMMAND_LIMIT = 4096
STARTTIME = 22 - 3  # proc(5): field 22 of stat; after the name, field 3 is the first
DELETED = " (deleted)"  # what the kernel appends to the path of an unlinked file (proc(5))
PASSWD = Path("/etc/passwd")
NAME_SERVICE_PATIENCE = 0.5  # seconds; a directory server that is down must not stop a look
WHOLE_RANGE = ["0", "0", "4294967295"]  # uid_map of the first user namespace (user_namespaces(7))
DEFAULT_OVERFLOW = 65534  # include/linux/highuid.h, DEFAULT_OVERFLOWUID

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Facts:
    """One process. What could not be read is None, or empty for the command.

    Attributes:
        pid: Its number, in the process namespace of the ``/proc`` that was read.
        name: The kernel's name of it (``comm``), chosen by the process itself.
        exe: Path of the executable as the process's own root directory has it; None for kernel
            threads and where we may not ask.
        deleted: Whether the executable was removed or replaced since the process began.
        command: Command line, secrets masked; at most ``COMMAND_LIMIT`` bytes of it.
        user: This machine's login name for its effective user. The number as text where there is
            none, and where the process has another root directory than ours, as in a container:
            its own names are its own affair. None where our user namespace does not show it.
        started: Seconds since the epoch; to the second, since the kernel says no more of when it
            booted.
    """

    pid: int
    name: str | None
    exe: str | None
    deleted: bool
    command: tuple[str, ...]
    user: str | None
    started: float | None


def facts(pid: int, proc: str = "/proc") -> Facts:
    """What is known of one process.

    Args:
        pid: Its number.
        proc: Where the process file system is mounted.

    Raises:
        ProcessLookupError: It is gone, or hidden from us (``hidepid``, proc(5)).
    """
    try:
        # O_PATH: with hidepid=1 the directory may not be opened for reading.
        folder = os.open(f"{proc}/{pid}", os.O_PATH | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        raise _gone(pid) from None
    try:
        # The directory's owner is the effective user, whatever "dumpable" says of the files in it
        # (fs/proc/base.c, task_dump_owner).
        user = _user(folder, os.fstat(folder).st_uid)
        name, started = name_and_start(_read(folder, "stat", STAT_LIMIT))
        exe, deleted = _executable(folder)
        command = _command(_read(folder, "cmdline", COMMAND_LIMIT))
    except FileNotFoundError:
        raise _gone(pid) from None
    finally:
        os.close(folder)
    return Facts(pid, name, exe, deleted, command, user, started)


def booted() -> int:
    """When this machine was started, seconds since the epoch: ``btime`` of ``/proc/stat``.

    Computed as the kernel does it, since that file counts every interrupt first. Fields that count
    from the boot are in our time namespace, and so is the clock.
    """
    return int(time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))


@cache
def user_name(uid: int) -> str | None:
    """This machine's name for a user.

    The local file is read first. What it does not know is asked of the name services, which may go
    over the network; after ``NAME_SERVICE_PATIENCE`` the number has to do, for all later users too.

    Args:
        uid: As our user namespace shows it.

    Returns:
        The login name, or the number as text; None for the number that stands for every user that
        our user namespace does not know.
    """
    if uid == overflow_uid() and not sees_all_users():
        return None
    return _local_name(uid) or NAME_SERVICE.ask(uid) or str(uid)


def _user(folder: int, uid: int) -> str | None:
    """The name of a process's user, if our names are the process's too."""
    name = user_name(uid)
    if uid == 0 or name is None:
        return name
    with suppress(OSError):
        if not os.path.samestat(os.stat("root", dir_fd=folder), our_root()):
            return str(uid)
    return name


@cache
def our_root() -> os.stat_result:
    """What our own root directory is."""
    return Path("/").stat()


def _gone(pid: int) -> ProcessLookupError:
    return ProcessLookupError(f"no process {pid}")


class NameService:
    """Name services, asked in a thread that may be left behind."""

    def __init__(self) -> None:
        self.answers = True

    def ask(self, uid: int) -> str | None:
        """The name, or None: there is none, or no answer came in time."""
        if not self.answers:
            return None
        found: list[str] = []

        def ask() -> None:
            with suppress(KeyError):
                found.append(pwd.getpwuid(uid).pw_name)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(NAME_SERVICE_PATIENCE)
        self.answers = not asking.is_alive()
        return found[0] if found else None


NAME_SERVICE = NameService()


def _local_name(uid: int) -> str | None:
    """The name of a user in the local file (passwd(5)); the first line wins, as in libc."""
    number = b"%d" % uid
    with suppress(OSError):
        for line in PASSWD.read_bytes().splitlines():
            fields = line.split(b":")
            if len(fields) > 2 and fields[2] == number and fields[0]:  # noqa: PLR2004 - passwd(5)
                return os.fsdecode(fields[0])
    return None


@cache
def sees_all_users() -> bool:
    """Whether we are in the first user namespace, where every number means itself."""
    with suppress(OSError):
        return Path("/proc/self/uid_map").read_text("ascii").split() == WHOLE_RANGE
    return True


@cache
def overflow_uid() -> int:
    """The number that stands for users that our user namespace does not know."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/kernel/overflowuid").read_bytes())
    return DEFAULT_OVERFLOW


def _read(folder: int, name: str, limit: int) -> bytes | None:
    """The beginning of a file of a process, by one read; None where we may not.

    Raises:
        FileNotFoundError: The process is gone.
        ProcessLookupError: The same, found out while reading.
    """
    try:
        file = os.open(name, os.O_RDONLY, dir_fd=folder)
    except PermissionError:
        return None
    try:
        return os.read(file, limit)
    except PermissionError:
        return None
    finally:
        os.close(file)


def name_and_start(content: bytes | None) -> tuple[str | None, float | None]:
    """Name and start out of ``stat``; the name may itself hold spaces and parentheses (proc(5))."""
    if content is None:
        return None, None
    _, opening, rest = content.partition(b"(")
    name, closing, fields = rest.rpartition(b")")
    if not opening or not closing:
        return None, None
    try:
        ticks = int(fields.split()[STARTTIME])
    except (IndexError, ValueError):
        return os.fsdecode(name), None
    return os.fsdecode(name), booted() + ticks / _TICKS


def _executable(folder: int) -> tuple[str | None, bool]:
    """Path of the executable, and whether that file is gone from there."""
    try:
        path = os.readlink("exe", dir_fd=folder)
    except OSError:
        return None, False
    if not path.endswith(DELETED):
        return path, False
    with suppress(OSError):
        # A file may really have such a name: then it is there, and it is the one that runs.
        running = os.stat("exe", dir_fd=folder)
        there = os.stat(f"root{path}", dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(there.st_mode) and os.path.samestat(running, there):
            return path, False
    return path.removesuffix(DELETED), True


def _command(content: bytes | None) -> tuple[str, ...]:
    """The words; programs that write a title over them leave zero bytes behind it."""
    words = (content or b"").rstrip(b"\0")
    return mask([os.fsdecode(word) for word in words.split(b"\0")]) if words else ()
