"""What a bound UDP socket is there for. Pure.

A server's program chooses the port. A client lets the kernel choose one when it sends, and waits
at it for the answer: to everybody else it looks just like a server.
"""

from tojimari.core.socket import Role
from tojimari.linux.sysctl import PortSettings


def udp_role(port: int, locks: tuple[bool, bool] | None, ports: PortSettings) -> Role:
    """Server or client.

    Args:
        port: Where it is bound.
        locks: Whether the program chose the port, and whether it chose the address, as the kernel
            remembers it (``SOCK_BINDPORT_LOCK`` and ``SOCK_BINDADDR_LOCK`` of net/sock.h); None
            where that could not be asked.
        ports: Which ports the kernel chooses for a program.

    Returns:
        ``UNSURE`` where the kernel chose the port although the program chose the address: servers
        that announce their port elsewhere do so, and some clients too. Without the locks, a port
        outside of the kernel's choice was surely chosen by the program, and one inside may be
        either.
    """
    if locks is None:
        may_be_chosen = ports.ephemeral is None or ports.hands_out(port)
        return Role.UNSURE if may_be_chosen else Role.SERVER
    chose_port, chose_address = locks
    if chose_port:
        return Role.SERVER
    return Role.UNSURE if chose_address else Role.CLIENT
