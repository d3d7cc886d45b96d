from dataclasses import replace

import pytest

from scenery import door, owner
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.meaning import Advice, Meaning
from tojimari.core.service import Service
from tojimari.core.socket import Container, Evidence, Owner, Role
from tojimari.policy.document import read
from tojimari.policy.draft import Proposal, proposals
from tojimari.policy.writing import Line, table

TCP, UDP = Transport.TCP, Transport.UDP
AVAHI = owner("avahi-daemon", 500, "avahi-daemon.service")
CHROME = Owner(Evidence.DESCRIPTOR, pid=900, name="chrome", exe="/opt/google/chrome/chrome")


def only(*doors: Door) -> Proposal:
    (found,) = proposals(doors)
    return found


def lines(*doors: Door) -> list[Line]:
    return [found.line for found in proposals(doors)]


def usable(*doors: Door) -> bool:
    """Whether the lines stand together in one policy."""
    text = 'schema = "tojimari.doors/1"\n' + "".join(
        table(replace(line, why="x")) for line in lines(*doors)
    )
    return read(text.encode()).policy is not None


def inside(found: Door) -> Door:
    return replace(found, namespace=replace(found.namespace, name="web", is_host=False))


def with_role(found: Door, role: Role) -> Door:
    assert found.listener is not None
    return replace(found, listener=replace(found.listener, role=role))


def test_a_door_is_proposed_as_it_is_with_no_reason() -> None:
    found = door(6379, "0.0.0.0", widest=Zone.LAN)

    assert only(found) == Proposal(
        Line(
            ports=only(found).line.ports,
            sources=("lan",),
            why="",
            transports=(TCP,),
            unit="redis.service",
        ),
        Zone.LAN,
        (found,),
    )
    assert str(only(found).line.ports[0]) == "6379"


def test_both_families_of_one_holder_are_one_line() -> None:
    assert lines(door(22, "0.0.0.0"), door(22, "::")) == lines(door(22, "0.0.0.0"))


def test_tcp_and_udp_of_one_holder_are_one_line() -> None:
    (line,) = lines(door(53, transport=UDP), door(53))

    assert line.transports == (TCP, UDP)
    assert line.addresses == ()


def test_tcp_and_udp_that_reach_differently_far_are_two_lines() -> None:
    found = lines(door(53, widest=Zone.LAN), door(53, transport=UDP, widest=Zone.INTERNET))

    assert [(line.transports, line.sources) for line in found] == [
        ((TCP,), ("lan",)),
        ((UDP,), ("internet",)),
    ]


def test_ports_are_proposed_in_their_order() -> None:
    assert [str(line.ports[0]) for line in lines(door(443), door(22), door(80))] == [
        "22",
        "80",
        "443",
    ]


def test_two_holders_of_one_number_are_told_apart_by_their_addresses() -> None:
    resolved, dnsmasq = owner("resolved", 1, "resolved.service"), owner("dnsmasq", 2, "dnsmasq")
    doors = (
        door(53, "127.0.0.53", resolved),
        door(53, "127.0.0.54", resolved),
        door(53, "10.0.0.5", dnsmasq),
    )

    assert [(line.unit, line.addresses) for line in lines(*doors)] == [
        ("resolved.service", ("127.0.0.53", "127.0.0.54")),
        ("dnsmasq", ("10.0.0.5",)),
    ]
    assert usable(*doors)


def test_whoever_is_at_every_address_needs_none() -> None:
    doors = (door(53, "0.0.0.0", AVAHI), door(53, "127.0.0.53", owner()))

    assert [line.addresses for line in lines(*doors)] == [(), ("127.0.0.53",)]
    assert usable(*doors)


def test_two_holders_of_one_address_are_proposed_without_a_holder() -> None:
    doors = (door(5353, "0.0.0.0", AVAHI), door(5353, "::", CHROME))

    (line,) = lines(*doors)

    assert (line.unit, line.exe) == (None, None)
    assert usable(*doors)


def test_a_door_that_two_share_is_proposed_without_a_holder() -> None:
    (line,) = lines(door(5353, "0.0.0.0", AVAHI, CHROME))

    assert (line.unit, line.exe) == (None, None)


def test_the_process_that_opens_doors_for_others_is_not_their_holder() -> None:
    systemd = Owner(Evidence.DESCRIPTOR, pid=1, exe="/usr/lib/systemd/systemd", unit="init.scope")

    assert (
        lines(door(22, "::", systemd, owner("sshd", 812, "ssh.service")))[0].unit == "ssh.service"
    )
    assert lines(door(22, "::", systemd))[0].exe == "/usr/lib/systemd/systemd"


@pytest.mark.parametrize(
    "unit",
    ["session-4.scope", "user@1000.service", "run-r12.service", "init.scope", "a.mount", ""],
)
def test_a_unit_that_does_not_last_is_not_named(unit: str) -> None:
    (line,) = lines(door(80, "::", owner("python3", 4, unit)))

    assert (line.unit, line.exe) == (None, "/usr/bin/python3")


@pytest.mark.parametrize("unit", ["nginx.service", "ssh.socket", "getty@tty1.service", "nginx"])
def test_a_unit_that_lasts_is_named(unit: str) -> None:
    assert lines(door(80, "::", owner("nginx", 4, unit)))[0].unit == unit


def test_of_a_candidate_the_executable_is_not_named() -> None:
    candidate = replace(owner(unit=None), evidence=Evidence.CGROUP)

    assert lines(door(80, "::", candidate))[0].exe is None


def test_an_executable_that_toml_cannot_hold_is_not_named() -> None:
    strange = Owner(Evidence.DESCRIPTOR, pid=4, exe="/usr/bin/\udcff")

    assert lines(door(80, "::", strange))[0].exe is None


def test_a_container_is_named_before_its_unit() -> None:
    held = replace(owner(), container=Container("docker", "0123456789abcdef", "web"))
    nameless = replace(owner(), container=Container("podman", "fedcba987654"))

    assert [(line.container, line.unit) for line in lines(door(80, "::", held))] == [("web", None)]
    assert lines(door(80, "::", nameless))[0].container == "fedcba987654"


def test_a_container_of_a_strange_name_is_not_named() -> None:
    held = replace(owner(), container=Container("lxc", "a b", "a b"))

    assert lines(door(80, "::", held))[0].container is None


def test_a_door_of_nobody_known_is_proposed_all_the_same() -> None:
    found = door(80)
    assert found.listener is not None
    orphan = replace(found, listener=replace(found.listener, owners=()))

    assert lines(orphan)[0].unit is None


def test_a_service_is_named_by_its_own_word_or_by_the_program() -> None:
    by_number = Meaning(service="redis")
    by_program = Meaning(service="redis", by_program=True)

    assert lines(door(meaning=by_number))[0].service is None
    assert lines(door(meaning=by_program))[0].service == "redis"
    assert lines(replace(door(), service=Service("http", tls=True)))[0].service == "https"
    assert lines(replace(door(), service=Service("No Name")))[0].service is None


def test_clients_other_networks_and_other_transports_are_left_out() -> None:
    assert (
        proposals(
            [
                with_role(door(123, transport=UDP), Role.CLIENT),
                inside(door(80)),
                door(9, transport=Transport.SCTP),
                door(0),
            ]
        )
        == ()
    )


def test_a_door_of_which_nobody_is_sure_may_be_shut() -> None:
    assert lines(with_role(door(5000, transport=UDP), Role.UNSURE))[0].optional
    assert not lines(door(5000, transport=UDP))[0].optional


@pytest.mark.parametrize(
    ("advice", "widest", "suggested"),
    [
        (Advice.NEVER, Zone.INTERNET, Zone.THIS_MACHINE),
        (Advice.NEVER, Zone.LAN, Zone.THIS_MACHINE),
        (Advice.CAREFUL, Zone.INTERNET, Zone.INTERNET),
        (Advice.FINE, Zone.INTERNET, Zone.INTERNET),
        (Advice.FINE, Zone.LAN, Zone.LAN),
        (None, Zone.INTERNET, Zone.LAN),
        (None, Zone.CONTAINERS, Zone.CONTAINERS),
        (None, Zone.THIS_MACHINE, Zone.THIS_MACHINE),
    ],
)
def test_no_more_is_suggested_than_is_wise(
    advice: Advice | None, widest: Zone, suggested: Zone
) -> None:
    found = only(door(meaning=Meaning(internet=advice), widest=widest))

    assert found.suggested is suggested
    assert found.line.sources == (widest,)


def test_the_widest_of_several_doors_counts() -> None:
    near, far = door(80, "127.0.0.1", widest=Zone.THIS_MACHINE), door(80, "::", widest=Zone.LAN)

    assert only(near, far).line.sources == ("lan",)


def test_a_door_without_a_socket_is_proposed_too() -> None:
    seen = replace(door(8080), listener=None)

    assert str(only(seen).line.ports[0]) == "8080"
