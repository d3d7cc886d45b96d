from dataclasses import replace
from pathlib import Path

import pytest

from house import HOUSE, KERNEL, MASTER, SSHD, door, doors, inspections, process
from rulesets import behind, filters, published
from scenery import listener
from sightings import sighted
from tojimari.app import look
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.meaning import Advice
from tojimari.core.observation import State
from tojimari.core.service import Identification, Outcome, Service
from tojimari.core.socket import Evidence, Listener, Owner
from tojimari.registry.words import Encryption, Kind, Plain, Words
from tojimari.report.door import Sources, texts
from tojimari.report.language import Language
from tojimari.report.view import View

WORDS = {
    "ssh": Words(
        name="ssh",
        doors=(),
        programs=(),
        kind=Kind.REMOTE_SHELL,
        internet=Advice.CAREFUL,
        encrypted=Encryption.YES,
        instead=(),
        sources=(),
        en=Plain("Remote work, encrypted (SSH)", "You type here, it runs there.", "", "", ""),
        ja=Plain("暗号化した遠隔操作 (SSH)", "離れた機械を操作します。", "", "", ""),
    )
}
SOURCES = Sources(inspections, lambda said: WORDS.get(said.service or ""))
GOLDEN = Path(__file__).parent.parent / "golden"


def told(*queries: str, language: Language = Language.ENGLISH, columns: int = 100) -> str:
    found = look.select(HOUSE, doors(), [look.question(one) for one in queries])
    return "\n".join(texts(found, SOURCES, View(language, columns=columns))) + "\n"


def told_of(listener: Listener) -> str:
    view = replace(HOUSE, listeners=(listener,), unseen=())
    found = look.select(view, doors(view))
    return "\n".join(texts(found, SOURCES, View(Language.ENGLISH, columns=200)))


@pytest.mark.parametrize("language", list(Language))
def test_doors_in_full_are_told_in_both_languages(language: Language) -> None:
    whole = told("22", "80", "4789", "5432", "6379", "6666", "9000", "41000", language=language)
    assert whole == (GOLDEN / f"door.{language}.txt").read_text(encoding="utf-8")


def test_a_door_at_several_addresses_is_one() -> None:
    assert told("22").count("22/tcp at any\n") == 1


def test_nothing_that_a_process_chose_can_act_on_the_terminal() -> None:
    assert "\x1b" not in told("6666")


def test_many_holders_are_counted() -> None:
    workers = [replace(MASTER, pid=pid) for pid in range(3000, 3020)]
    assert told_of(door("0.0.0.0", 80, *workers)).count("more processes: 12") == 1


def test_a_door_of_the_kernels_has_no_process() -> None:
    assert "the kernel itself; no process can hold it" in told_of(door("0.0.0.0", 4789, KERNEL))


def test_where_only_the_control_group_is_known_it_is_named() -> None:
    group = Owner(Evidence.CGROUP, cgroup="/system.slice/x")
    assert "some process of the control group /system.slice/x" in told_of(door("::", 80, group))


def test_the_root_of_all_control_groups_names_nobody() -> None:
    nobody = Owner(Evidence.CGROUP, cgroup="/")
    held = [line for line in told_of(door("::", 81, nobody)).splitlines() if "Held by" in line]
    assert [line.split() for line in held] == [["Held", "by", "owner", "not", "seen"]]


def test_a_control_group_without_a_unit_is_named() -> None:
    odd = replace(process(7, "odd"), cgroup="/some/where")
    assert "control group  /some/where" in told_of(door("0.0.0.0", 80, odd))


def test_a_replaced_program_is_said() -> None:
    old = replace(SSHD, deleted=True)
    assert "/usr/sbin/sshd (removed or replaced since)" in told_of(door("0.0.0.0", 22, old))


def spoken(service: Service | None, outcome: Outcome = Outcome.IDENTIFIED) -> str:
    found = look.select(HOUSE, doors(), [look.question("80")])
    (one,) = found.doors
    said = Identification(one.endpoint, outcome, service)
    asked = replace(found, doors=(replace(one, service=service, conversation=said),))
    return "\n".join(texts(asked, SOURCES, View(Language.ENGLISH, columns=200)))


def test_what_speaks_is_told_with_all_that_it_said() -> None:
    service = Service(
        "http",
        "nginx",
        "1.22.1",
        tls=True,
        evidence="HTTP/1.1 200 OK",
        details={"title": "Shop\x1b"},
    )
    shown = [" ".join(line.split()) for line in spoken(service).splitlines()]
    start = shown.index("What speaks https: nginx 1.22.1")
    assert shown[start + 1 : start + 3] == ["it said HTTP/1.1 200 OK", r"title Shop\x1b"]


def test_where_nobody_could_be_recognised_it_is_told_how_it_ended() -> None:
    assert "took the connection and said nothing" in spoken(None, Outcome.SILENT)


def test_a_door_that_a_rule_sends_on_names_both_rules() -> None:
    found = replace(look.select(HOUSE, ()), doors=(published(Zone.LAN),), unseen=())
    lines = texts(found, SOURCES, View(Language.ENGLISH, columns=200))
    shown = [" ".join(line.split()) for line in lines]
    start = shown.index("Sent on to 172.17.0.2:80")
    assert shown[start + 1 : start + 4] == [
        "Docker publishes",
        "This one is never asked: ufw: deny",
        "Held by sent on",
    ]


def test_who_of_a_zone_is_let_in_is_told_where_that_is_not_all_of_it() -> None:
    rules = filters("-A ufw-user-input -s 192.168.0.0/25 -p tcp -m tcp --dport 6379 -j ACCEPT")
    made = behind(rules, doors=(listener(),))
    found = replace(look.select(HOUSE, ()), doors=made.doors, unseen=())
    shown = " ".join("\n".join(texts(found, SOURCES, View(Language.JAPANESE, columns=200))).split())
    assert "同じネットワーク (LAN): 一部" in shown
    assert "192.168.0.128/25" in shown


def test_how_a_door_looks_from_outside_is_told_at_each_address() -> None:
    made = sighted(State.FILTERED, Certainty.NO)
    found = replace(look.select(HOUSE, ()), doors=(made,), unseen=())
    shown = " ".join("\n".join(texts(found, SOURCES, View(Language.ENGLISH, columns=200))).split())
    assert "From outside filtered at 192.0.2.1 for 198.18.0.1 by eth0 (no-response)" in shown
