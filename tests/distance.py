"""A long way to a far machine, made of Python: for some thousand frames a second, not for benches.

Frames are taken at one cable's end and given to another's after their time, each way alike.
"""

import contextlib
import subprocess
import sys
from collections.abc import Generator

from yard import CABLE, OURS, THEIRS, Yard, run

NEAR, FAR = "near", "far"

_CARRY = """
import heapq, random, selectors, socket, sys, time
ends, latency, jitter = sys.argv[1:3], float(sys.argv[3]), float(sys.argv[4])
ALL, SOL_PACKET, VNET_HEADER, IGNORE_OUTGOING = 3, 263, 15, 23  # linux/if_ether.h, if_packet.h
RCVBUFFORCE = 33  # asm-generic/socket.h
chance, waiting, number = random.Random(1), [], 0
sockets = []
chosen = selectors.DefaultSelector()
for which, name in enumerate(ends):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # Checksums that a neighbour on this machine has left to its device stay left to it.
    one.setsockopt(SOL_PACKET, VNET_HEADER, 1)
    one.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
    one.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 25)
    one.bind((name, ALL))
    one.setblocking(False)
    sockets.append(one)
    chosen.register(one, selectors.EVENT_READ, which)
print("ready", flush=True)
while True:
    rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for key, _ in chosen.select(rest):
        for _ in range(256):
            try:
                frame = key.fileobj.recv(65536)
            except BlockingIOError:
                break
            number += 1
            due = time.monotonic() + latency + jitter * chance.random()
            heapq.heappush(waiting, (due, number, 1 - key.data, frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, to, frame = heapq.heappop(waiting)
        sockets[to].send(frame)
"""


@contextlib.contextmanager
def far_away(yard: Yard, latency: float, jitter: float) -> Generator[None]:
    """Put a way between this machine and the yard's, for as long as it is used.

    Args:
        yard: The far machine; its cable is taken out and another put in, of the same name.
        latency: Seconds each way.
        jitter: At most so many seconds more.
    """
    between = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert between.stdout is not None
    assert between.stdout.readline().strip() == "ready"
    inside = ["nsenter", f"--net=/proc/{between.pid}/ns/net"]
    program = [sys.executable, "-c", _CARRY, NEAR, FAR, str(latency), str(jitter)]
    carrying: subprocess.Popen[str] | None = None
    try:
        run("ip", "link", "del", CABLE)
        for prefix, end, address in (((), NEAR, OURS), (yard.line(), FAR, THEIRS)):
            peer = ("peer", "name", end, "netns", str(between.pid))
            run(*prefix, "ip", "link", "add", CABLE, "type", "veth", *peer)
            run(*prefix, "ip", "address", "add", f"{address}/24", "dev", CABLE)
            run(*prefix, "ip", "link", "set", CABLE, "up")
            run(*inside, "ip", "link", "set", end, "up")
        carrying = subprocess.Popen([*inside, *program], stdout=subprocess.PIPE, text=True)
        assert carrying.stdout is not None
        assert carrying.stdout.readline().strip() == "ready"
        yield
    finally:
        for one in (carrying, between):
            if one is not None:
                one.kill()
                one.communicate()
