"""Stands inside the judged namespace: sends the machine's own packets, forgets conversations.

Reads one line a command from standard input and answers "ok" to each: ``flush``, or a family and a
packet in hexadecimal to be sent as it is, or ``sync``.
"""

import contextlib
import socket
import struct
import sys

NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE = 1, 2  # linux/netfilter/nfnetlink_conntrack.h
NETLINK_NETFILTER = 12  # linux/netlink.h
NLM_F_REQUEST, NLM_F_ACK = 1, 4


def flush(netlink: socket.socket) -> None:
    """Forget every conversation of this namespace."""
    kind = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE
    message = struct.pack("=IHHII4x", 20, kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0)
    netlink.send(message)
    netlink.recv(4096)


def main() -> None:
    """Obey until there is nothing more to read."""
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    raw = {
        "4": socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
        "6": socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
    }
    for line in sys.stdin:
        words = line.split()
        if words[0] == "flush":
            flush(netlink)
        elif words[0] != "sync":
            packet = bytes.fromhex(words[1])
            start, length = (16, 4) if words[0] == "4" else (24, 16)
            target = packet[start : start + length]
            family = socket.AF_INET if words[0] == "4" else socket.AF_INET6
            with contextlib.suppress(OSError):  # dropped by a rule in OUTPUT: an answer too
                raw[words[0]].sendto(packet, (socket.inet_ntop(family, target), 0))
            continue
        sys.stdout.write("ok\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
