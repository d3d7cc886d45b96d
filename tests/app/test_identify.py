"""Whom ``identify`` speaks with, and whom it refuses."""

import resource
import socket

import pytest

from behind import door, says, shut_port
from tojimari.app import identify
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import RefusedError, UsageError
from tojimari.core.service import Outcome
from tojimari.core.socket import Evidence, InsideView, Listener, Namespace, Owner, Role

TCP, UDP = Transport.TCP, Transport.UDP


def doors(*words: str) -> list[tuple[str, str, int]]:
    plan = identify.there(words, resolve=lambda host: {"lab.test": "192.0.2.9"}[host])
    return [
        (one.endpoint.transport, one.endpoint.address, one.endpoint.port) for one in plan.targets
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("192.0.2.7:22", [(TCP, "192.0.2.7", 22)]),
        ("192.0.2.7:53/udp,80", [(UDP, "192.0.2.7", 53), (TCP, "192.0.2.7", 80)]),
        ("192.0.2.7:80-82", [(TCP, "192.0.2.7", port) for port in (80, 81, 82)]),
        ("[2001:db8::7]:443", [(TCP, "2001:db8::7", 443)]),
        ("lab.test:25", [(TCP, "192.0.2.9", 25)]),
        ("[::ffff:192.0.2.1]:1", [(TCP, "192.0.2.1", 1)]),
    ],
)
def test_a_target_is_read(word: str, expected: list[tuple[str, str, int]]) -> None:
    assert doors(word) == expected


def test_without_ports_the_usual_ones_are_meant() -> None:
    found = doors("2001:db8::1")
    assert (TCP, "2001:db8::1", 22) in found
    assert (UDP, "2001:db8::1", 161) in found
    assert (TCP, "2001:db8::1", 9100) not in found


def test_the_same_door_is_spoken_with_once() -> None:
    assert len(doors("192.0.2.7:22", "192.0.2.7:22,22")) == 1


@pytest.mark.parametrize(
    "word",
    [
        "",
        ":22",
        "-x",
        "[::1",
        "[::1]22",
        "192.0.2.7:x",
        "192.0.2.7:70000",
        "192.0.2.7:1/icmp",
        "192.0.2.0/24",
        "192.0.2.7:+1",
        "192.0.2.7:٢٢",
    ],
)
def test_what_cannot_be_read_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        doors(word)


def test_a_name_that_nobody_knows_is_said_so() -> None:
    def nobody(host: str) -> str:
        raise OSError(host)

    with pytest.raises(UsageError, match="nowhere"):
        identify.there(["nowhere:22"], resolve=nobody)


@pytest.mark.parametrize("host", ["224.0.0.1", "255.255.255.255", "0.0.0.0", "[ff02::1]", "[::]"])
def test_nobody_is_spoken_with_by_accident(host: str) -> None:
    with pytest.raises(RefusedError):
        identify.there([f"{host}:22"])


def test_more_doors_than_a_scan_would_leave_are_refused() -> None:
    with pytest.raises(RefusedError):
        identify.there([f"192.0.2.{last}:0-65535" for last in range(1, 7)])


def listener(address: str, port: int, transport: Transport = TCP, **more: object) -> Listener:
    owner = Owner(Evidence.DESCRIPTOR, pid=1, name="sshd", exe="/usr/sbin/sshd")
    values: dict[str, object] = {"netns": 0, "owners": (owner,), **more}
    return Listener(Endpoint(transport, address, port), **values)  # type: ignore[arg-type]  # a row


def view(*listeners: Listener) -> InsideView:
    host = Namespace(inode=identify.own_namespace(()), name="host", is_host=True)
    ours = tuple(
        one
        if one.netns
        else Listener(
            one.endpoint,
            host.inode,
            one.owners,
            role=one.role,
            v6only=one.v6only,
            multicast=one.multicast,
            interface=one.interface,
        )
        for one in listeners
    )
    return InsideView("here", 0.0, (host,), ours, (), (), "procfs")


def test_our_own_doors_are_spoken_with_where_we_can_stand_before_them() -> None:
    plan = identify.here(
        view(
            listener("0.0.0.0", 22),
            listener("::", 80),
            listener("::", 81, v6only=True),
            listener("192.0.2.5", 443),
            listener("224.0.0.251", 5353, UDP),
            listener("0.0.0.0", 40000, UDP, role=Role.CLIENT),
            listener("0.0.0.0", 5000, multicast=True),
            listener("0.0.0.0", 9, Transport.SCTP),
            listener("0.0.0.0", 99, netns=7),
            listener("0.0.0.0", 67, UDP, interface="eth0"),
            listener("fe80::5", 53, interface="eth0"),
        )
    )
    assert [(one.endpoint.address, one.endpoint.port) for one in plan.targets] == [
        ("127.0.0.1", 22),
        ("127.0.0.1", 80),
        ("::1", 81),
        ("192.0.2.5", 443),
        ("fe80::5%eth0", 53),
    ]
    assert plan.targets[0].executable == "/usr/sbin/sshd"
    assert [one.message.code for one in plan.unseen] == [
        "other-namespaces",
        "tied-to-an-interface",
    ]
    assert [one.count for one in plan.unseen] == [1, 1]


def test_doors_are_told_of_as_they_become_known(network: None) -> None:
    del network
    with door(says(b"SSH-2.0-OpenSSH_9.2p1\r\n")) as opened:
        plan = identify.there([f"127.0.0.1:{shut_port()},{opened.port}"])
        found = {one.endpoint.port: one.outcome for one in identify.identify(plan.targets)}
    assert found[opened.port] is Outcome.IDENTIFIED
    assert sorted(found.values()) == [Outcome.IDENTIFIED, Outcome.REFUSED]


def test_this_machines_own_doors_are_found(root: None) -> None:
    del root
    with door(says(b"SSH-2.0-OpenSSH_9.2p1\r\n")) as opened:
        plan = identify.here()
    assert opened.port in {one.endpoint.port for one in plan.targets}


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "lab.localhost"])
def test_localhost_is_this_machine_without_anybody_being_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    plan = identify.there([f"{name}:22"])
    assert plan.targets[0].endpoint == Endpoint(Transport.TCP, "127.0.0.1", 22)
    assert plan.targets[0].name == name


def test_a_name_of_the_system_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: None, *, type: int) -> list[tuple[object, ...]]:  # noqa: A002
        assert (host, port, type) == ("notlocalhost", None, socket.SOCK_STREAM)
        return [(2, 1, 6, "", ("192.0.2.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    plan = identify.there(["notlocalhost:22"])
    assert plan.targets[0].endpoint == Endpoint(Transport.TCP, "192.0.2.7", 22)


def test_more_files_are_allowed_where_the_system_lets_us() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        assert identify.allowed_at_once() == min(2048, hard - 64)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
