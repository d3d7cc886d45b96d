"""A program: doors that take everybody in and then say one byte a second, for ever.

    python tarpits.py COUNT

Prints the numbers of the doors, then runs until it is killed.
"""

import contextlib
import resource
import selectors
import socket
import sys
import time

EVERY = 1.0  # seconds


def main() -> None:
    """Open the doors and drip."""
    count = int(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    inside: list[socket.socket] = []
    with selectors.DefaultSelector() as selector:
        ports: list[int] = []
        for _ in range(count):
            door = socket.create_server(("127.0.0.1", 0), backlog=16)
            door.setblocking(False)  # noqa: FBT003 - the standard library's signature
            selector.register(door, selectors.EVENT_READ, door)
            ports.append(door.getsockname()[1])
        sys.stdout.write(" ".join(map(str, ports)) + "\n")
        sys.stdout.flush()
        following = time.monotonic() + EVERY
        while True:
            for key, _ in selector.select(max(0.0, following - time.monotonic())):
                with contextlib.suppress(BlockingIOError):
                    inside.append(key.data.accept()[0])
            if time.monotonic() >= following:
                following += EVERY
                inside = [one for one in inside if dripped(one)]


def dripped(connection: socket.socket) -> bool:
    """Say one byte; whether anybody is left to hear it."""
    try:
        connection.send(b"x")
    except OSError:
        connection.close()
        return False
    return True


if __name__ == "__main__":
    main()
