"""Told to whoever started us: that we are ready.

Source: sd_notify(3), "Notes": a datagram to the socket that ``NOTIFY_SOCKET`` names, ``@`` for NUL.
"""

from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, socket
from collections.abc import Mapping

VARIABLE = "NOTIFY_SOCKET"


def ready(environment: Mapping[str, str]) -> bool:
    """Say that we are ready; whether somebody wanted to know.

    Raises:
        OSError: Nobody listens there.
    """
    name = environment.get(VARIABLE, "")
    if not name.startswith(("/", "@")):
        return False
    one = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC)
    try:
        one.sendto(b"READY=1", f"\0{name[1:]}" if name.startswith("@") else name)
    finally:
        one.close()
    return True
