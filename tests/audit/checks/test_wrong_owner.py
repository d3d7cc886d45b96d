import datetime as dt

from scenery import door, intent
from tojimari.audit.check import Scene
from tojimari.audit.checks.wrong_owner import ask
from tojimari.core.door import Door
from tojimari.core.finding import Severity
from tojimari.core.socket import Evidence, Owner


def scene(*doors: Door) -> Scene:
    return Scene(doors, (), has_policy=True, today=dt.date(2030, 1, 1))


def test_the_unit_that_was_meant_is_no_finding() -> None:
    assert not list(ask(scene(door(intent=intent(unit="redis.service")))))


def test_another_unit_is_a_stranger() -> None:
    (found,) = ask(scene(door(intent=intent(unit="valkey.service"))))
    assert (found.severity, found.message.values["found"], found.is_certain) == (
        Severity.HIGH,
        "redis.service",
        True,
    )


def test_a_holder_that_was_not_seen_is_no_stranger_but_is_said() -> None:
    unseen = Owner(Evidence.CGROUP, unit="redis.service", cgroup="/system.slice/redis.service")
    (found,) = ask(scene(door(6379, "0.0.0.0", unseen, intent=intent(exe="/usr/bin/redis"))))
    assert (found.is_certain, found.is_grave, found.message.code) == (
        False,
        False,
        "owner-not-verified",
    )


def test_a_line_that_names_nobody_takes_everybody() -> None:
    assert not list(ask(scene(door(intent=intent()))))
