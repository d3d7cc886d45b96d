import datetime as dt

import pytest

from scenery import NOW, door, intent, owner
from tojimari.audit.check import Scene, judge
from tojimari.core.door import Door
from tojimari.core.exposure import Zone
from tojimari.core.intent import Intent
from tojimari.core.message import Message
from tojimari.core.socket import Container, Evidence, Owner, Unseen
from tojimari.core.verdict import Verdict
from tojimari.report.language import Language
from tojimari.report.lines import nagios, plain

COUNTED = " | doors=1 findings=1"
HIDDEN = Unseen(Message("x", "Something."), 1, hides_doors=True)


def verdict(
    *doors: Door,
    intents: tuple[Intent, ...] = (),
    policy: str | None = "doors.toml",
    unseen: tuple[Unseen, ...] = (),
) -> Verdict:
    scene = Scene(doors, intents, policy is not None, dt.date(2030, 1, 1))
    return Verdict("house", NOW, policy, (), doors, judge(scene), unseen, "bpf")


def test_each_thing_is_a_line_of_ten_cells() -> None:
    found = verdict(
        door(6379), door(22, intent=intent(22)), intents=(intent(25),), unseen=(HIDDEN,)
    )
    assert [line.split("\t") for line in plain(found, Language.ENGLISH)] == [
        ["ok", "-", "22/tcp", "0.0.0.0", "lan", "?", "redis-server", "redis.service", "812", ""],
        [
            "finding",
            "medium",
            "6379/tcp",
            "0.0.0.0",
            "lan",
            "?",
            "redis-server",
            "redis.service",
            "812",
            "No line of the policy means this door to be open; redis-server opened it.",
        ],
        [
            "finding",
            "medium",
            "25/tcp",
            *["-"] * 6,
            "25/tcp is meant to be open (the cache of the shop), and nothing listens there.",
        ],
        ["unseen", *["-"] * 8, "Something."],
    ]


def test_a_door_without_a_policy_is_only_open() -> None:
    (line,) = plain(verdict(door(22), policy=None), Language.ENGLISH)
    assert line.split("\t")[0] == "open"


def test_a_container_is_named_before_its_unit() -> None:
    boxed = Owner(Evidence.DESCRIPTOR, 9, "nginx", container=Container("docker", "0f" * 32, "web"))
    (line,) = plain(verdict(door(80, "0.0.0.0", boxed), policy=None), Language.ENGLISH)
    assert line.split("\t")[7] == "web"


def test_a_tab_in_a_name_does_not_make_a_cell() -> None:
    sly = owner("a\tb", unit=None)
    (line,) = plain(verdict(door(80, "0.0.0.0", sly), policy=None), Language.ENGLISH)
    assert line.count("\t") == 9


@pytest.mark.parametrize(
    ("found", "line", "code"),
    [
        (
            verdict(door(22, intent=intent(22)), intents=(intent(22),)),
            "TOJIMARI OK - 1 doors open, 0 findings | doors=1 findings=0",
            0,
        ),
        (
            verdict(door(6379)),
            f"TOJIMARI WARNING - 1 doors open, 1 findings: 6379/tcp unintended-open{COUNTED}",
            1,
        ),
        (
            verdict(door(6379, widest=Zone.INTERNET)),
            f"TOJIMARI CRITICAL - 1 doors open, 1 findings: 6379/tcp unintended-open{COUNTED}",
            2,
        ),
        (
            verdict(intents=(intent(25),)),
            "TOJIMARI WARNING - 0 doors open, 1 findings: 25 missing-door | doors=0 findings=1",
            1,
        ),
        (
            verdict(unseen=(HIDDEN,)),
            "TOJIMARI UNKNOWN - 0 doors open, 0 findings | doors=0 findings=0",
            3,
        ),
    ],
)
def test_monitoring_gets_one_line_and_its_own_exit_codes(
    found: Verdict, line: str, code: int
) -> None:
    assert nagios(found) == (line, code)
