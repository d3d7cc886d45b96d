"""A machine at the other end of a cable, for benches: a network namespace, doors, and rules."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

OURS, THEIRS = "10.99.0.1", "10.99.0.2"
CABLE = "bench0"
_QUEUE = "100000"  # frames: more than one scan of a machine has under way

_LISTEN = """
import select, socket, sys
doors = []
for port in sys.argv[1:]:
    door = socket.create_server(("", int(port)), backlog=512)
    doors.append(door)
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        door.accept()[0].close()
"""


class Far:
    """The far machine."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._programs: list[subprocess.Popen[str]] = []

    def line(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._pid}/ns/net", *words]

    def run(self, *words: str) -> None:
        subprocess.run(self.line(*words), check=True)

    def listen(self, ports: Sequence[int]) -> None:
        self.serve(_LISTEN, *map(str, ports))

    def serve(self, program: str, *arguments: str) -> None:
        """Start a Python program there, and wait until it has said a line."""
        self._start("-c", program, *arguments)

    def script(self, path: str, *arguments: str) -> None:
        """Start a Python file there, and wait until it has said a line."""
        self._start(path, *arguments)

    def hardware(self) -> str:
        """The link address of its end of the cable."""
        shown = subprocess.run(
            self.line("ip", "-o", "link", "show", CABLE),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return shown.split("link/ether ")[1].split()[0]

    def _start(self, *words: str) -> None:
        started = subprocess.Popen(
            self.line(sys.executable, *words),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._programs.append(started)
        assert started.stdout is not None
        started.stdout.readline()

    def dropped(self) -> int:
        """Frames that found no room at either end of the cable, or of what stands between."""
        total = 0
        for prefix in ([], self.line()):
            words = [*prefix, "ip", "-j", "-s", "link", "show", CABLE]
            shown = subprocess.run(words, check=True, capture_output=True).stdout
            total += sum(json.loads(shown)[0]["stats64"][way]["dropped"] for way in ("rx", "tx"))
        return total

    def close(self) -> None:
        for one in self._programs:
            one.kill()
            one.wait()


@dataclass(frozen=True, slots=True)
class Distance:
    """How far away it is.

    Attributes:
        program: What holds the frames back (``_delay.build``).
        seconds: Of each way.
        jitter: At most so many seconds more.
    """

    program: Path
    seconds: float
    jitter: float


@contextlib.contextmanager
def far(distance: Distance | None = None) -> Generator[Far]:
    """The far machine, for as long as it is used; this process is in a namespace of its own.

    Args:
        distance: What stands between; nothing but a cable, where it is not given.
    """
    keeper = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    keeper.stdout.readline()
    made = Far(keeper.pid)
    line: subprocess.Popen[str] | None = None
    try:
        if distance is None:
            cable = ["type", "veth", "peer", CABLE, "netns", str(keeper.pid)]
            subprocess.run(["ip", "link", "add", CABLE, *cable], check=True)
        else:
            line = _line(distance, keeper.pid)
        for prefix, address in (([], OURS), (made.line(), THEIRS)):
            for words in (
                ("ip", "address", "add", f"{address}/24", "dev", CABLE),
                ("ip", "link", "set", CABLE, "up"),
                ("ip", "link", "set", "lo", "up"),
            ):
                subprocess.run([*prefix, *words], check=True)
        yield made
    finally:
        made.close()
        for one in (line, keeper):
            if one is not None:
                one.kill()
                one.wait()
        # A namespace goes some time after the last who was in it, and only then its cable.
        subprocess.run(["ip", "link", "del", CABLE], check=False, capture_output=True)


def _line(distance: Distance, pid: int) -> subprocess.Popen[str]:
    """The program between two TAP devices, with room for what a burst brings."""
    times = (str(distance.seconds), str(distance.jitter))
    words = [str(distance.program), "0", str(pid), CABLE, *times]
    line = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert line.stdout is not None
    line.stdout.readline()
    for prefix in ([], ["nsenter", f"--net=/proc/{pid}/ns/net"]):
        queue = ["ip", "link", "set", CABLE, "txqueuelen", _QUEUE]
        subprocess.run([*prefix, *queue], check=True)
    return line
