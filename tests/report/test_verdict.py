import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from rulesets import behind, filters, published
from scenery import NOW, door, intent, listener, owner
from tojimari.app import exposures
from tojimari.audit.check import Scene, judge
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Zone
from tojimari.core.intent import Intent
from tojimari.core.meaning import Advice, Meaning
from tojimari.core.message import Message
from tojimari.core.service import Identification, Outcome, Service
from tojimari.core.socket import Unseen
from tojimari.core.verdict import Verdict
from tojimari.report.language import Language
from tojimari.report.verdict import sentence, text
from tojimari.report.view import View

GOLDEN = Path(__file__).parent.parent / "golden"
SSH = Meaning(service="ssh", by_program=True, internet=Advice.CAREFUL)
REDIS = Meaning(service="redis", by_program=True, internet=Advice.NEVER)
SSHD = owner("sshd", 700, "ssh.service")


def verdict(*doors: Door, intents: tuple[Intent, ...] = (), policy: str | None = None) -> Verdict:
    scene = Scene(doors, intents, policy is not None, dt.date(2030, 1, 1))
    return Verdict("house", NOW, policy, (), doors, judge(scene), (), "bpf")


MEANT = intent(22, why="remote administration", sources=("internet",))
ROUND = verdict(
    door(22, "0.0.0.0", SSHD, widest=Zone.INTERNET, intent=MEANT, meaning=SSH),
    door(22, "::", SSHD, widest=Zone.INTERNET, intent=MEANT, meaning=SSH),
    door(6379, meaning=REDIS),
    door(53, "127.0.0.53", owner("systemd-resolve", 500), widest=Zone.THIS_MACHINE),
    intents=(MEANT, intent(25, why="mail for the shop")),
    policy="doors.toml",
)


@pytest.mark.parametrize("language", list(Language))
def test_the_round_is_told_in_both_languages(language: Language) -> None:
    told = "\n".join(text(ROUND, View(language, columns=120))) + "\n"
    assert told == (GOLDEN / f"check.{language}.txt").read_text(encoding="utf-8")


def test_without_a_policy_it_offers_to_write_one() -> None:
    lines = list(text(verdict(door(22, meaning=SSH)), View(Language.ENGLISH)))
    assert lines[-1] == "    > tojimari policy init"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            verdict(door(22, meaning=SSH)),
            "Tojimari: open doors: 1. No policy says which were meant. None is alarming.",
        ),
        (
            verdict(door(6379, widest=Zone.INTERNET, meaning=REDIS)),
            "Tojimari: open doors: 1. No policy says which were meant. Alarming: 1.",
        ),
        (
            verdict(door(22, intent=MEANT), intents=(MEANT,), policy="doors.toml"),
            "Tojimari: open doors: 1. All as intended.",
        ),
    ],
)
def test_the_verdict_is_one_sentence(found: Verdict, expected: str) -> None:
    assert sentence(found, Language.ENGLISH) == expected


def test_a_name_that_a_process_chose_cannot_act_on_the_terminal() -> None:
    evil = owner("\x1b]0;owned\x07", unit=None)
    shown = "\n".join(text(verdict(door(22, "0.0.0.0", evil)), View(Language.ENGLISH)))
    assert "\x1b" not in shown
    assert r"\x1b]0;owned\x07" in shown


def test_a_long_group_is_counted_and_shown_whole_on_request() -> None:
    many = verdict(*(door(port) for port in range(8000, 8030)))
    short = list(text(many, View(Language.ENGLISH)))
    assert "    ... and 10 more: -v shows them." in short
    whole = list(text(many, View(Language.ENGLISH, whole=True)))
    assert len([line for line in whole if line.startswith("-")]) == 30


def test_what_could_not_be_seen_is_said() -> None:
    unseen = Unseen(Message("x", "{count} sockets.", {"count": 3}), 3, "sudo tojimari check")
    found = Verdict("house", NOW, None, (), (), (), (unseen,), "bpf")
    lines = list(text(found, View(Language.ENGLISH)))
    assert lines[2:5] == ["What could not be seen", "    3 sockets.", "    > sudo tojimari check"]


def test_udp_and_tcp_at_one_number_are_two_rows() -> None:
    lines = text(verdict(door(53), door(53, transport=Transport.UDP)), View(Language.ENGLISH))
    assert len([line for line in lines if line.startswith("-")]) == 2


def unsure(port: int) -> Door:
    made = door(port, widest=Zone.LAN)
    return replace(made, exposure=exposures.unsure(made.exposure))


def test_doors_that_a_firewall_may_keep_shut_stand_apart() -> None:
    lines = list(text(verdict(door(22), unsure(80)), View(Language.ENGLISH)))
    titles = [line for line in lines if line.endswith("(LAN)")]
    assert titles == ["From the local network (LAN)", "Perhaps from the local network (LAN)"]


def test_rules_that_do_nothing_come_after_the_doors() -> None:
    made = behind(
        filters(
            "-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT",
            "-A ufw-user-input -p tcp -j ACCEPT",
            "-A ufw-user-input -p tcp -m tcp --dport 5432 -j DROP",
            *(f"-A ufw-user-input -p udp -m udp --dport {port} -j ACCEPT" for port in range(1, 6)),
        ),
        doors=(listener(port=22),),
    )
    found = Verdict("house", NOW, None, (), made.doors, judge(made), (), "bpf")
    lines = list(text(found, View(Language.ENGLISH)))
    start = lines.index("Rules of the firewall")
    assert lines[start + 1 : start + 8] == [
        "!   A rule of the firewall was to keep others out, and never does: rules before",
        "    it let them in.",
        "    rule: ufw rule 3: deny 5432/tcp",
        "    > tojimari reach 5432 --why",
        "-   The firewall lets others in to 1/udp, where nobody listens.",
        "    rule: ufw rule 4: allow 1/udp",
        "    > tojimari reach 1",
    ]
    assert "    ... and 2 more: -v shows them." in lines
    whole = list(text(found, View(Language.ENGLISH, whole=True)))
    assert len([line for line in whole if "nobody listens" in line]) == 5


def test_where_rules_keep_others_out_they_are_named_beside_the_door() -> None:
    made = behind(filters(), doors=(listener(port=22),))
    found = Verdict("house", NOW, None, (), made.doors, (), (), "bpf")
    (row,) = [line for line in text(found, View(Language.ENGLISH, columns=200)) if "22/tcp" in line]
    assert row.endswith("ufw keeps others out")


def test_where_what_arrives_goes_stands_beside_the_door() -> None:
    found = verdict(published(Zone.THIS_MACHINE))
    (row,) = [
        line for line in text(found, View(Language.ENGLISH, columns=200)) if "8080/tcp" in line
    ]
    assert "sent on  " in row
    assert row.endswith("sent on to 172.17.0.2:80")


def test_that_nobody_spoke_with_the_doors_is_said_once() -> None:
    said = "What really speaks behind them was not asked: tojimari check --identify does."
    view = View(Language.ENGLISH, columns=200)
    assert list(text(verdict(door(22)), view)).count(said) == 1
    asked = replace(door(22), conversation=Identification(door(22).endpoint, Outcome.SILENT))
    assert said not in list(text(verdict(asked), view))


def test_what_speaks_stands_in_place_of_what_the_number_says() -> None:
    spoken = replace(door(22, meaning=SSH), service=Service("http", "nginx", "1.22.1", tls=True))
    (row,) = [line for line in text(verdict(spoken), View(Language.ENGLISH)) if "22/tcp" in line]
    assert "https nginx 1.22.1" in row
