from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.meaning import NOTHING_KNOWN, Advice, Meaning
from tojimari.registry import meaning


def at(port: int, transport: Transport = Transport.TCP) -> Endpoint:
    return Endpoint(transport, "0.0.0.0", port)


def test_the_program_says_it_before_the_number() -> None:
    found = meaning.of(at(443), ("python3", "sshd"))
    assert found == Meaning(
        assignment="https",
        usual="web-server",
        service="ssh",
        by_program=True,
        kind="remote-shell",
        internet=Advice.CAREFUL,
    )


def test_the_number_says_it_where_the_program_does_not() -> None:
    found = meaning.of(at(23), ("python3",))
    assert (found.service, found.by_program, found.internet) == ("telnet", False, Advice.NEVER)


def test_one_program_at_two_doors_means_two_things() -> None:
    assert [meaning.of(at(port), ("nginx",)).service for port in (80, 443)] == ["http", "https"]


def test_nothing_is_known_of_a_number_without_words() -> None:
    assert meaning.of(at(2)) == NOTHING_KNOWN


def test_a_real_user_is_named_where_iana_names_another() -> None:
    found = meaning.of(at(9093))
    assert (found.assignment, found.usual, found.service) == ("copycat", "alertmanager", None)
