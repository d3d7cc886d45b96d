"""Rulesets and doors behind them, made by hand, for those who judge both."""

import datetime as dt

from guarded import guarded, walls
from scenery import HOST_NETNS, door
from tojimari.app import join
from tojimari.audit.check import Scene
from tojimari.core.door import Door, Forwarding
from tojimari.core.exposure import Decider, Redirection, Zone
from tojimari.core.intent import Intent
from tojimari.core.interface import Interface
from tojimari.core.message import Message
from tojimari.core.socket import Listener, Namespace
from tojimari.policy import matching

OWN = ("192.168.0.2/24@eth0", "fd00::2/64@eth0", "127.0.0.1/8@lo", "172.17.0.1/16@docker0")
HOST = Namespace(
    HOST_NETNS,
    "host",
    is_host=True,
    interfaces=(
        Interface("lo", 1, ("127.0.0.1/8", "::1/128"), up=True, kind="loopback"),
        Interface("eth0", 2, ("192.168.0.2/24", "fd00::2/64"), up=True, kind="ethernet"),
        Interface("docker0", 3, ("172.17.0.1/16",), up=True, kind="bridge"),
    ),
)
DECIDER = Decider("ip", "nat", "DOCKER", "…", 2, None, "Docker", Message("d", "Docker publishes"))
PAST = Decider("ip", "filter", "ufw-user-input", "…", 2, None, "ufw", Message("u", "ufw: deny"))


def published(widest: Zone) -> Door:
    """A door that Docker opens although ufw would not."""
    sent = Forwarding(Redirection("172.17.0.2", 80, here=False, decider=DECIDER), past=PAST)
    made = door(8080, widest=widest)
    return Door(
        made.endpoint, made.namespace, None, made.exposure, forwarding=sent, observations=()
    )


def scene(*doors: Door, intents: tuple[Intent, ...] = ()) -> Scene:
    """A round without any firewall."""
    return Scene(doors, intents, has_policy=bool(intents), today=dt.date(2030, 1, 1))


def behind(
    *texts: str, doors: tuple[Listener, ...] = (), intents: tuple[Intent, ...] = ()
) -> Scene:
    """A round of a machine behind rules.

    Args:
        texts: The rules, as iptables-save or nft would write them.
        doors: What listens there.
        intents: The lines of the policy.
    """
    read = walls(*texts, own=OWN, netns=HOST_NETNS)
    seen = tuple(
        join.meant(one, matching.covering(intents, one)) for one in guarded(read, (HOST,), *doors)
    )
    return Scene(
        seen,
        intents,
        has_policy=bool(intents),
        today=dt.date(2030, 1, 1),
        networks=join.zone_networks([HOST]),
        walls=join.walls(read, [HOST]),
    )


def filters(*rules: str, policy: str = "DROP") -> str:
    """A filter table as iptables-save writes it, with ufw's chain of the user's rules."""
    head = [f":INPUT {policy} [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    chain = [":ufw-user-input - [0:0]", "-A INPUT -i lo -j ACCEPT", "-A INPUT -j ufw-user-input"]
    return "\n".join(["*filter", *head, *chain, *rules, "COMMIT", ""])
