"""Deeds done and undone. Each can be undone whether it was done whole, half or not at all."""

import contextlib
import os
import re
import select
import signal
import stat
import subprocess
from pathlib import Path

from tojimari.close import nft, table
from tojimari.core.errors import HostError, RefusedError
from tojimari.core.message import mark
from tojimari.core.plan import Deed, Kind

PATIENCE = 120  # seconds for a program; a large database may take one minute to stop
GOING = 10.0  # seconds that a process may take to end after it was asked
_STARTS = {"start", "restart", "reload-or-restart"}
NEW_MODE = 0o644  # of a file that was not there
_STARTED = 19  # of the fields after the name in /proc/PID/stat, from 0 (proc_pid_stat(5): field 22)


def do(deed: Deed, change: str) -> None:
    """Do one.

    Args:
        deed: What.
        change: Identifier of the change that it is part of.

    Raises:
        HostError: It did not work.
        RefusedError: What is there is not what the plan saw.
    """
    if deed.kind is Kind.RUN and deed.command:
        _started(deed.command)
    elif deed.kind is Kind.WRITE:
        if _bytes(deed.path) != deed.before:
            raise RefusedError("{path} was changed since the plan was made", path=deed.path)
        replace(deed.path, deed.after, change)
    elif deed.kind is Kind.SHUT:
        found = nft.present() or table.Present(chain=False, elements=())
        nft.run(table.shutting(deed.elements, found, deed.seconds))
    elif deed.kind is Kind.SIGNAL:
        end(deed.pid, deed.started, deed.signal)


def undo(deed: Deed, change: str) -> None:
    """Undo one; where it was not done, nothing happens.

    Args:
        deed: What.
        change: Identifier of the change that it is part of.

    Raises:
        HostError: It did not work.
        RefusedError: Somebody else has changed the same since.
    """
    if deed.kind is Kind.RUN and deed.reverse:
        if not _stands(deed):
            return
        try:
            _started(deed.reverse)
        except HostError:
            if not deed.lenient:
                raise
    elif deed.kind is Kind.WRITE:
        _restore(deed, change)
    elif deed.kind is Kind.SHUT:
        found = nft.present()
        if found is not None:
            script = table.opening(deed.elements, found)
            if script:
                nft.run(script)


def _started(words: tuple[str, ...]) -> None:
    """Run a command; where it starts units, whatever counts their starts begins anew.

    systemd refuses to start a unit for the sixth time within ten seconds (StartLimitBurst), and a
    way back must not fail because somebody went it before.
    """
    if words[0] == "systemctl" and words[1] in _STARTS:
        with contextlib.suppress(HostError):
            run(("systemctl", "reset-failed", *words[2:]))
    run(words)


def run(words: tuple[str, ...]) -> str:
    """Run a program; what it prints.

    Raises:
        HostError: It is not there, or failed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the words are those that were shown
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise HostError("{program} is not installed", program=words[0]) from error
    except subprocess.TimeoutExpired as error:
        raise HostError(
            "{program} did not answer within {seconds} seconds",
            program=" ".join(words),
            seconds=PATIENCE,
        ) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise HostError("{program} failed: {why}", program=" ".join(words), why=said[-300:])
    return done.stdout.decode("utf-8", "replace")


def started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None where it is gone.

    Source: proc_pid_stat(5), field 22.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(text.rpartition(b")")[2].split()[_STARTED])


def began(pid: int) -> float | None:
    """When a process started, in seconds since the epoch; None where it is gone.

    Source: proc_stat(5), ``btime``; sysconf(3), ``_SC_CLK_TCK``.
    """
    ticks = started(pid)
    match = re.search(rb"(?m)^btime (\d+)", Path("/proc/stat").read_bytes())
    if ticks is None or match is None:
        return None
    return int(match[1]) + ticks / os.sysconf("SC_CLK_TCK")


def end(pid: int, since: int, number: int) -> None:
    """Send a signal to a process, and wait until it has ended.

    Args:
        pid: The process.
        since: When it started; another process with its number is not hit.
        number: The signal.

    Raises:
        HostError: It is gone already, or did not end.
        RefusedError: Its number is another's now.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # The descriptor is of this one process for good; so if the start agrees now, it is it.
        if started(pid) != since:
            raise RefusedError(
                "process {pid} is another one than the plan saw; it was not touched", pid=pid
            )
        signal.pidfd_send_signal(descriptor, number)
        if not select.select([descriptor], [], [], GOING)[0]:
            raise HostError(
                "process {pid} did not end within {seconds} seconds",
                hint=mark("--kill ends it at once, whatever it is doing"),
                pid=pid,
                seconds=int(GOING),
            )
    finally:
        os.close(descriptor)


def _stands(deed: Deed) -> bool:
    """Whether the line that a command changed is as it made it, where the deed names one.

    Raises:
        RefusedError: It is neither so nor as it was.
    """
    if not deed.path:
        return True
    lines = (_bytes(deed.path) or b"").splitlines()
    if deed.after in lines:
        return True
    if deed.before in lines:
        return False
    raise RefusedError(
        "{path} was changed by somebody since; it is left as it is",
        hint=mark("tojimari journal shows what it held before"),
        path=deed.path,
    )


def _bytes(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None


def _restore(deed: Deed, change: str) -> None:
    """Put a file back as it was, byte for byte, unless somebody else has changed it since."""
    partial(Path(deed.path), change).unlink(missing_ok=True)
    now = _bytes(deed.path)
    if now == deed.before:
        return
    if now != deed.after:
        raise RefusedError(
            "{path} was changed by somebody since; it is left as it is",
            hint=mark("tojimari journal shows what it held before"),
            path=deed.path,
        )
    if deed.before is not None:
        replace(deed.path, deed.before, change)
        return
    path = Path(deed.path)
    path.unlink()
    with contextlib.suppress(OSError):  # others have files there
        path.parent.rmdir()


def replace(name: str, content: bytes, change: str) -> None:
    """Replace a file at once, with its owner, mode and labels kept."""
    path = Path(os.path.realpath(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = partial(path, change)
    model = path.stat() if path.exists() else None
    try:
        with fresh.open("wb") as file:
            os.fchmod(file.fileno(), stat.S_IMODE(model.st_mode) if model else NEW_MODE)
            if model is not None:
                os.fchown(file.fileno(), model.st_uid, model.st_gid)
                for label in os.listxattr(path):
                    with contextlib.suppress(OSError):  # some are the kernel's own to give
                        os.setxattr(fresh, label, os.getxattr(path, label))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise HostError(
            "{path} cannot be written: {reason}",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def partial(path: Path, change: str) -> Path:
    """Where a file is written before it takes its place: a name that no include takes in."""
    path = Path(os.path.realpath(path))
    return path.with_name(f".{path.name}.tojimari-{change}")
