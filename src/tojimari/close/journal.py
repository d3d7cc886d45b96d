"""The journal: each change is on the disk before it is made, whole, one file a change.

A file is replaced by a rename after it was written through to the disk, so it is the old one or the
new one whatever happens. The folder is root's alone: what it holds is run as root.
"""

import fcntl
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from tojimari.core.errors import HostError, PrivilegeError, RefusedError, UsageError
from tojimari.core.message import mark
from tojimari.core.record import Record

FOLDER = "/var/lib/tojimari"
VARIABLE = "TOJIMARI_STATE"  # for another folder than that
ID_BYTES = 3  # six digits: easy to type; a number that is taken is thrown again
BOOT = Path("/proc/sys/kernel/random/boot_id")


def folder(environment: Mapping[str, str]) -> Path:
    """Where the journal is."""
    return Path(environment.get(VARIABLE) or FOLDER)


class Journal:
    """The records in one folder."""

    def __init__(self, path: Path) -> None:
        """Nothing is made before something is written.

        Args:
            path: The folder.
        """
        self.path = path
        self.records = path / "journal"

    def prepare(self) -> None:
        """Make the folder, for root alone.

        Raises:
            PrivilegeError: It may not be made.
            RefusedError: It is somebody else's, or others may write into it.
        """
        try:
            self.records.mkdir(mode=0o700, parents=True, exist_ok=True)
        except PermissionError as error:
            raise PrivilegeError(
                "the journal {path} may not be written",
                hint=mark("type the same with sudo before it"),
                path=str(self.path),
            ) from error
        for one in (self.path, self.records):
            status = one.stat()
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                raise RefusedError(
                    "the folder {path} can be written by others than root, so what it holds is"
                    " not believed",
                    path=str(one),
                )

    def new_id(self) -> str:
        """An identifier that no record has."""
        while True:
            made = secrets.token_hex(ID_BYTES)
            if not self._file(made).exists():
                return made

    def write(self, record: Record) -> Record:
        """Have a record on the disk, and the folder's word of it too.

        Returns:
            The record.

        Raises:
            HostError: The disk would not take it.
        """
        target = self._file(record.id)
        partial = target.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                file.write(msgspec.json.encode(record))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
            _settle(self.records)
        except OSError as error:
            raise HostError(
                "the journal {path} cannot be written: {reason}",
                path=str(target),
                reason=error.strerror or str(error),
            ) from error
        return record

    def all(self) -> list[Record]:
        """Every record, the oldest first.

        Raises:
            HostError: One cannot be read.
            PrivilegeError: The journal may not be read.
        """
        try:
            names = sorted(self.records.glob("*.json"))
            found = [self._read(name) for name in names]
        except PermissionError as error:
            raise PrivilegeError(
                "the journal {path} may not be read",
                hint="sudo tojimari journal",
                path=str(self.path),
            ) from error
        return sorted(found, key=lambda one: one.at)

    def sound(self) -> list[Record]:
        """Every record that can be read, the oldest first; also while somebody changes them."""
        found: list[Record] = []
        for name in self.records.glob("*.json"):
            with suppress(OSError, HostError):
                found.append(self._read(name))
        return sorted(found, key=lambda one: one.at)

    def get(self, start: str) -> Record:
        """The record whose identifier begins so.

        Raises:
            UsageError: None does, or several do.
        """
        found = [one for one in self.all() if one.id.startswith(start)]
        if len(found) != 1:
            raise UsageError(
                "the journal has no change {id}", hint="sudo tojimari journal", id=start
            )
        return found[0]

    @contextmanager
    def alone(self, *, wait: bool = False) -> Generator[None]:
        """One at a time: whoever changes doors holds this until the change is made or undone.

        The kernel lets go of it when the process ends, however it ends (flock(2)).

        Args:
            wait: Whether to wait for somebody else, as a timer must: it comes only once.

        Raises:
            RefusedError: Somebody else is at it; the message says who.
        """
        self.prepare()
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                file.seek(0)
                raise RefusedError(
                    "another tojimari (process {pid}) is changing doors of this machine",
                    hint=mark("wait until it has ended; tojimari journal shows what it does"),
                    pid=file.read().strip() or "?",
                ) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            with _held(file):
                yield

    @contextmanager
    def rules(self) -> Generator[None]:
        """One at a time at tojimari's own table of the firewall, for a few milliseconds.

        Not ``alone``, which a change holds until it is proved: what is closed for good cannot wait
        for that.
        """
        with (self.path / "rules").open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with _held(file):
                yield

    def _file(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def _read(self, path: Path) -> Record:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except (msgspec.DecodeError, ValueError) as error:
            raise HostError(
                "{path} is no record of the journal: {reason}",
                path=str(path),
                reason=str(error),
            ) from error


@contextmanager
def _held(file: IO[str]) -> Generator[None]:
    """A lock that is let go of at the end, whatever child was forked meanwhile and still has it."""
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def boot() -> str:
    """The kernel's identifier of the time since it started."""
    return BOOT.read_text(encoding="ascii").strip()


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
