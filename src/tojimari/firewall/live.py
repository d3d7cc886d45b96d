"""The firewall of a running machine: its rules from nft and iptables, its routes from the kernel.

This is the one file of the stage that touches the system. The programs are asked and not the
kernel, because the rules' encoding there is private to them; each is asked only to list.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass

from tojimari.core.errors import HostError, PrivilegeError
from tojimari.core.interface import Interface
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.firewall import intervals, reading
from tojimari.firewall.machine import Machine, Route
from tojimari.firewall.ruleset import Ruleset
from tojimari.firewall.sources import addresses
from tojimari.linux import routes as kernel_routes
from tojimari.linux import rtnetlink
from tojimari.linux.netlink import NetlinkError

TIMEOUT = 30  # seconds; 10,000 rules take a quarter of one
NETFILTER_TABLES = {4: "/proc/net/ip_tables_names", 6: "/proc/net/ip6_tables_names"}
# To type; the same in every language.
_INSTALL, _AS_ROOT = "sudo apt-get install nftables", "sudo tojimari reach"
_SETTINGS = "/proc/sys/net"
# Kinds of interface whose packets come and go by others (drivers/net: rx handlers, VLANs).
_STACKED = frozenset(
    {"bridge", "bond", "team", "vlan", "macvlan", "macvtap", "ipvlan", "vrf", "macsec", "hsr"}
)


@dataclass(frozen=True, slots=True)
class Around:
    """What is around the firewall.

    Attributes:
        interfaces: As the kernel lists them.
        machine: Their addresses, the routes and the settings that decide.
    """

    interfaces: tuple[Interface, ...]
    machine: Machine


@dataclass(frozen=True, slots=True)
class Listing:
    """What the programs said.

    Attributes:
        ruleset: Everything that decides.
        unseen: What could not be read.
    """

    ruleset: Ruleset
    unseen: tuple[Unseen, ...]


def around() -> Around:
    """Interfaces, addresses, routes and settings of this thread's network namespace.

    Raises:
        HostError: Routing netlink is not there.
    """
    try:
        interfaces = tuple(link.interface for link in rtnetlink.links())
    except OSError as error:
        raise HostError(
            "the network interfaces could not be read: {why}", why=str(error)
        ) from error
    return Around(interfaces, _machine(interfaces))


def _machine(interfaces: tuple[Interface, ...]) -> Machine:
    names = {one.index: one.name for one in interfaces}
    found: list[Route] | None = None
    try:
        other = kernel_routes.uses_other_tables()
        listed: list[Route] = []
        for route in kernel_routes.routes():
            text, _, length = route.destination.partition("/")
            family = intervals.IPV6 if ":" in text else intervals.IPV4
            number = intervals.parse_address(text, family)
            listed += [
                Route(family, number, int(length), names.get(index))
                for index in route.interfaces or (0,)
            ]
        found = listed
    except (OSError, NetlinkError):
        found, other = None, False
    return Machine(
        addresses(interfaces),
        None if found is None else tuple(found),
        forwards={
            family: value != 0
            for family, path in (
                (intervals.IPV4, "ipv4/ip_forward"),
                (intervals.IPV6, "ipv6/conf/all/forwarding"),
            )
            if (value := _setting(path)) is not None
        },
        reverse_path={one.name: _of_interface("rp_filter", one.name) for one in interfaces},
        route_localnet=frozenset(
            one.name for one in interfaces if _of_interface("route_localnet", one.name)
        ),
        accept_local=frozenset(
            one.name for one in interfaces if _of_interface("accept_local", one.name)
        ),
        policy_routing=other,
        bridges=frozenset(one.name for one in interfaces if one.kind == "bridge"),
        stacked=frozenset(one.name for one in interfaces if one.kind in _STACKED),
    )


def _of_interface(setting: str, interface: str) -> int:
    """An interface's setting, where that of ``all`` counts too (linux/inetdevice.h)."""
    values = [_setting(f"ipv4/conf/{name}/{setting}") or 0 for name in ("all", interface)]
    return max(values)


def _setting(path: str) -> int | None:
    try:
        with open(f"{_SETTINGS}/{path}", encoding="ascii") as file:  # noqa: PTH123 - a file of /proc
            return int(file.read())
    except (OSError, ValueError):
        return None


def listing(namespace: int | None = None) -> Listing:
    """The rules of a network namespace.

    Args:
        namespace: Open file of it; None for our own.

    Raises:
        HostError: No program that lists rules is installed.
        PrivilegeError: We may not read the firewall.
    """
    runner = _Runner(namespace)
    unseen: list[Unseen] = []
    has_nft = shutil.which("nft") is not None
    texts: list[str] = []
    if has_nft:
        listed = runner.run("nft", "-j", "list", "ruleset")
        native = reading.native(listed, lambda: runner.run("nft", "-s", "-t", "list", "ruleset"))
    else:
        native = Ruleset()
    texts += _dumps(runner, native, has_nft=has_nft, unseen=unseen)
    sets = ""
    if any("--match-set" in text for text in texts):
        sets = _sets(runner, unseen)
    ruleset = reading.joined(native, texts, sets, hidden=bool(unseen))
    return Listing(ruleset, tuple(unseen))


def _dumps(runner: "_Runner", native: Ruleset, *, has_nft: bool, unseen: list[Unseen]) -> list[str]:
    """The dumps of iptables: those that live in nf_tables, and those of the old kind."""
    texts: list[str] = []
    families = reading.families_of_iptables(native) if has_nft else {4, 6}
    for family in (4, 6):
        word = "iptables" if family == 4 else "ip6tables"  # noqa: PLR2004 - IPv4
        if family in families:
            program = _first(f"{word}-nft-save", f"{word}-save")
            if program:
                texts.append(runner.run(program))
            elif not has_nft:
                continue
        if not runner.has_tables(NETFILTER_TABLES[family]):
            continue
        program = _first(f"{word}-legacy-save", "" if has_nft else f"{word}-save")
        if program:
            texts.append(runner.run(program))
        else:
            unseen.append(_legacy(word))
    if not has_nft and not texts:
        raise HostError(
            "no program that lists firewall rules was found",
            hint=_INSTALL,
        )
    return texts


def _legacy(word: str) -> Unseen:
    return Unseen(
        Message(
            "legacy-tables",
            "Rules of the old kind ({program}-legacy) are loaded, and no program here lists them.",
            {"program": word},
        ),
        0,
        "sudo apt-get install iptables",
    )


def _sets(runner: "_Runner", unseen: list[Unseen]) -> str:
    if shutil.which("ipset") is None:
        unseen.append(
            Unseen(
                Message("no-ipset", "Rules refer to address sets, and ipset is not installed."),
                0,
                "sudo apt-get install ipset",
            )
        )
        return ""
    return runner.run("ipset", "save")


def _first(*programs: str) -> str | None:
    return next((name for name in programs if name and shutil.which(name)), None)


class _Runner:
    """Runs programs inside a network namespace."""

    def __init__(self, namespace: int | None) -> None:
        self._inside: tuple[str, ...] = ()
        self._descriptors: tuple[int, ...] = ()
        if namespace is not None:
            self._inside = ("nsenter", f"--net=/proc/self/fd/{namespace}", "--")
            self._descriptors = (namespace,)

    def has_tables(self, path: str) -> bool:
        """Whether the old kind of table is loaded."""
        try:
            return bool(self.read(path).strip())
        except OSError:
            return False

    def read(self, path: str) -> str:
        if not self._inside:
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - a file of /proc
                return file.read()
        # /proc/net is that of whoever reads.
        return self.run("cat", path) if os.path.exists(path) else ""  # noqa: PTH110 - a file of /proc

    def run(self, *words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the words are ours, and none is a shell's
                [*self._inside, *words],
                capture_output=True,
                check=False,
                timeout=TIMEOUT,
                stdin=subprocess.DEVNULL,
                pass_fds=self._descriptors,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError as error:
            raise HostError("{program} is not installed", program=str(error.filename)) from error
        except subprocess.TimeoutExpired as error:
            raise HostError(
                "{program} did not answer within {seconds} seconds",
                program=words[0],
                seconds=TIMEOUT,
            ) from error
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "surrogateescape")
        said = done.stderr.decode("utf-8", "replace").strip()
        if _refused(said):
            raise PrivilegeError(
                "the firewall may not be read without root's rights (CAP_NET_ADMIN)",
                hint=_AS_ROOT,
            )
        raise HostError("{program} failed: {why}", program=words[0], why=said[:300])


def _refused(said: str) -> bool:
    return any(
        word in said
        for word in ("Operation not permitted", "Permission denied", "you must be root", "setns")
    )
