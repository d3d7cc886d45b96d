"""How a policy file is written: by whole, or not at all."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from tojimari.core.errors import HostError, PrivilegeError, RefusedError
from tojimari.core.message import mark
from tojimari.policy.files import Person

NEW_MODE = 0o666  # less the umask, as every program makes files


def save(path: Path, text: str, who: Person, *, replace: bool) -> None:
    """Write a whole file, or nothing: whoever reads it sees the old one or the new one.

    A file that is replaced keeps its owner and its mode. Through a symbolic link the file is
    written that it points to, if the link is of somebody believed.

    Args:
        path: Where.
        text: What.
        who: As ``person`` has it.
        replace: Whether a file that is there may be replaced.

    Raises:
        RefusedError: A file is there; or somebody else's symbolic link is.
        PrivilegeError: The directory may not be written to.
        HostError: The system would not write it.
    """
    target = _target(path, who)
    if not replace:
        refuse_to_replace(path)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    try:
        _write(partial, text, _model(target), who)
        _put(partial, target, path, replace=replace)
        _settle(target.parent)
    except PermissionError:
        raise PrivilegeError(
            mark("{path} may not be written"),
            hint=mark("choose another place: --output FILE, or - for standard output"),
            path=str(path),
        ) from None
    except OSError as error:
        raise HostError(
            mark("{path} cannot be written: {reason}"),
            hint=mark("choose another place: --output FILE, or - for standard output"),
            path=str(path),
            reason=error.strerror or str(error),
        ) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def refuse_to_replace(path: Path) -> None:
    """Refuse where something is there.

    Raises:
        RefusedError: Something is.
    """
    if os.path.lexists(path):
        raise _occupied(path)


def _target(path: Path, who: Person) -> Path:
    if not path.is_symlink():
        return path
    owner = path.lstat().st_uid
    if owner not in who.users:
        raise RefusedError(
            mark("{path} is a symbolic link of user {uid}; writing through it is refused"),
            hint=mark("name the file that it points to"),
            path=str(path),
            uid=owner,
        )
    return Path(os.path.realpath(path))


def _occupied(path: Path) -> RefusedError:
    return RefusedError(
        mark("{path} is there already, and nothing was changed"),
        hint=mark("--force replaces it; --output FILE writes another"),
        path=str(path),
    )


def _model(target: Path) -> os.stat_result | None:
    """Whose owner and mode the new file shall have."""
    with contextlib.suppress(FileNotFoundError):
        return target.stat()
    return None


def _write(partial: Path, text: str, model: os.stat_result | None, who: Person) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(partial, flags, NEW_MODE), "w", encoding="utf-8", newline="") as file:
        descriptor = file.fileno()
        if model is not None:
            with contextlib.suppress(PermissionError):  # another's file in one's own directory
                os.fchown(descriptor, model.st_uid, model.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(model.st_mode))
        elif who.behind_sudo is not None and partial.parent.stat().st_uid == who.behind_sudo[0]:
            # In somebody's own directory, a file of root's could not be edited by them.
            os.fchown(descriptor, *who.behind_sudo)
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _put(partial: Path, target: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        try:
            target.hardlink_to(partial)  # fails where a file has come in the meantime
        except FileExistsError:
            raise _occupied(path) from None
        except OSError:
            pass  # a file system without hard links
        else:
            return
    partial.replace(target)


def _settle(directory: Path) -> None:
    """Have the directory on the disk too, so that a power cut does not bring the old file back."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
