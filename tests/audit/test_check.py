import datetime as dt

from scenery import door, intent, owner
from tojimari.audit.check import Scene, checks, judge, look_at, program
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.finding import Severity

TODAY = dt.date(2030, 1, 1)


def test_every_check_asks_a_question() -> None:
    assert all(check.question.endswith("?") for check in checks())


def test_the_gravest_finding_comes_first_then_the_lowest_port() -> None:
    scene = Scene(
        (door(9000), door(8000), door(7000, widest=Zone.INTERNET)),
        (intent(25),),
        has_policy=True,
        today=TODAY,
    )
    found = [(one.severity, one.door.endpoint.port if one.door else 25) for one in judge(scene)]
    assert found == [
        (Severity.HIGH, 7000),
        (Severity.MEDIUM, 25),
        (Severity.MEDIUM, 8000),
        (Severity.MEDIUM, 9000),
    ]


def test_the_command_to_look_at_a_udp_door_names_the_transport() -> None:
    assert look_at(door(53, transport=Transport.UDP)) == "tojimari look 53/udp"


def test_a_program_is_called_by_its_executable() -> None:
    assert program(door(6379)) == "redis-server"


def test_a_unit_stands_in_for_a_program_that_was_not_seen() -> None:
    nameless = owner(name="", unit="redis.service")
    assert program(door(6379, "0.0.0.0", nameless)) == "redis.service"
