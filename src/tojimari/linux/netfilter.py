"""Whether anything stands between the network and the sockets, asked of the kernel itself.

Listing rules takes a program; whether there are any takes one question. That is what a look begins
with, since most machines that people look at have none.

Source: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h; net/ipv4/netfilter/ip_tables.c;
Documentation/networking/ip-sysctl.rst (``route_localnet``).
"""

import errno
import os
import struct

from tojimari.linux.netlink import NetlinkSocket

NETLINK_NETFILTER = 12
NFT_MSG_GETTABLE = (10 << 8) | 1  # NFNL_SUBSYS_NFTABLES, the second of its messages

# Tables of the old kind, as long as their modules are loaded. /proc/net is that of the process,
# this is that of the thread.
LEGACY = ("/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names")
SETTINGS = "/proc/sys/net/ipv4/conf"

_ANY_FAMILY = struct.pack("=BBH", 0, 0, 0)  # struct nfgenmsg: family, version, resource
# The kernel has no netfilter, or no nf_tables in it (nfnetlink_rcv_msg).
_ABSENT = frozenset({errno.EINVAL, errno.EPROTONOSUPPORT, errno.EOPNOTSUPP, errno.EAFNOSUPPORT})


def has_tables() -> bool:
    """Whether there is any table of rules in this thread's network namespace.

    Raises:
        PermissionError: We may not know (CAP_NET_ADMIN).
        OSError: The kernel refused for another reason.
        NetlinkError: What came is no netlink message.
    """
    return _has_native() or any(map(_has_legacy, LEGACY))


def _has_native() -> bool:
    try:
        with NetlinkSocket(NETLINK_NETFILTER) as kernel:
            return bool(kernel.dump(NFT_MSG_GETTABLE, _ANY_FAMILY).datagrams)
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise


def _has_legacy(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except FileNotFoundError:
        return False


def takes_loopback_from_outside() -> bool:
    """Whether packets to 127.0.0.0/8 are taken from any interface but the loopback one."""
    try:
        names = os.listdir(SETTINGS)
    except OSError:
        return False
    return any(_is_set(f"{SETTINGS}/{name}/route_localnet") for name in names if name != "lo")


def _is_set(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(1) != b"0"
    except OSError:
        return False
