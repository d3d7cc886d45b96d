import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobody import become_root_again
from tojimari.sockets import process
from tojimari.sockets.process import Facts, facts, user_name

NOBODY = 65534


@contextmanager
def running(*words: str) -> Generator[int]:
    """A process that is surely the program named, and ends with the block."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as child:
        try:
            # Popen returns in the midst of exec: the command line appears a moment later.
            over = os.WEXITED | os.WNOHANG | os.WNOWAIT
            while not Path(f"/proc/{child.pid}/cmdline").read_bytes():
                if os.waitid(os.P_PID, child.pid, over):
                    break
                os.sched_yield()
            yield child.pid
        finally:
            child.kill()


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """A program of our own, which may be renamed and removed."""
    program = tmp_path / "sleeper"
    shutil.copy("/bin/sleep", program)
    return program


@pytest.fixture
def forget() -> Generator[None]:
    """Names of users that were learnt in a test are not kept, nor is a silent name service."""
    user_name.cache_clear()
    yield
    user_name.cache_clear()
    process.NAME_SERVICE.answers = True


def test_a_process_is_what_others_say_it_is() -> None:
    me = psutil.Process()
    found = facts(me.pid)
    assert found.started is not None
    assert found == Facts(
        pid=me.pid,
        name=me.name(),
        exe=me.exe(),
        deleted=False,
        command=tuple(me.cmdline()),
        user=me.username(),
        started=found.started,
    )
    assert abs(found.started - me.create_time()) <= 1


def test_the_time_of_booting_is_the_kernels() -> None:
    said = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text("ascii"), re.MULTILINE)
    assert said is not None
    assert abs(process.booted() - int(said[1])) <= 1


def test_a_process_that_is_gone_is_an_error() -> None:
    with running("/bin/true") as pid:
        os.waitid(os.P_PID, pid, os.WEXITED)
    with pytest.raises(ProcessLookupError):
        facts(pid)


def test_a_process_that_goes_while_we_look_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    with pytest.raises(ProcessLookupError):
        facts(7, proc=str(tmp_path))


def test_a_file_is_no_process(tmp_path: Path) -> None:
    (tmp_path / "7").touch()
    with pytest.raises(ProcessLookupError):
        facts(7, proc=str(tmp_path))


def test_a_zombie_has_a_name_and_nothing_else() -> None:
    with running("/bin/true") as pid:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        found = facts(pid)
    assert (found.name, found.exe, found.command) == ("true", None, ())


def test_a_name_may_hold_parentheses_and_spaces(sleeper: Path) -> None:
    odd = sleeper.rename(sleeper.with_name("a) R (b 1"))
    with running(str(odd), "60") as pid:
        found = facts(pid)
        known = psutil.Process(pid)
        assert found.name == "a) R (b 1"
        assert found.started is not None
        assert abs(found.started - known.create_time()) <= 1


def test_an_executable_that_was_removed_is_said(sleeper: Path) -> None:
    with running(str(sleeper), "60") as pid:
        sleeper.unlink()
        found = facts(pid)
    assert (found.exe, found.deleted) == (str(sleeper), True)


def test_an_executable_that_was_replaced_is_said(sleeper: Path) -> None:
    with running(str(sleeper), "60") as pid:
        newer = sleeper.with_name("newer")
        shutil.copy("/bin/sleep", newer)
        newer.rename(sleeper)
        found = facts(pid)
    assert (found.exe, found.deleted) == (str(sleeper), True)


def test_a_file_whose_name_really_ends_in_deleted_is_not_taken_for_one(sleeper: Path) -> None:
    odd = sleeper.rename(sleeper.with_name("sleeper (deleted)"))
    with running(str(odd), "60") as pid:
        found = facts(pid)
    assert (found.exe, found.deleted) == (str(odd), False)


def test_such_a_file_may_be_removed_too(sleeper: Path) -> None:
    odd = sleeper.rename(sleeper.with_name("sleeper (deleted)"))
    with running(str(odd), "60") as pid:
        odd.unlink()
        found = facts(pid)
    assert (found.exe, found.deleted) == (str(odd), True)


def test_another_file_of_that_name_does_not_make_it_whole_again(sleeper: Path) -> None:
    with running(str(sleeper), "60") as pid:
        sleeper.unlink()
        sleeper.with_name("sleeper (deleted)").touch()
        found = facts(pid)
    assert (found.exe, found.deleted) == (str(sleeper), True)


def test_secrets_of_the_command_line_are_masked() -> None:
    waits = "import time; time.sleep(60)"
    with running(sys.executable, "-c", waits, "--token=abc", "--port", "22") as pid:
        found = facts(pid)
    assert found.command[-3:] == ("--token=***", "--port", "22")


def test_of_a_long_command_line_the_beginning_is_told() -> None:
    waits = "import time; time.sleep(60)"
    with running(sys.executable, "-c", waits, "x" * 100_000) as pid:
        found = facts(pid)
    assert sum(len(word) + 1 for word in found.command) == process.COMMAND_LIMIT + 1


def test_undecodable_bytes_are_kept(sleeper: Path) -> None:
    odd = sleeper.rename(sleeper.with_name(os.fsdecode(b"sl\xffp")))
    with running(str(odd), "60") as pid:
        found = facts(pid)
    assert os.fsencode(found.name or "") == b"sl\xffp"


def test_what_may_not_be_read_is_none(sleeper: Path, request: pytest.FixtureRequest) -> None:
    with running(str(sleeper), "60") as pid:
        request.getfixturevalue("as_nobody")
        found = facts(pid)
        become_root_again()
    assert found.exe is None
    assert (found.name, found.user, found.command) == ("sleeper", "root", (str(sleeper), "60"))


@contextmanager
def hiding(hidepid: int) -> Generator[str]:
    """A process file system that hides the processes of others."""
    proc = Path("/run/proc")  # empty and ours in the tests' mount namespace
    proc.mkdir()
    subprocess.run(["mount", "-t", "proc", "-o", f"hidepid={hidepid}", "proc", proc], check=True)
    try:
        yield str(proc)
    finally:
        become_root_again()
        subprocess.run(["umount", proc], check=True)
        proc.rmdir()


def test_hidden_processes_are_as_good_as_gone(root: None, request: pytest.FixtureRequest) -> None:
    del root
    with hiding(2) as proc:
        request.getfixturevalue("as_nobody")
        with pytest.raises(ProcessLookupError):
            facts(os.getppid(), proc)


def test_of_a_process_whose_files_are_hidden_the_user_is_known(
    root: None, request: pytest.FixtureRequest
) -> None:
    del root
    with hiding(1) as proc:
        request.getfixturevalue("as_nobody")
        found = facts(os.getppid(), proc)
    assert found == Facts(
        os.getppid(), name=None, exe=None, deleted=False, command=(), user="root", started=None
    )


def test_a_read_that_is_refused_after_opening_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: int, size: int) -> bytes:
        del file, size
        raise PermissionError

    monkeypatch.setattr(os, "read", refused)
    assert facts(os.getpid()).started is None


@pytest.mark.parametrize("content", [b"", b"7 name", b"7 (name", b")7("])
def test_a_stat_file_without_a_name_says_nothing(content: bytes) -> None:
    assert process.name_and_start(content) == (None, None)


def test_a_stat_file_that_ends_early_still_names() -> None:
    assert process.name_and_start(b"7 (sshd) S 1 7") == ("sshd", None)


@given(st.binary(max_size=300))
def test_a_stat_file_may_hold_anything(content: bytes) -> None:
    name, started = process.name_and_start(content)
    assert name is not None or started is None


def test_a_user_is_named_by_the_local_file(
    forget: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del forget
    passwd = tmp_path / "passwd"
    passwd.write_text("+::::::\nalice:x:4242:1::/:/bin/sh\nbob:x:4242:1::/:/bin/sh\n")
    monkeypatch.setattr(process, "PASSWD", passwd)
    assert user_name(4242) == "alice"


def test_a_user_that_the_local_file_lacks_is_asked_of_the_name_services(
    forget: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del forget
    monkeypatch.setattr(process, "PASSWD", tmp_path / "missing")
    assert user_name(0) == pwd.getpwuid(0).pw_name


def test_a_user_without_a_name_is_its_number(forget: None) -> None:
    del forget
    assert user_name(3_999_999_999) == "3999999999"


def test_in_another_root_directory_a_user_is_a_number(root: None, tmp_path: Path) -> None:
    del root
    code = (
        "import os, sys, time; os.chroot(sys.argv[1]); os.setuid(1); print(flush=True);"
        "time.sleep(60)"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = facts(child.pid)
        child.kill()
    assert (found.user, user_name(1)) == ("1", "daemon")


def test_a_name_service_that_hangs_is_left_behind_and_not_asked_again(
    forget: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del forget
    over = threading.Event()
    asked: list[int] = []

    def hang(uid: int) -> pwd.struct_passwd:
        asked.append(uid)
        over.wait()
        raise KeyError

    monkeypatch.setattr(process, "NAME_SERVICE_PATIENCE", 0.01)
    monkeypatch.setattr(pwd, "getpwuid", hang)
    assert (user_name(70001), user_name(70002), asked) == ("70001", "70002", [70001])
    over.set()


def test_the_number_that_stands_for_all_unknown_users_names_nobody() -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs util-linux")
    code = "import os; from tojimari.sockets.process import facts; print(facts(os.getppid()).user)"
    done = subprocess.run(
        ["unshare", "--user", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "None\n"


def test_without_the_kernels_word_the_usual_number_stands_for_unknown_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(path: Path, *_: object) -> bytes:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    monkeypatch.setattr(Path, "read_text", refused)
    assert process.overflow_uid.__wrapped__() == NOBODY
    assert process.sees_all_users.__wrapped__() is True
