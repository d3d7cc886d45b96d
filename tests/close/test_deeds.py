import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tojimari.close import deeds
from tojimari.core.errors import HostError, RefusedError
from tojimari.core.plan import Deed, Kind

BEFORE, AFTER = b"Port 22\r\n# \xff\n", b"Port 2222\r\n# \xff\n"


def writing(path: Path, before: bytes | None = BEFORE) -> Deed:
    return Deed(Kind.WRITE, path=str(path), before=before, after=AFTER)


def ends(pid: int, since: int, number: int = signal.SIGTERM) -> Deed:
    return Deed(Kind.SIGNAL, pid=pid, started=since, signal=number)


def since(pid: int) -> int:
    found = deeds.started(pid)
    assert found is not None
    return found


def test_a_file_keeps_its_mode_and_comes_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    deeds.do(writing(path), "aa")
    assert path.read_bytes() == AFTER
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    deeds.undo(writing(path), "aa")
    assert path.read_bytes() == BEFORE
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["config"]


def test_through_a_link_the_file_itself_is_written(tmp_path: Path) -> None:
    path, link = tmp_path / "available", tmp_path / "enabled"
    path.write_bytes(BEFORE)
    link.symlink_to(path)
    deeds.do(writing(link), "aa")
    assert link.is_symlink()
    assert path.read_bytes() == AFTER


def test_a_file_that_was_not_there_goes_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "ssh.socket.d" / "tojimari.conf"
    deeds.do(writing(path, None), "aa")
    assert path.read_bytes() == AFTER
    deeds.undo(writing(path, None), "aa")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_somebody_changed_is_neither_written_nor_put_back(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(b"another")
    with pytest.raises(RefusedError):
        deeds.do(writing(path), "aa")
    with pytest.raises(RefusedError):
        deeds.undo(writing(path), "aa")
    assert path.read_bytes() == b"another"


def test_what_was_never_done_is_undone_by_doing_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(BEFORE)
    (tmp_path / ".config.tojimari-aa").write_bytes(b"half")
    deeds.undo(writing(path), "aa")
    assert path.read_bytes() == BEFORE
    assert [one.name for one in tmp_path.iterdir()] == ["config"]


def test_a_program_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(HostError) as failed:
        deeds.run(("sh", "-c", "echo line 3: bad port >&2; exit 1"))
    assert failed.value.message.values["why"] == "line 3: bad port"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(HostError) as failed:
        deeds.run(("tojimari-no-such-program",))
    assert failed.value.message.values["program"] == "tojimari-no-such-program"


def test_a_reverse_that_fails_counts_only_where_it_is_no_matter() -> None:
    deeds.undo(Deed(Kind.RUN, reverse=("false",), lenient=True), "aa")
    with pytest.raises(HostError):
        deeds.undo(Deed(Kind.RUN, reverse=("false",)), "aa")


def test_a_process_ends_when_it_is_asked() -> None:
    child = subprocess.Popen(["sleep", "1000"])
    deeds.do(ends(child.pid, since(child.pid)), "aa")
    assert child.wait() == -signal.SIGTERM


def test_another_process_with_the_same_number_is_not_hit() -> None:
    child = subprocess.Popen(["sleep", "1000"])
    with pytest.raises(RefusedError):
        deeds.do(ends(child.pid, since(child.pid) + 1), "aa")
    assert child.poll() is None
    child.kill()
    child.wait()


def test_a_process_that_is_gone_already_is_no_mistake() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert deeds.started(child.pid) is None
    deeds.do(ends(child.pid, 1), "aa")


def test_a_process_that_will_not_end_is_told_and_can_be_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deeds, "GOING", 0.05)
    deaf = "trap '' TERM; echo deaf; exec sleep 1000"
    child = subprocess.Popen(["sh", "-c", deaf], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"deaf\n"
    with pytest.raises(HostError):
        deeds.do(ends(child.pid, since(child.pid)), "aa")
    monkeypatch.undo()
    deeds.do(ends(child.pid, since(child.pid), signal.SIGKILL), "aa")
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()


def test_the_start_of_a_process_is_that_of_the_kernel() -> None:
    assert since(os.getpid()) >= since(os.getppid())


def test_what_counts_the_starts_of_a_unit_begins_anew_before_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "systemctl"
    # As systemd does for a unit that never failed: it has nothing to reset, and says so.
    program.write_text(f'#!/bin/sh\necho "$@" >>{said}\ntest "$1" != reset-failed\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    deeds.do(Deed(Kind.RUN, ("systemctl", "stop", "a.service")), "aa")
    deeds.undo(Deed(Kind.RUN, reverse=("systemctl", "start", "a.socket", "a.service")), "aa")
    assert said.read_text(encoding="ascii").splitlines() == [
        "stop a.service",
        "reset-failed a.socket a.service",
        "start a.socket a.service",
    ]


def test_a_line_that_a_command_changed_is_changed_back_only_where_it_still_is_so(
    tmp_path: Path,
) -> None:
    rules, back = tmp_path / "user.rules", tmp_path / "back"
    deed = Deed(
        Kind.RUN,
        ("true",),
        ("touch", str(back)),
        path=str(rules),
        before=b"allow tcp 80",
        after=b"deny tcp 80",
    )
    rules.write_bytes(b"allow tcp 80\n")  # cut off before it was done
    deeds.undo(deed, "0a1b2c")
    assert not back.exists()
    rules.write_bytes(b"limit tcp 80\n")
    with pytest.raises(RefusedError, match="changed by somebody since"):
        deeds.undo(deed, "0a1b2c")
    assert not back.exists()
    rules.write_bytes(b"allow tcp 22\ndeny tcp 80\n")
    deeds.undo(deed, "0a1b2c")
    assert back.exists()
