"""Doors, listeners and namespaces made by hand, for tests of what only thinks."""

from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty, Exposure, Reach, Zone
from tojimari.core.intent import Intent, PortRange
from tojimari.core.interface import Interface
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.message import Message
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.socket import Evidence, Listener, Namespace, Owner

NOW = 1_700_000_000.0
HOST_NETNS = 4026531840

LOOPBACK = Interface("lo", 1, ("127.0.0.1/8", "::1/128"), up=True, kind="loopback")
PRIVATE = Interface("eth0", 2, ("10.0.0.5/24", "fe80::5/64"), up=True, kind="ethernet")
PUBLIC = Interface("eth1", 3, ("8.8.8.8/24",), up=True, kind="ethernet")
DOCKER = Interface("docker0", 4, ("172.17.0.1/16",), up=True, kind="bridge")


def namespace(*interfaces: Interface, is_host: bool = True) -> Namespace:
    """A namespace with loopback and more."""
    return Namespace(
        HOST_NETNS, "host" if is_host else "web", is_host, (LOOPBACK, *interfaces), (1,)
    )


def owner(name: str = "redis-server", pid: int = 812, unit: str | None = "redis.service") -> Owner:
    """A process that holds a door."""
    return Owner(
        evidence=Evidence.DESCRIPTOR,
        pid=pid,
        name=name,
        exe=f"/usr/bin/{name}",
        command=(f"/usr/bin/{name}",),
        user="redis",
        started=NOW - 180,
        descriptors=(6,),
        unit=unit,
    )


def listener(
    address: str = "0.0.0.0",
    port: int = 6379,
    *owners: Owner,
    transport: Transport = Transport.TCP,
    v6only: bool | None = None,
    interface: str | None = None,
) -> Listener:
    """A door as the kernel sees it."""
    return Listener(
        endpoint=Endpoint(transport, address, port),
        netns=HOST_NETNS,
        owners=owners or (owner(),),
        v6only=v6only,
        interface=interface,
    )


def exposure(widest: Zone) -> Exposure:
    """Reachable from everywhere up to a zone."""
    because = Message("test", "By the test.")
    return Exposure(
        tuple(
            Reach(
                zone,
                Certainty.YES if zone.distance <= widest.distance else Certainty.NO,
                because,
            )
            for zone in Zone
        ),
        frozenset({Witness.KERNEL}),
    )


def door(
    port: int = 6379,
    address: str = "0.0.0.0",
    *owners: Owner,
    widest: Zone = Zone.LAN,
    intent: Intent | None = None,
    meaning: Meaning = NOTHING_KNOWN,
    transport: Transport = Transport.TCP,
) -> Door:
    """A joined door."""
    heard = listener(address, port, *owners, transport=transport)
    return Door(
        endpoint=heard.endpoint,
        namespace=namespace(PRIVATE),
        listener=heard,
        exposure=exposure(widest),
        intent=intent,
        meaning=meaning,
        observations=(
            Observation(
                heard.endpoint,
                HOST_NETNS,
                Witness.KERNEL,
                State.OPEN,
                "listening",
                "inside",
                NOW,
            ),
        ),
    )


def intent(port: int = 6379, why: str = "the cache of the shop", **more: object) -> Intent:
    """One line of a policy."""
    values: dict[str, object] = {
        "transport": Transport.TCP,
        "ports": PortRange(port, port),
        "sources": ("lan",),
        "why": why,
        **more,
    }
    return Intent(**values)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - the test names the fields
