"""A machine with something of everything, made by hand: what the reports are tested with."""

from collections.abc import Sequence

from scenery import HOST_NETNS, LOOPBACK, NOW, PRIVATE
from tojimari.app import join
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.interface import Interface
from tojimari.core.meaning import NOTHING_KNOWN, Advice, Meaning
from tojimari.core.message import Message
from tojimari.core.socket import (
    Connection,
    Container,
    Direction,
    Evidence,
    InsideView,
    Listener,
    Namespace,
    Owner,
    Role,
    TcpState,
    Unseen,
)
from tojimari.sockets.ancestry import Ancestry
from tojimari.sockets.inspection import Inspection
from tojimari.sockets.packages import Package, Provenance
from tojimari.sockets.process import Facts
from tojimari.sockets.threads import Threads, Waiting

BOX_NETNS = 4026532200
BOX_ID = "0f" * 32
DAY = 86400.0

HOST = Namespace(HOST_NETNS, "host", is_host=True, interfaces=(LOOPBACK, PRIVATE), pids=(1,))
BOX = Namespace(
    BOX_NETNS,
    "shop",
    is_host=False,
    interfaces=(
        LOOPBACK,
        Interface("eth0", 7, ("172.17.0.2/16",), up=True, kind="veth"),
    ),
    pids=(900,),
)


def process(
    pid: int,
    name: str,
    exe: str | None = None,
    *,
    user: str = "root",
    unit: str | None = None,
    age: float = 3 * DAY,
    evidence: Evidence = Evidence.DESCRIPTOR,
    deleted: bool = False,
    container: Container | None = None,
    command: tuple[str, ...] = (),
) -> Owner:
    """A process of this machine."""
    path = exe or f"/usr/sbin/{name}"
    return Owner(
        evidence=evidence,
        pid=pid,
        name=name,
        exe=path,
        deleted=deleted,
        command=command or (path,),
        user=user,
        started=NOW - age,
        descriptors=(3,) if evidence is Evidence.DESCRIPTOR else (),
        unit=unit,
        container=container,
        cgroup=f"/system.slice/{unit}" if unit else "/",
    )


SSHD = process(700, "sshd", unit="ssh.service", command=("sshd: /usr/sbin/sshd -D [listener]",))
MASTER = process(812, "nginx", unit="nginx.service", command=("nginx: master process",))
WORKER = process(813, "nginx", unit="nginx.service", user="www-data")
RESOLVER = process(500, "systemd-resolve", unit="systemd-resolved.service", user="systemd-resolve")
REDIS = process(
    900,
    "redis-server",
    "/usr/local/bin/redis-server",
    user="999",
    container=Container("docker", BOX_ID, "shop-cache"),
    age=90,
)
MAYBE = process(640, "postgres", unit="postgresql.service", evidence=Evidence.CGROUP)
EVIL = process(666, "\x1b]0;owned\x07", "/var/spool/x", user="mallory", age=4000, deleted=True)
GREETER = process(777, "挨拶", "/opt/挨拶", user="taro", age=30)
CURL = process(4242, "curl", "/usr/bin/curl", user="taro", age=5)
KERNEL = Owner(Evidence.KERNEL)


def door(
    address: str,
    port: int,
    *owners: Owner,
    transport: Transport = Transport.TCP,
    netns: int = HOST_NETNS,
    role: Role = Role.SERVER,
    v6only: bool | None = None,
    interface: str | None = None,
    backlog: int = 128,
    queued: int = 0,
    inodes: tuple[int, ...] = (),
    multicast: bool = False,
) -> Listener:
    """A listener."""
    return Listener(
        endpoint=Endpoint(transport, address, port),
        netns=netns,
        owners=owners,
        role=role,
        v6only=v6only,
        interface=interface,
        backlog=backlog if transport is Transport.TCP else 0,
        queued=queued,
        inodes=inodes or (port * 10,),
        uid=0,
        multicast=multicast,
    )


UDP = Transport.UDP
LISTENERS = (
    door("0.0.0.0", 22, SSHD),
    door("::", 22, SSHD, v6only=True),
    door("127.0.0.53", 53, RESOLVER, transport=UDP),
    door("127.0.0.53", 53, RESOLVER),
    door("::", 80, MASTER, WORKER, v6only=False, backlog=511, inodes=(801, 802, 803, 804)),
    door("0.0.0.0", 4789, KERNEL, transport=UDP),
    door("224.0.0.251", 5353, GREETER, transport=UDP, multicast=True, interface="eth0"),
    door("127.0.0.1", 5432, MAYBE),
    door("10.0.0.5", 6666, EVIL, backlog=4, queued=4),
    door("0.0.0.0", 9000),
    door("10.0.0.5", 40123, CURL, transport=UDP, role=Role.CLIENT),
    door("0.0.0.0", 41000, GREETER, transport=UDP, role=Role.UNSURE),
    door("0.0.0.0", 6379, REDIS, netns=BOX_NETNS),
)


def talk(
    local: tuple[str, int],
    remote: tuple[str, int],
    direction: Direction,
    owners: tuple[Owner, ...],
    peers: tuple[Owner, ...] = (),
    *,
    state: TcpState = TcpState.ESTABLISHED,
    transport: Transport = Transport.TCP,
) -> Connection:
    """One end of a conversation."""
    return Connection(
        local=Endpoint(transport, *local),
        remote=Endpoint(transport, *remote),
        netns=HOST_NETNS,
        state=state,
        direction=direction,
        owners=owners,
        peers=peers,
        inode=0 if not owners else local[1],
    )


IN, OUT, UNSURE = Direction.INCOMING, Direction.OUTGOING, Direction.UNSURE
CONNECTIONS = (
    talk(("10.0.0.5", 80), ("10.0.0.9", 50001), IN, (WORKER,)),
    talk(("10.0.0.5", 80), ("10.0.0.9", 50002), IN, (WORKER,)),
    talk(("10.0.0.5", 80), ("10.0.0.9", 50003), IN, (WORKER,), state=TcpState.CLOSE_WAIT),
    talk(("::1", 45000), ("::1", 80), OUT, (CURL,), (WORKER,)),
    talk(("::1", 80), ("::1", 45000), IN, (WORKER,), (CURL,)),
    talk(("10.0.0.5", 45001), ("192.0.2.80", 443), OUT, (CURL,)),
    talk(("10.0.0.5", 7001), ("10.0.0.5", 7002), UNSURE, (GREETER,), (EVIL,)),
    talk(("10.0.0.5", 7002), ("10.0.0.5", 7001), UNSURE, (EVIL,), (GREETER,)),
    talk(("10.0.0.5", 45100), ("192.0.2.53", 53), OUT, (RESOLVER,), transport=UDP),
    talk(("10.0.0.5", 80), ("10.0.0.9", 49999), IN, (), state=TcpState.TIME_WAIT),
)

REFUSED = Unseen(
    Message("by-the-test", "Some of it: {count}.", {"count": 3}),
    3,
    "sudo tojimari look",
)

HOUSE = InsideView(
    host="house",
    at=NOW,
    namespaces=(HOST, BOX),
    listeners=LISTENERS,
    connections=CONNECTIONS,
    unseen=(REFUSED,),
    method="procfs",
)

MEANINGS = {
    22: Meaning("ssh", "OpenSSH", "ssh", by_program=True, kind="remote-shell"),
    53: Meaning("domain", None, "dns", kind="names", internet=Advice.CAREFUL),
    80: Meaning("http", "web servers", "http", kind="web"),
    5432: Meaning("postgresql", "PostgreSQL", None),
    6379: Meaning("redis", None, None),
    9000: Meaning("cslistener", None, None),
}


def meaning(endpoint: Endpoint, programs: Sequence[str]) -> Meaning:
    """What numbers mean here, whatever the registry says."""
    del programs
    return MEANINGS.get(endpoint.port, NOTHING_KNOWN)


def doors(view: InsideView = HOUSE) -> tuple[Door, ...]:
    """The doors of a machine, joined."""
    return join.doors(view, meaning)


def facts(pid: int, name: str, user: str = "root") -> Facts:
    """A process that started another."""
    path = f"/usr/bin/{name}"
    return Facts(pid, name, path, deleted=False, command=(path,), user=user, started=NOW - 4 * DAY)


SYSTEMD = facts(1, "systemd")
INSPECTIONS = {
    812: Inspection(
        pid=812,
        threads=Threads(812, 1, (Waiting(812, "nginx", "epoll_wait"),), 0),
        ancestry=Ancestry((SYSTEMD,), None),
        provenance=Provenance(Package("dpkg", "nginx", "1.22.1-9"), ("dpkg",)),
    ),
    813: Inspection(
        pid=813,
        threads=Threads(
            813, 12, tuple(Waiting(900 + n, f"pool {n}", "accept4") for n in range(10)), 1
        ),
        ancestry=Ancestry((facts(812, "nginx"), SYSTEMD), None),
        provenance=None,
    ),
    666: Inspection(
        pid=666,
        threads=Threads(666, 2, (), 0),
        ancestry=Ancestry((facts(650, "sh", "mallory"), SYSTEMD), "mallory"),
        provenance=Provenance(None, ("dpkg",)),
    ),
    777: Inspection(777, Threads(777, 3, (), 3), Ancestry((), None), Provenance(None, ())),
    900: Inspection(900, None, Ancestry((SYSTEMD,), None), None),
}


def inspections(door: Door) -> tuple[Inspection, ...]:
    """What a closer look at the holders of a door finds."""
    return tuple(
        INSPECTIONS[owner.pid] for owner in door.owners if owner.pid in INSPECTIONS and owner.pid
    )
