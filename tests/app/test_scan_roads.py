"""A whole scan over every kind of link that a machine has, by every method, in both families."""

from collections.abc import Generator
from contextlib import AbstractContextManager

import pytest

import roads
import yard
from roads import BEYOND, LEFT, RIGHT
from tojimari.app import scan_plan
from tojimari.app.scan import Found, Run
from tojimari.app.scan_plan import Wish
from tojimari.core.endpoint import Transport
from tojimari.scan.plan import Plan
from tojimari.scan.task import Answer
from yard import CABLE, OURS, OURS_V6, THEIRS, THEIRS_V6, Yard, run

OPEN, SHUT, FIREWALLED = 22, 25, 26
STATES = {OPEN: Answer.OPEN, SHUT: Answer.CLOSED, FIREWALLED: Answer.FILTERED}
METHODS = ("syn", "connect", "udp")
PPP = 512  # ARPHRD_PPP of linux/if_arp.h
_ECHO = """
import select, socket, sys
doors = []
for address in sys.argv[1:]:
    door = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(socket.getaddrinfo(address, 22, type=socket.SOCK_DGRAM)[0][4])
    doors.append(door)
print("ready", flush=True)
while True:
    for door in select.select(doors, [], [])[0]:
        said, sender = door.recvfrom(2048)
        door.sendto(b"yes", sender)
"""


def furnish(far: Yard, *addresses: str) -> None:
    """One door of each state, by both transports; errors as often as they are asked for.

    Whoever is at home at several addresses must answer by the one that was asked.
    """
    far.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
    far.listen(OPEN, address="::")
    far.serve(_ECHO, *(addresses or (THEIRS, THEIRS_V6)))
    far.run(
        "nft",
        "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
        f" add rule inet yard in th dport {FIREWALLED} reject with icmpx type admin-prohibited",
    )


def planned(address: str, method: str, ports: str = "22,25,26") -> Plan:
    wish = Wish(targets=(address,), ports=ports, method=method)
    if method == "udp":
        wish = Wish(targets=(address,), ports=ports, transports=(Transport.UDP,))
    return scan_plan.plan(wish)


def states(address: str, method: str) -> dict[int, Answer]:
    """What a scan says of the doors of a machine."""
    plan = planned(address, method)
    found: dict[int, Answer] = {}
    with Run(plan) as under_way:
        for word in under_way:
            if isinstance(word, Found):
                space = plan.parts[word.part].task.space
                for place, answer in zip(word.answers.places, word.answers.answers, strict=True):
                    found[space.door(place)[1]] = Answer(answer)
    return found


def everything(address: str) -> dict[str, dict[int, Answer]]:
    return {method: states(address, method) for method in METHODS}


RIGHT_OF_ALL = dict.fromkeys(METHODS, STATES)


@pytest.mark.usefixtures("root")
class TestLinks:
    @pytest.mark.parametrize("kind", ["cable", "bridge", "tun", "ppp", "tap", "noarp"])
    @pytest.mark.parametrize("address", [THEIRS, THEIRS_V6])
    def test_every_state_is_told_right(self, kind: str, address: str) -> None:
        made: dict[str, AbstractContextManager[Yard]] = {
            "cable": yard.yard(),
            "bridge": roads.bridged(),
            "tun": roads.tunnel(),  # WireGuard and OpenVPN take packets alike
            "ppp": roads.tunnel(link=PPP),
            "tap": roads.tunnel(roads.TAP),
            "noarp": roads.silent_cable(),
        }
        with made[kind] as far:
            furnish(far)
            assert everything(address) == RIGHT_OF_ALL

    @pytest.mark.parametrize("address", [OURS, OURS_V6, "127.0.0.1", "::1"])
    def test_this_machine(self, address: str) -> None:
        with yard.yard(), roads.here() as near:
            furnish(near, address)
            assert everything(address) == RIGHT_OF_ALL

    def test_an_address_of_the_link_alone(self) -> None:
        with yard.yard() as far:
            shown = far.run("ip", "-o", "-6", "address", "show", "dev", CABLE, "scope", "link")
            address = shown.split()[3].partition("/")[0]
            furnish(far, f"{address}%{CABLE}")
            assert everything(f"{address}%{CABLE}") == RIGHT_OF_ALL


@pytest.mark.usefixtures("root")
class TestCrossroads:
    """Two roads to a machine, each with its own source and gateway, whose link addresses nobody
    knows yet.
    """

    @pytest.fixture
    def far(self, root: None) -> Generator[Yard]:
        del root
        with roads.crossroads() as there:
            furnish(there, *BEYOND)
            yield there

    @pytest.mark.parametrize("address", BEYOND)
    @pytest.mark.parametrize("cable", [LEFT, RIGHT])
    def test_the_routes_gateway_is_taken(self, far: Yard, address: str, cable: str) -> None:
        roads.route(cable)
        assert everything(address) == RIGHT_OF_ALL
        assert roads.came(far, address) == {(cable, roads.source(cable, address))}

    @pytest.mark.parametrize("address", BEYOND)
    def test_a_rule_for_a_target_says_another(self, far: Yard, address: str) -> None:
        roads.route(LEFT)
        roads.route(RIGHT, "table", "200")
        roads.rule("to", address, "lookup", "200")
        assert everything(address) == RIGHT_OF_ALL
        assert roads.came(far, address) == {(RIGHT, roads.source(RIGHT, address))}

    @pytest.mark.parametrize("address", BEYOND)
    def test_several_roads_at_once_are_as_good_as_one(self, far: Yard, address: str) -> None:
        del far
        hops = [roads.hop(cable, address) for cable in (LEFT, RIGHT)]
        family = "-6" if ":" in address else "-4"
        run("ip", family, "route", "add", "default", *hops[0], *hops[1])
        assert everything(address) == RIGHT_OF_ALL

    def test_ipv4_behind_a_gateway_that_has_only_ipv6(self, far: Yard) -> None:
        run("ip", "-4", "route", "add", "default", "via", "inet6", "fd02::2", "dev", RIGHT)
        assert everything(BEYOND[0]) == RIGHT_OF_ALL
        assert roads.came(far, BEYOND[0]) == {(RIGHT, "10.2.0.1")}

    def test_where_answers_come_in_elsewhere_the_kernel_makes_the_connections(
        self, far: Yard
    ) -> None:
        """A rule for the source: out by one interface with the other's address."""
        roads.route(LEFT)
        roads.route(RIGHT, "table", "200")
        roads.rule("from", "10.1.0.1", "lookup", "200")
        plan = planned(BEYOND[0], "")
        assert [part.method.name for part in plan.parts] == ["connect"]
        assert {one: said.code for one, said in plan.parts[0].passed} == {
            "syn": "answers-elsewhere",
            "syn-bulk": "answers-elsewhere",
        }
        assert states(BEYOND[0], "") == STATES
        assert roads.came(far, BEYOND[0]) == {(RIGHT, "10.1.0.1")}
        assert states(BEYOND[0], "udp") == STATES

    @pytest.mark.parametrize("address", BEYOND)
    def test_a_gateway_that_is_not_there(self, far: Yard, address: str) -> None:
        del far
        family, nobody = ("-6", "fd01::77") if ":" in address else ("-4", "10.1.0.77")
        run("ip", family, "route", "add", "default", "via", nobody)
        for method in ("syn", "connect"):
            assert set(states(address, method).values()) == {Answer.FILTERED}
        assert set(states(address, "udp").values()) <= {Answer.FILTERED, Answer.OPEN_OR_FILTERED}
