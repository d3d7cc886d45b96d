from pathlib import Path

import pytest

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.linux.sysctl import PortSettings
from tojimari.registry import answer, number
from tojimari.registry.answer import ListAnswer, NumberAnswer
from tojimari.registry.assignments import Assignment, Status
from tojimari.registry.defacto import User
from tojimari.registry.number import Entry, Layer, Number
from tojimari.registry.ranges import RangeName
from tojimari.report.language import Language
from tojimari.report.ports import View, text
from tojimari.report.style import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINUX = PortSettings(PortRange(32768, 60999), (), 1024)
CONVENTION = "A convention, not a law: any program may use any number."
ENGLISH = View(Language.ENGLISH, columns=80)


def told(*typed: str, machine: PortSettings = LINUX, view: View = ENGLISH) -> list[str]:
    return list(text(answer.to_words(typed), machine, view))


def below(lines: list[str], heading: str) -> str:
    """What stands under a heading, as one line."""
    rest = lines[lines.index(heading) + 1 :]
    end = next((at for at, line in enumerate(rest) if not line.startswith("  ")), len(rest))
    return " ".join(line.strip() for line in rest[:end])


@pytest.mark.parametrize("port", ["22", "23", "443", "50000"])
@pytest.mark.parametrize("language", list(Language))
def test_a_number_is_told_in_both_languages(port: str, language: Language) -> None:
    shown = "\n".join(told(port, view=View(language, columns=80))) + "\n"
    assert shown == (GOLDEN / f"port-{port}.{language}.txt").read_text(encoding="utf-8")


def test_a_number_that_is_nobodys_is_told_kindly() -> None:
    lines = told("50001")
    assert lines[0] == "50001"
    assert below(lines, "IANA's name") == "None: IANA gives the numbers of this range to nobody."
    assert below(lines, "Who really uses it").startswith("Nobody that is known. Ask the machine")
    assert lines[-1] == "> tojimari look 50001  who has it open on this machine"


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("1023", "IANA keeps this number back; nobody has it."),
        (
            "1098/sctp",
            "None: IANA has given this number to nobody. Anybody may use it all the same.",
        ),
        (
            "24",
            f"(tcp, udp) any private mail system {CONVENTION}",
        ),
        (
            "9093",
            f"copycat (tcp): Copycat database replication service {CONVENTION}",
        ),
    ],
)
def test_ianas_word_is_told(port: str, expected: str) -> None:
    assert below(told(port), "IANA's name") == expected


def test_zero_is_no_door() -> None:
    assert "0 is no door" in below(told("0"), "The range")
    assert "On this machine" not in told("0")


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (PortSettings(PortRange(1024, 65535), (), 1024), "The kernel hands this number out"),
        (
            PortSettings(PortRange(1024, 65535), (PortRange(8080, 8080),), 1024),
            "It lies among the numbers that the kernel hands out (1024-65535), but is kept out",
        ),
        (PortSettings(PortRange(32768, 60999), (), 9000), "Below 9000 only root may open a door"),
    ],
)
def test_this_machine_is_told_of_where_it_matters(machine: PortSettings, expected: str) -> None:
    assert below(told("8080", machine=machine), "On this machine").startswith(expected)


@pytest.mark.parametrize("machine", [PortSettings(), LINUX])
def test_this_machine_is_not_told_of_where_it_does_not_matter(machine: PortSettings) -> None:
    assert "On this machine" not in told("8080", machine=machine)


def test_the_real_users_stand_with_their_transports() -> None:
    assert below(told("6081"), "Who really uses it").endswith("Open vSwitch (udp)")


def test_sources_are_named_on_request() -> None:
    view = View(Language.ENGLISH, columns=80, sources=True)
    assert "[https://prometheus.io/docs/introduction/first_steps/]" in below(
        told("9090", view=view), "Who really uses it"
    )


def test_what_to_use_instead_is_a_command() -> None:
    assert told("23")[-1] == "> tojimari port ssh  what to use instead"


def test_further_services_are_a_command() -> None:
    assert told("9090")[-1] == "> tojimari port cockpit  is met at this number, too"


def test_several_answers_stand_apart() -> None:
    lines = told("22", "etcd")
    assert [lines[at + 1] for at, line in enumerate(lines) if line == ""] == [
        "2379  The memory of Kubernetes (etcd)",
        "2380  The memory of Kubernetes (etcd)",
    ]


def test_a_range_is_a_row_each_and_the_rest_counted() -> None:
    lines = told("8002-8007/tcp", view=View(Language.ENGLISH, columns=200))
    assert lines[0] == "8002-8007/tcp: 6 numbers; something is known of 6."
    assert "  8002  tcp  teradataordbms   Teradata ORDBMS" in lines
    assert next(line for line in lines if "tomcat" in line).endswith("(IANA: mxi)")


def test_a_range_of_unknown_numbers_says_so_once() -> None:
    lines = told("65000-65010")
    assert lines[0] == "65000-65010: 11 numbers; something is known of 0."
    assert lines[1].startswith("Dynamic numbers, free for anybody, 49152-65535.")
    assert not [line for line in lines if "nothing is known" in line]


def test_the_rest_of_a_range_is_counted() -> None:
    assert told("8000-8010")[-1] == "Of the rest (1) nothing is known."


def test_a_name_of_many_numbers_is_a_list() -> None:
    assert told("flex-lm") == [
        "The numbers that are called flex-lm:",
        "  27000-27009  tcp udp  flex-lm  FLEX LM (1-10)",
    ]


def test_found_numbers_stand_best_first() -> None:
    lines = list(text([answer.to_search("postgers")], LINUX, ENGLISH))
    assert lines[0] == "What fits postgers, the best first:"
    assert lines[1].split() == ["5432", "tcp", "postgresql", "PostgreSQL"]


@pytest.mark.parametrize(
    ("name", "title", "here"),
    [
        (
            RangeName.WELL_KNOWN,
            "Well-known numbers: 0-1023",
            "On this machine only root may open a door below 1024.",
        ),
        (
            RangeName.DYNAMIC,
            "Dynamic numbers, free for anybody: 49152-65535",
            "This machine's kernel hands out 32768-60999 to programs that call out.",
        ),
    ],
)
def test_a_range_of_the_three_is_explained(name: RangeName, title: str, here: str) -> None:
    lines = list(text([answer.to_range(name)], LINUX, ENGLISH))
    assert lines[0] == title
    assert here in lines
    assert "What people meet most here:" in lines


def test_plain_is_one_thing_a_line() -> None:
    view = View(Language.ENGLISH, columns=80, plain=True)
    lines = told("23/tcp", "flex-lm", view=view)
    assert lines[0] == "23/tcp\tRemote login, in the clear"
    assert [line.split("\t")[1] for line in lines[1:11]] == [
        "The range",
        "IANA's name",
        "What comes through this door",
        "Which programs open it",
        "Can it be read on the way?",
        "May it face the internet?",
        "Better",
        "What an attacker wants here",
        "On this machine",
        "Read on",
    ]
    assert lines[-1] == "27000-27009\ttcp udp\tflex-lm\tflex-lm\tFLEX LM (1-10)"


def test_alarm_stands_at_what_must_not_face_the_internet() -> None:
    def paint(shown: str, style: Style) -> str:
        return f"<{style}>{shown}"

    lines = told("23", "80", view=View(Language.ENGLISH, columns=80, paint=paint))
    assert [line for line in lines if line.endswith("May it face the internet?")] == [
        "<alarm>May it face the internet?",
        "<strong>May it face the internet?",
    ]


def test_nothing_that_the_registry_says_can_act_on_the_terminal() -> None:
    evil = "\x1b]0;owned\x07"
    whole = Number(
        50001,
        None,
        RangeName.DYNAMIC,
        (Assignment(50001, Transport.TCP, f"{evil}1", evil, (evil,), Status.ASSIGNED),),
        (User(PortRange(50001, 50001), (Transport.TCP,), evil, evil, evil, evil),),
        None,
    )
    row = Entry(PortRange(1, 1), (Transport.TCP,), "x", evil, evil, evil, Layer.IANA)
    answers = (
        NumberAnswer(evil, (whole,)),
        ListAnswer(evil, None, (), (row,), 0, "search"),
    )
    shown = "\n".join(text(answers, LINUX, View(Language.ENGLISH, columns=80, sources=True)))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_every_number_can_be_told_in_both_languages() -> None:
    for port in range(0, 65536, 97):
        whole = NumberAnswer(str(port), (number.of(port),))
        for language in Language:
            assert list(text([whole], LINUX, View(language, columns=1000)))
