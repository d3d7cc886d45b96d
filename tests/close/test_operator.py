from house import door, process, talk
from tojimari.close.guard import Access
from tojimari.close.operator import session
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Target
from tojimari.core.socket import Direction

SSHD = process(700, "sshd")
CHILD = process(701, "sshd-session", "/usr/lib/openssh/sshd-session")
MOSH = process(800, "mosh-server", "/usr/bin/mosh-server")
LOGIN = process(900, "in.telnetd")
US = [999, 950, 702, 701, 700, 1]  # this command, sudo, bash, and those before
INCOMING = talk(("10.0.0.5", 22), ("203.0.113.7", 50000), Direction.INCOMING, (CHILD, SSHD))
MAPPED = talk(
    ("::ffff:10.0.0.5", 2222), ("::ffff:203.0.113.7", 50000), Direction.INCOMING, (CHILD,)
)
OUTGOING = talk(("10.0.0.5", 40000), ("192.0.2.1", 443), Direction.OUTGOING, (CHILD,))
STRANGER = talk(("10.0.0.5", 22), ("198.51.100.1", 50000), Direction.INCOMING,
                (process(600, "sshd"),))  # fmt: skip
ENVIRONMENT = {"SSH_CONNECTION": "203.0.113.9 50001 10.0.0.5 2022"}


def test_the_session_is_the_incoming_connection_of_a_process_that_we_came_from() -> None:
    found = session({}, US, [STRANGER, OUTGOING, INCOMING], ())
    assert found is not None
    assert (found.access, found.door, found.remote) == (
        Access.SSH,
        Target(Transport.TCP, 22),
        "203.0.113.7",
    )
    assert {700, 701, 702} <= found.pids
    assert 1 not in found.pids


def test_the_socket_comes_before_what_the_environment_says() -> None:
    found = session(ENVIRONMENT, US, [INCOMING], ())
    assert found is not None
    assert found.door.port == 22


def test_a_mapped_address_is_the_ipv4_address() -> None:
    found = session({}, US, [MAPPED], ())
    assert found is not None
    assert (found.door.port, found.remote) == (2222, "203.0.113.7")


def test_in_a_terminal_that_was_taken_up_again_only_the_environment_tells() -> None:
    found = session(ENVIRONMENT, [999, 400, 1], [INCOMING], ())
    assert found is not None
    assert (found.door.port, found.remote) == (2022, "203.0.113.9")


def test_mosh_is_known_by_its_server_and_the_next_login_comes_by_ssh() -> None:
    talks = door("0.0.0.0", 60001, MOSH, transport=Transport.UDP)
    found = session(ENVIRONMENT, [999, 801, 800, 1], [], [talks])
    assert found is not None
    assert (found.access, found.door, found.login) == (
        Access.MOSH,
        Target(Transport.UDP, 60001),
        2022,
    )


def test_telnet_is_an_incoming_connection_too() -> None:
    one = talk(("10.0.0.5", 23), ("203.0.113.7", 50000), Direction.INCOMING, (LOGIN,))
    found = session({}, [999, 900, 1], [one], ())
    assert found is not None
    assert (found.access, found.door.port) == (Access.OTHER, 23)


def test_at_the_console_nobody_came_from_elsewhere() -> None:
    assert session({}, [999, 950, 1], [INCOMING], ()) is None
    assert session({"SSH_CONNECTION": "nonsense"}, [999, 1], [], ()) is None
