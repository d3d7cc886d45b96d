"""Where the file of a policy is looked for, and whether it is believed.

A policy only judges; nothing in it is ever executed. But whoever plants one can have an open door
called intended. So a file that nobody named is believed only from people who could do as much
anyway, and whatever file is used, its name is said.
"""

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tojimari.core.errors import HostError, PrivilegeError, UsageError
from tojimari.core.message import Message, mark
from tojimari.policy.syntax import MAX_BYTES

NAME = "doors.toml"
SYSTEM = Path("/etc/tojimari")
STANDARD_STREAM = "-"


class Origin(StrEnum):
    """How a policy file was found."""

    NAMED = "named"  # on the command line
    HERE = "current-directory"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Found:
    """A policy file.

    Attributes:
        path: As a person would name it; ``-`` for standard input.
        origin: How it was found.
        content: Its bytes; one more than ``MAX_BYTES`` at most, enough to see that it is too long.
        passed: The files that were found before it and not believed, each with the reason.
    """

    path: str
    origin: Origin
    content: bytes
    passed: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Nobody:
    """No policy file was found.

    Attributes:
        looked: Where.
        passed: The files that were found and not believed, each with the reason.
    """

    looked: tuple[str, ...]
    passed: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever sits at the keyboard.

    Attributes:
        uid: The user that this process acts as.
        users: Whose files are believed: the user's own, root's, and with sudo(8) those of whoever
            called it.
        groups: The groups that may write to such a file: the same people's own. Many systems give
            everybody a group of their own and let it write (umask 002).
        behind_sudo: User and group of whoever called sudo; None without it.
    """

    uid: int
    users: frozenset[int]
    groups: frozenset[int]
    behind_sudo: tuple[int, int] | None = None


def person(environment: Mapping[str, str]) -> Person:
    """Whoever sits at the keyboard.

    Args:
        environment: Of ``SUDO_UID`` and ``SUDO_GID`` it is believed only what root's process has:
            nobody else can have put it there.
    """
    uid, gid = os.geteuid(), os.getegid()
    users, groups = {0, uid}, {0, gid}
    caller = environment.get("SUDO_UID", ""), environment.get("SUDO_GID", "")
    if uid == 0 and all(number.isascii() and number.isdigit() for number in caller):
        behind = int(caller[0]), int(caller[1])
        return Person(uid, frozenset({*users, behind[0]}), frozenset({*groups, behind[1]}), behind)
    return Person(uid, frozenset(users), frozenset(groups))


def user_directory() -> Path:
    """Where this user's settings are (XDG Base Directory Specification)."""
    import platformdirs  # noqa: PLC0415 - imported where a policy is looked for, and only there

    return platformdirs.user_config_path("tojimari", appauthor=False)


def find(
    named: str | None, here: Path, user: Path, who: Person, system: Path | None = None
) -> Found | Nobody:
    """The policy file.

    Args:
        named: What the person named; None to look in the usual places.
        here: The current directory.
        user: As ``user_directory`` has it.
        who: As ``person`` has it.
        system: The machine's own settings; None for ``SYSTEM``.

    Raises:
        UsageError: The file that was named is not there.
        PrivilegeError: A file is there and may not be read.
        HostError: A file is there and cannot be read.
    """
    if named is not None:
        return Found(named, Origin.NAMED, _read_named(named))
    system = SYSTEM if system is None else system
    passed: list[Message] = []
    places = ((Origin.HERE, here), (Origin.USER, user), (Origin.SYSTEM, system))
    for origin, directory in places:
        path = directory / NAME
        shown = f"./{NAME}" if origin is Origin.HERE else str(path)
        content = _read_found(path, shown, who if origin is Origin.HERE else None)
        if isinstance(content, Message):
            passed.append(content)
        elif content is not None:
            return Found(shown, origin, content, tuple(passed))
    looked = (f"./{NAME}", str(user / NAME), str(system / NAME))
    return Nobody(looked, tuple(passed))


def _read_named(path: str) -> bytes:
    """What somebody names is read, be it a pipe."""
    if path == STANDARD_STREAM:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the name is shown as it was typed
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(
            mark("there is no file {path}"),
            hint=mark("tojimari policy init --output {path} writes one"),
            path=path,
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _read_found(path: Path, shown: str, who: Person | None) -> bytes | Message | None:
    """What lies about is read if it is a file, and if its people are believed.

    Args:
        path: The file.
        shown: What a person would call it.
        who: Whose files are believed; None for a place where only the right people can write.

    Returns:
        Its bytes; why it was passed over; None where there is nothing.
    """
    try:
        link = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return Message(
            "not-entered",
            "{path} could not be looked for: its folder may not be entered",
            {"path": shown},
        )
    except OSError as error:
        raise _unreadable(shown, error) from None
    try:
        # A pipe that somebody put there would have us wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(shown, error) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return Message("not-a-file", "{path} was passed over: it is no file", {"path": shown})
        doubt = _doubt(shown, link, found, who) if who is not None else None
        if doubt is not None:
            return doubt
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _doubt(shown: str, link: os.stat_result, found: os.stat_result, who: Person) -> Message | None:
    """Why a file is not believed, or None."""
    for seen in (link, found):
        if seen.st_uid not in who.users:
            return Message(
                "not-yours",
                "{path} was passed over: it belongs to user {uid}, not to you;"
                " to use it all the same, name it: --policy {path}",
                {"path": shown, "uid": seen.st_uid},
            )
    is_open = found.st_mode & stat.S_IWOTH
    is_shared = found.st_mode & stat.S_IWGRP and found.st_gid not in who.groups
    if is_open or is_shared:
        return Message(
            "others-may-write",
            "{path} was passed over: others may write to it;"
            " chmod go-w {path}, or name it: --policy {path}",
            {"path": shown},
        )
    return None


def _unreadable(path: str, error: OSError) -> HostError | PrivilegeError:
    if isinstance(error, PermissionError):
        return PrivilegeError(
            mark("{path} is there, but may not be read"),
            hint=mark("sudo tojimari ..., or name another file: --policy FILE"),
            path=path,
        )
    return HostError(
        mark("{path} cannot be read: {reason}"),
        hint=mark("name a file: --policy FILE"),
        path=path,
        reason=error.strerror or str(error),
    )
