"""Another machine beside this one: a network namespace at the other end of a cable."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, field

from tojimari.linux import libc

OURS, THEIRS = "10.99.0.1", "10.99.0.2"
OURS_V6, THEIRS_V6 = "fd99::1", "fd99::2"
CABLE = "yard0"


@dataclass(slots=True)
class Yard:
    """The far machine.

    Attributes:
        pid: Of a process that lives there.
        programs: What was started there.
    """

    pid: int
    programs: "list[subprocess.Popen[str]]" = field(default_factory=list["subprocess.Popen[str]"])

    def run(self, *words: str) -> str:
        """Run a command there; it must succeed."""
        return run(*self.line(*words))

    def line(self, *words: str) -> list[str]:
        """The words that run a command there."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *words]

    def serve(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a Python program there, and wait until it has said a line."""
        return self._serve(self.line(sys.executable, "-c", program, *arguments))

    def serve_here(self, program: str, *arguments: str) -> "subprocess.Popen[str]":
        """The same, but on our side."""
        return self._serve([sys.executable, "-c", program, *arguments])

    def _serve(self, words: list[str]) -> "subprocess.Popen[str]":
        started = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )
        self.programs.append(started)
        assert started.stdout is not None
        assert started.stdout.readline().strip() == "ready"
        return started

    def listen(self, *ports: int, address: str = "0.0.0.0") -> None:
        """Open TCP doors there that take whoever comes."""
        self.serve(_LISTEN, address, *map(str, ports))


_LISTEN = """
import resource, select, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
address, *ports = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
doors = []
for port in ports:
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((address, int(port)))
    door.listen(512)
    doors.append(door)
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        door.accept()[0].close()
"""


def run(*words: str) -> str:
    """Run a command; it must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def elsewhere() -> Generator[None]:
    """This thread, and what it starts, in a network namespace that no other test is in."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        libc.unshare(libc.CLONE_NEWNET)
        try:
            run("ip", "link", "set", "lo", "up")
            yield
        finally:
            libc.setns(home, libc.CLONE_NEWNET)
    finally:
        os.close(home)


@contextlib.contextmanager
def yard() -> Generator[Yard]:
    """A far machine at the other end of a cable, with an address of each family."""
    with elsewhere():
        yield from _yard()


def _yard() -> Generator[Yard]:
    keeper = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    assert keeper.stdout.readline().strip() == "ready"
    far = Yard(keeper.pid)
    try:
        run("ip", "link", "add", CABLE, "type", "veth", "peer", CABLE, "netns", str(keeper.pid))
        run("ip", "address", "add", f"{OURS}/24", "dev", CABLE)
        run("ip", "address", "add", f"{OURS_V6}/64", "dev", CABLE, "nodad")
        # Nobody answers by an address that is still looked for twice (RFC 4862, section 5.4).
        undoubted = ("sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{CABLE}/accept_dad")
        run(*undoubted)
        far.run(*undoubted)
        run("ip", "link", "set", CABLE, "up")
        far.run("ip", "address", "add", f"{THEIRS}/24", "dev", CABLE)
        far.run("ip", "address", "add", f"{THEIRS_V6}/64", "dev", CABLE, "nodad")
        far.run("ip", "link", "set", CABLE, "up")
        far.run("ip", "link", "set", "lo", "up")
        yield far
    finally:
        for one in (*far.programs, keeper):
            one.kill()
            one.communicate()
        subprocess.run(["ip", "link", "del", CABLE], check=False, capture_output=True)
