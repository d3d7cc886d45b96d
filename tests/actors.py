"""Other processes for tests: they do something real with sockets, say so, and wait."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tojimari.core.socket import InsideView

# What every actor can use. ``ready`` says what it has and returns when the test is done with it.
_PRELUDE = """
import array, ctypes, fcntl, json, os, socket, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def ready(**facts):
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()
def inode(one):
    return os.fstat(one.fileno()).st_ino
def listener(address="127.0.0.1", port=0, **options):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family)
    for name, value in options.items():
        level = socket.IPPROTO_IPV6 if name.startswith("IPV6") else socket.SOL_SOCKET
        one.setsockopt(level, getattr(socket, name), value)
    one.bind((address, port))
    one.listen()
    return one
def own_network():
    assert libc.unshare(0x40000000) == 0
    request = struct.pack("16sh22x", b"lo", 1)
    with socket.socket() as one:
        fcntl.ioctl(one, 0x8914, request)
    return os.stat("/proc/self/ns/net").st_ino
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """A process that is in the midst of something.

    Attributes:
        pid: Its number.
        facts: What it said of itself.
        process: How to speak with it.
    """

    pid: int
    facts: dict[str, Any]
    process: "subprocess.Popen[str]"

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a fact is whatever the actor said
        return self.facts[name]

    def go_on(self, words: str = "\n") -> dict[str, Any]:
        """Let it come to its next ``ready``; returns what it says then.

        Args:
            words: Lines that it reads until then.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(words)
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said


@contextmanager
def actor(body: str, *, cgroup: Path | None = None) -> Generator[Actor]:
    """Run a process that comes to ``ready(...)``; it ends with the block.

    Args:
        body: Python, with the names of the prelude.
        cgroup: Directory of a control group that it moves to first.
    """
    first = f"open({str(cgroup / 'cgroup.procs')!r}, 'w').write('0')\n" if cgroup else ""
    with subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + first + body],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=unmeasured(),
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "the actor failed"
            yield Actor(process.pid, json.loads(line), process)
        finally:
            process.kill()


def unmeasured() -> dict[str, str]:
    """The environment for a process that will be killed: it must not be writing its coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


# Gives up rights before looking: capabilities by number (linux/capability.h), or root itself.
# What is needed is imported before, for it may lie in root's home.
WITHOUT = """
import ctypes, encodings.ascii, os, struct, sys, zlib
import msgspec
from tojimari.sockets import inside
from tojimari.sockets.holding import Method
libc = ctypes.CDLL(None, use_errno=True)
def without(*capabilities):
    header = struct.pack("=Ii", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    assert libc.capget(header, data) == 0
    words = list(struct.unpack("=6I", data.raw))
    for number in capabilities:
        for part in (0, 1):
            words[3 * (number // 32) + part] &= ~(1 << number % 32)
    assert libc.capset(header, struct.pack("=6I", *words)) == 0
def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
_LOOK = """
sys.stdout.buffer.write(msgspec.json.encode(inside.view({options})))
"""
CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH = 19, 21, 2  # linux/capability.h
CAP_PERFMON, CAP_BPF, CAP_DAC_OVERRIDE = 38, 39, 1


def look(first: str = "", options: str = "", *, wrapper: tuple[str, ...] = ()) -> InsideView:
    """What another process, with other rights, sees.

    Args:
        first: Python that gives up rights: ``without(19)`` or ``as_nobody()``.
        options: Arguments of ``view``, as text.
        wrapper: Program and arguments that start it: ``unshare`` and the like.
    """
    body = WITHOUT + first + "\n" + _LOOK.format(options=options)
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", body],
        capture_output=True,
        check=False,
        env={**os.environ, "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=InsideView)
