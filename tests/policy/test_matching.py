import datetime as dt
import fnmatch
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Certainty, Exposure, Reach, Zone
from tojimari.core.intent import Intent, PortRange
from tojimari.core.message import Message
from tojimari.core.observation import Observation, State, Witness
from tojimari.core.service import Service
from tojimari.core.socket import Container, Evidence, Listener, Namespace, Owner, Role
from tojimari.policy import matching
from tojimari.policy.matching import Comparison, Disagreement

HOST = Namespace(1, "host", is_host=True)
INSIDE = Namespace(2, "web", is_host=False)
WEB = Container("docker", "0123456789abcdef", "web")
BECAUSE = Message("bound", "bound to every address")
NOWHERE = Exposure((), frozenset())
TODAY = dt.date(2026, 11, 20)


def line(
    number: int,
    first: int,
    last: int | None = None,
    *,
    sources: tuple[str, ...] = ("lan",),
    transport: Transport = Transport.TCP,
    address: str | None = None,
    container: str | None = None,
    unit: str | None = None,
    exe: str | None = None,
    user: str | None = None,
    service: str | None = None,
    until: dt.date | None = None,
    optional: bool = False,
) -> Intent:
    return Intent(
        transport,
        PortRange(first, last or first),
        sources,
        "x",
        address=address,
        container=container,
        unit=unit,
        exe=exe,
        user=user,
        service=service,
        until=until,
        optional=optional,
        line=number,
    )


def door(
    port: int,
    address: str = "0.0.0.0",
    *,
    transport: Transport = Transport.TCP,
    owners: tuple[Owner, ...] = (),
    namespace: Namespace = HOST,
    exposure: Exposure = NOWHERE,
    service: Service | None = None,
    role: Role = Role.SERVER,
) -> Door:
    endpoint = Endpoint(transport, address, port)
    listener = Listener(endpoint, namespace.inode, owners, role)
    return Door(endpoint, namespace, listener, exposure, service=service)


def seen(port: int, state: State) -> Door:
    """A door that the kernel knows nothing of, but a scan does."""
    endpoint = Endpoint(Transport.TCP, "192.0.2.1", port)
    seen = Observation(endpoint, 0, Witness.SCAN, state, "SYN-ACK", "lan", 0.0)
    return Door(endpoint, HOST, None, NOWHERE, observations=(seen,))


def decides(intents: list[Intent], found: Door) -> int | None:
    intent = matching.covering(intents, found)
    return intent.line if intent is not None else None


def reached(**zones: Certainty) -> Exposure:
    reaches = [Reach(Zone(name.replace("_", "-")), how, BECAUSE) for name, how in zones.items()]
    return Exposure(tuple(reaches), frozenset({Witness.KERNEL}))


def test_no_line_means_that_the_door_was_not_meant() -> None:
    assert decides([line(1, 80)], door(443)) is None
    assert decides([], door(443)) is None


def test_a_line_of_the_other_transport_does_not_cover() -> None:
    assert decides([line(1, 53, transport=Transport.UDP)], door(53)) is None


@pytest.mark.parametrize("order", [1, -1])
def test_the_narrowest_range_decides_whatever_the_order(order: int) -> None:
    lines = [line(1, 1, 65535), line(2, 8000, 8100), line(3, 8080)][::order]

    assert decides(lines, door(8080)) == 3
    assert decides(lines, door(8081)) == 2
    assert decides(lines, door(22)) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_line_with_the_address_decides_before_a_narrower_one_without(order: int) -> None:
    lines = [line(1, 53), line(2, 1, 100, address="127.0.0.53")][::order]

    assert decides(lines, door(53, "127.0.0.53")) == 2
    assert decides(lines, door(53, "192.0.2.1")) == 1


def test_a_line_for_another_address_does_not_cover() -> None:
    assert decides([line(1, 53, address="127.0.0.53")], door(53, "127.0.0.1")) is None


def test_a_door_at_every_address_is_covered_by_a_line_for_one() -> None:
    lines = [line(1, 53, address="127.0.0.53")]

    assert decides(lines, door(53, "0.0.0.0")) == 1
    assert decides(lines, door(53, "::")) == 1
    assert matching.address_disagrees(lines[0], door(53, "::").endpoint) == (
        Disagreement("address", "127.0.0.53", "::"),
    )


def test_a_door_at_every_ipv4_address_is_not_at_one_of_ipv6() -> None:
    assert decides([line(1, 53, address="::1")], door(53, "0.0.0.0")) is None


def test_a_line_without_an_address_comes_before_one_for_an_address_elsewhere() -> None:
    assert decides([line(1, 53, address="127.0.0.53"), line(2, 1, 100)], door(53)) == 2


def test_an_address_needs_no_interface() -> None:
    assert decides([line(1, 546, address="fe80::1")], door(546, "fe80::1%eth0")) == 1
    assert decides([line(1, 546, address="fe80::1%eth1")], door(546, "fe80::1%eth0")) is None
    assert (
        matching.address_disagrees(
            line(1, 546, address="fe80::1"), door(546, "fe80::1%eth0").endpoint
        )
        == ()
    )


def test_a_door_inside_a_container_needs_a_line_that_names_it() -> None:
    assert decides([line(1, 80)], door(80, namespace=INSIDE)) is None
    assert decides([line(1, 80, container="web")], door(80, namespace=INSIDE)) == 1
    assert decides([line(1, 80, container="db")], door(80, namespace=INSIDE)) is None


def test_a_container_is_known_by_its_holder_too() -> None:
    nameless = Namespace(3, "netns:3", is_host=False)
    owner = Owner(Evidence.DESCRIPTOR, container=WEB)

    assert (
        decides([line(1, 80, container="web")], door(80, namespace=nameless, owners=(owner,))) == 1
    )


def test_on_the_machine_a_line_for_the_holding_container_comes_first() -> None:
    lines = [line(1, 80), line(2, 80, container="web")]

    assert decides(lines, door(80, owners=(Owner(Evidence.DESCRIPTOR, container=WEB),))) == 2
    assert decides(lines, door(80, owners=(Owner(Evidence.DESCRIPTOR),))) == 1


def test_on_the_machine_a_line_for_an_absent_container_comes_last() -> None:
    assert decides([line(1, 80, container="web")], door(80)) == 1


def test_the_name_of_a_container_comes_before_a_pattern() -> None:
    lines = [line(1, 80, container="*"), line(2, 80, container="we*"), line(3, 80, container="web")]

    assert decides(lines, door(80, namespace=INSIDE)) == 3
    assert decides(lines[:2], door(80, namespace=INSIDE)) == 2


def test_the_lines_that_speak_of_a_door_come_in_their_order() -> None:
    lines = [line(1, 1, 100), line(2, 53), line(3, 53, address="::1"), line(4, 54)]

    found = matching.candidates(lines, Endpoint(Transport.TCP, "::1", 53))

    assert [one.line for one in found] == [3, 2, 1]


OPEN_TO_ALL = {
    "this_machine": Certainty.YES,
    "containers": Certainty.YES,
    "lan": Certainty.YES,
    "internet": Certainty.YES,
}


@pytest.mark.parametrize(
    ("sources", "zones"),
    [
        (("internet",), []),
        (("lan",), ["internet"]),
        (("containers",), ["lan", "internet"]),
        (("this-machine",), ["containers", "lan", "internet"]),
        (("containers", "lan"), ["internet"]),
    ],
)
def test_who_may_come_from_farther_may_come_from_nearer(
    sources: tuple[str, ...], zones: list[str]
) -> None:
    found = matching.beyond(reached(**OPEN_TO_ALL), line(1, 80, sources=sources))

    assert [(reach.zone, reach.certainty) for reach in found] == [
        (zone, Certainty.YES) for zone in zones
    ]


def test_what_cannot_be_reached_is_not_beyond() -> None:
    exposure = reached(this_machine=Certainty.YES, lan=Certainty.NO, internet=Certainty.NO)

    assert matching.beyond(exposure, line(1, 80, sources=("this-machine",))) == ()


def test_what_can_perhaps_be_reached_is_perhaps_beyond() -> None:
    found = matching.beyond(reached(internet=Certainty.MAYBE), line(1, 80))

    assert found == (Reach(Zone.INTERNET, Certainty.MAYBE, BECAUSE),)


def test_a_line_of_networks_allows_the_zone_that_lies_within_them() -> None:
    intent = line(1, 80, sources=("10.0.0.0/25", "10.0.0.128/25", "2001:db8::/32"))
    networks = {Zone.LAN: ("10.0.0.0/24", "2001:db8:1::/64")}

    assert matching.beyond(reached(lan=Certainty.YES), intent, networks) == ()


@pytest.mark.parametrize("lan", [("10.0.0.0/23",), ("10.0.0.0/24", "2001:db8::/64")])
def test_a_zone_that_is_wider_than_the_networks_is_beyond(lan: tuple[str, ...]) -> None:
    intent = line(1, 80, sources=("10.0.0.0/24",))

    found = matching.beyond(reached(lan=Certainty.YES), intent, {Zone.LAN: lan})

    assert found == (Reach(Zone.LAN, Certainty.YES, BECAUSE),)


def test_a_zone_of_unknown_networks_may_lie_within_those_of_the_line() -> None:
    intent = line(1, 80, sources=("10.0.0.0/24",))

    found = matching.beyond(reached(lan=Certainty.YES, containers=Certainty.YES), intent)

    assert [(reach.zone, reach.certainty) for reach in found] == [
        (Zone.CONTAINERS, Certainty.MAYBE),
        (Zone.LAN, Certainty.MAYBE),
    ]


def test_the_internet_lies_within_no_network() -> None:
    intent = line(1, 80, sources=("10.0.0.0/8",))

    found = matching.beyond(reached(internet=Certainty.YES), intent)

    assert found == (Reach(Zone.INTERNET, Certainty.YES, BECAUSE),)


def test_this_machine_may_always_come() -> None:
    intent = line(1, 80, sources=("10.0.0.0/8",))

    assert matching.beyond(reached(this_machine=Certainty.YES), intent) == ()


SSHD = Owner(
    Evidence.DESCRIPTOR,
    pid=812,
    name="sshd",
    exe="/usr/sbin/sshd",
    user="root",
    unit="ssh.service",
    cgroup="/system.slice/ssh.service",
)
MEANT = line(1, 22, unit="ssh.service", exe="/usr/sbin/sshd", user="root")


def test_the_owner_that_was_meant_does_not_disagree() -> None:
    assert matching.owner_disagrees(MEANT, SSHD) == ()


def test_a_line_that_asks_for_nobody_takes_anybody() -> None:
    assert matching.owner_disagrees(line(1, 22), Owner(Evidence.DESCRIPTOR)) == ()


def test_another_owner_disagrees_in_each_point() -> None:
    other = Owner(
        Evidence.DESCRIPTOR, exe="/home/eve/sshd", user="eve", unit="evil.service", container=WEB
    )
    meant = line(1, 22, unit="ssh", exe="/usr/sbin/sshd", user="root", container="db")

    assert matching.owner_disagrees(meant, other) == (
        Disagreement("unit", "ssh", "evil.service"),
        Disagreement("exe", "/usr/sbin/sshd", "/home/eve/sshd"),
        Disagreement("user", "root", "eve"),
        Disagreement("container", "db", "web"),
    )


def test_what_could_not_be_seen_is_no_certain_disagreement() -> None:
    found = matching.owner_disagrees(MEANT, Owner(Evidence.DESCRIPTOR, pid=812))

    assert [(one.field, one.found, one.is_certain) for one in found] == [
        ("unit", None, False),
        ("exe", None, False),
        ("user", None, False),
    ]


def test_whoever_runs_outside_any_unit_certainly_disagrees() -> None:
    owner = Owner(Evidence.DESCRIPTOR, cgroup="/user.slice/session-1.scope")

    assert matching.owner_disagrees(line(1, 22, unit="ssh", container="web"), owner) == (
        Disagreement("unit", "ssh", ""),
        Disagreement("container", "web", ""),
    )


def test_a_door_of_the_kernel_has_no_program() -> None:
    meant = line(1, 2049, unit="nfs-server", exe="/usr/sbin/nfsd", user="root")

    assert matching.owner_disagrees(meant, Owner(Evidence.KERNEL)) == (
        Disagreement("unit", "nfs-server", ""),
        Disagreement("exe", "/usr/sbin/nfsd", ""),
        Disagreement("user", "root", ""),
    )


def test_of_a_candidate_only_the_control_group_is_certain() -> None:
    candidate = Owner(
        Evidence.CGROUP, exe="/usr/bin/sh", user="nobody", unit="cron.service", cgroup="/x"
    )

    assert matching.owner_disagrees(MEANT, candidate) == (
        Disagreement("unit", "ssh.service", "cron.service"),
        Disagreement("exe", "/usr/sbin/sshd", None),
        Disagreement("user", "root", None),
    )


@pytest.mark.parametrize(
    ("meant", "found"),
    [
        ("ssh", "ssh.service"),
        ("ssh.socket", "ssh.socket"),
        ("postgresql@*.service", "postgresql@15-main.service"),
        ("postgresql@*", "postgresql@15-main.service"),
        ("*", "ssh.service"),
    ],
)
def test_a_unit_is_named_as_for_systemctl_or_by_a_pattern(meant: str, found: str) -> None:
    assert (
        matching.owner_disagrees(line(1, 22, unit=meant), Owner(Evidence.DESCRIPTOR, unit=found))
        == ()
    )


@pytest.mark.parametrize(
    ("meant", "found"), [("ssh", "ssh.socket"), ("ssh.socket", "ssh.service"), ("s*", "ssh.d/x")]
)
def test_another_unit_is_another_unit(meant: str, found: str) -> None:
    assert matching.owner_disagrees(
        line(1, 22, unit=meant), Owner(Evidence.DESCRIPTOR, unit=found)
    ) == (Disagreement("unit", meant, found),)


@pytest.mark.parametrize("meant", ["web", "w*b", "0123456789ab", "0123456789abcdef"])
def test_a_container_is_known_by_its_name_or_its_identifier(meant: str) -> None:
    assert matching.is_named(meant, WEB)


@pytest.mark.parametrize("meant", ["0123", "0123456789ac", "db", ""])
def test_another_container_is_another_container(meant: str) -> None:
    assert not matching.is_named(meant, WEB)


def test_a_container_without_a_name_is_told_by_its_identifier() -> None:
    owner = Owner(Evidence.DESCRIPTOR, container=Container("podman", "fedcba987654"))

    assert matching.owner_disagrees(line(1, 80, container="web"), owner) == (
        Disagreement("container", "web", "fedcba987654"),
    )


@pytest.mark.parametrize("exe", ["/usr/bin/docker-proxy", "/usr/bin/conmon", "/usr/bin/passt.avx2"])
def test_who_holds_a_port_for_a_container_may_hold_it_for_that_one(exe: str) -> None:
    owner = Owner(Evidence.DESCRIPTOR, exe=exe, unit="docker.service", cgroup="/x")

    assert matching.owner_disagrees(line(1, 8080, container="web"), owner) == (
        Disagreement("container", "web", None),
    )


def test_of_several_owners_the_one_that_fits_best_speaks() -> None:
    systemd = Owner(
        Evidence.DESCRIPTOR, pid=1, exe="/usr/lib/systemd/systemd", user="root", unit="init.scope"
    )

    assert matching.owners_disagree(MEANT, (systemd, SSHD)) == ()
    assert matching.owners_disagree(MEANT, (systemd,)) == (
        Disagreement("unit", "ssh.service", "init.scope"),
        Disagreement("exe", "/usr/sbin/sshd", "/usr/lib/systemd/systemd"),
    )


def test_where_nobody_is_known_nothing_is_certain() -> None:
    assert matching.owners_disagree(line(1, 22, unit="ssh"), ()) == (
        Disagreement("unit", "ssh", None),
    )


@pytest.mark.parametrize(
    ("meant", "service"),
    [
        ("ssh", Service("ssh")),
        ("https", Service("http", tls=True)),
        ("http", Service("http", tls=True)),
        ("imaps", Service("imap", tls=True)),
        ("ssh", None),
        (None, Service("ssh")),
    ],
)
def test_the_service_that_was_meant_does_not_disagree(
    meant: str | None, service: Service | None
) -> None:
    assert matching.service_disagrees(line(1, 22, service=meant), service) == ()


@pytest.mark.parametrize(
    ("meant", "service"),
    [("http", Service("ssh")), ("https", Service("http")), ("ssh", Service("http", tls=True))],
)
def test_another_service_disagrees(meant: str, service: Service) -> None:
    assert matching.service_disagrees(line(1, 22, service=meant), service) == (
        Disagreement("service", meant, service.protocol),
    )


def test_names_of_one_protocol_are_told_by_who_knows_them() -> None:
    def same(meant: str, found: str) -> bool:
        return {meant, found} <= {"domain", "dns"} or meant == found

    assert matching.service_disagrees(line(1, 53, service="domain"), Service("dns"), same) == ()
    assert matching.service_disagrees(line(1, 53, service="domain"), Service("ssh"), same) != ()


@pytest.mark.parametrize(
    ("until", "is_over"),
    [(None, False), (TODAY, False), (dt.date(2026, 11, 21), False), (dt.date(2026, 11, 19), True)],
)
def test_a_line_is_meant_through_its_last_day(until: dt.date | None, *, is_over: bool) -> None:
    assert matching.expired(line(1, 80, until=until), TODAY) is is_over


def test_a_line_whose_door_is_not_open_is_unmatched() -> None:
    lines = [line(1, 80), line(2, 443), line(3, 25, optional=True), line(4, 8000, 8100)]

    found = matching.unmatched(lines, [door(80), door(8042)])

    assert [one.line for one in found] == [2]


def test_a_range_whose_one_open_door_has_a_line_of_its_own_is_unmatched() -> None:
    lines = [line(1, 8000, 8100), line(2, 8080)]

    assert [one.line for one in matching.unmatched(lines, [door(8080)])] == [1]


def test_a_client_s_port_is_no_open_door() -> None:
    client = door(123, transport=Transport.UDP, role=Role.CLIENT)
    lines = [line(1, 123, transport=Transport.UDP)]

    assert [one.line for one in matching.unmatched(lines, [client])] == [1]


def test_a_door_that_answers_without_a_socket_is_open() -> None:
    assert matching.unmatched([line(1, 8080)], [seen(8080, State.OPEN)]) == ()


def test_a_door_that_is_only_spoken_of_is_not_open() -> None:
    assert len(matching.unmatched([line(1, 8080)], [seen(8080, State.FILTERED)])) == 1


def test_a_door_is_compared_with_its_line_in_everything() -> None:
    intent = line(
        1,
        22,
        unit="ssh",
        service="ssh",
        address="192.0.2.1",
        sources=("this-machine",),
        until=dt.date(2026, 1, 1),
    )
    owner = Owner(Evidence.DESCRIPTOR, unit="evil.service")
    reach = Reach(Zone.LAN, Certainty.YES, BECAUSE)
    found = door(
        22,
        owners=(owner,),
        service=Service("http"),
        exposure=Exposure((reach,), frozenset()),
    )

    assert matching.compare([intent], found, TODAY) == Comparison(
        intent,
        is_expired=True,
        beyond=(reach,),
        disagreements=(
            Disagreement("address", "192.0.2.1", "0.0.0.0"),
            Disagreement("unit", "ssh", "evil.service"),
            Disagreement("service", "ssh", "http"),
        ),
    )


def test_a_door_without_a_line_is_compared_with_nothing() -> None:
    assert matching.compare([], door(22), TODAY) == Comparison(None)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a*b", "ab"),
        ("a*b", "axxb"),
        ("*", ""),
        ("a**b", "ab"),
        ("*a*", "bab"),
        ("/nix/store/*-nginx-*/bin/nginx", "/nix/store/x-nginx-1.2/bin/nginx"),
    ],
)
def test_a_star_stands_for_any_characters(pattern: str, text: str) -> None:
    assert matching.glob(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("ab*ba", "aba"),
        ("/usr/*/sshd", "/usr/local/bin/sshd"),
        ("*", "a/b"),
        ("[a]*", "a"),
        ("?", "a"),
        ("a*", "ba"),
        ("*aXa*a", "aXa"),
    ],
)
def test_a_star_does_not_stand_for_more(pattern: str, text: str) -> None:
    assert not matching.glob(pattern, text)


@given(st.text("ab*/", max_size=8), st.text("ab/", max_size=8))
def test_patterns_mean_what_they_mean_to_a_shell(pattern: str, text: str) -> None:
    parts = [re.sub(r"\.\*", "[^/]*", fnmatch.translate(part)) for part in pattern.split("/")]
    expected = len(parts) == len(text.split("/")) and all(
        re.fullmatch(regex, part) for regex, part in zip(parts, text.split("/"), strict=True)
    )

    assert matching.glob(pattern, text) == expected


PORTS = st.tuples(st.integers(1, 12), st.integers(0, 4))


@given(st.lists(PORTS, max_size=6, unique=True), st.integers(1, 16), st.randoms())
def test_the_order_of_the_lines_decides_nothing(
    pairs: list[tuple[int, int]], port: int, random: Random
) -> None:
    lines = [line(n, first, first + more) for n, (first, more) in enumerate(pairs, 1)]
    nested = [
        one
        for n, one in enumerate(lines)
        if all(
            {*range(one.ports.first, one.ports.last + 1)}.isdisjoint(
                range(other.ports.first, other.ports.last + 1)
            )
            or len(one.ports) != len(other.ports)
            for other in lines[:n]
        )
    ]
    shuffled = nested[:]
    random.shuffle(shuffled)

    assert decides(nested, door(port)) == decides(shuffled, door(port))
