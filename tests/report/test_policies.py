import datetime as dt

from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent
from tojimari.policy.document import Policy, Reading, read
from tojimari.policy.explanation import explain
from tojimari.policy.lint import lint
from tojimari.report import policies
from tojimari.report.language import Language
from tojimari.report.style import Style
from tojimari.report.view import View

ENGLISH, JAPANESE = View(Language.ENGLISH), View(Language.JAPANESE)
HEAD = 'schema = "tojimari.doors/1"\n'
DOOR = '[[door]]\nport = 22\nfrom = "lan"\nwhy = "x"\n'
TODAY = dt.date(2026, 11, 20)
BOTH = (Transport.TCP, Transport.UDP)


def linted(text: str, view: View = ENGLISH) -> list[str]:
    reading = read(text.encode(), "doors.toml")
    return list(policies.linted("doors.toml", reading.text, lint(reading, TODAY), view))


def explained(
    text: str, port: int, view: View = ENGLISH, transports: tuple[Transport, ...] = BOTH
) -> list[str]:
    policy = policy_of(text)
    answers = explain(policy.intents, port, transports)
    return list(policies.explained(policy, port, transports, answers, TODAY, view))


def policy_of(text: str) -> Policy:
    reading: Reading = read((HEAD + text).encode(), "doors.toml")
    return reading.use()


def test_a_mistake_is_shown_in_its_line_with_a_hint() -> None:
    assert linted(HEAD + DOOR.replace("22", "70000")) == [
        "doors.toml:3:8: error: 70000 is no port number",
        "    3 | port = 70000",
        "      |        ^^^^^",
        "    hint: port numbers go from 1 to 65535",
        "doors.toml: mistakes: 1. It cannot be used until they are put right.",
    ]


def test_a_mistake_is_shown_in_japanese() -> None:
    assert linted(HEAD + DOOR.replace("22", "70000"), JAPANESE) == [
        "doors.toml:3:8: エラー: 70000 はポート番号ではありません",
        "    3 | port = 70000",
        "      |        ^^^^^",
        "    ヒント: ポート番号は 1 から 65535 までです",
        "doors.toml: 間違いが 1 あります。直すまで、このファイルは使えません。",
    ]


def test_what_is_doubtful_is_a_warning() -> None:
    assert linted(HEAD + DOOR + "until = 2020-01-01\n")[0].startswith("doors.toml:6:9: warning: ")
    assert linted(HEAD + DOOR + "until = 2020-01-01\n")[-1] == (
        "doors.toml: no mistakes; to be looked at: 1."
    )


def test_a_good_file_is_said_to_be_good() -> None:
    assert linted(HEAD) == ["doors.toml: no mistakes."]


def test_marks_stand_under_wide_characters() -> None:
    assert linted(HEAD + DOOR.replace('why = "x"', 'why = "戸"; x')) == [
        "doors.toml:5:10: error: something is left over at the end of this line",
        '    5 | why = "戸"; x',
        "      |           ^",
        "doors.toml: mistakes: 1. It cannot be used until they are put right.",
    ]


def test_wide_characters_get_wide_marks() -> None:
    assert linted(HEAD + DOOR.replace('"lan"', '["戸締"]'))[1:3] == [
        '    4 | from = ["戸締"]',
        "      |         ^^^^^^",
    ]


def test_a_long_line_is_shown_around_the_place() -> None:
    names = ", ".join(f'"192.0.2.{n}"' for n in range(200))
    shown = linted(HEAD + DOOR.replace('"lan"', f'[{names}, "nobody"]'))

    assert len(shown[1]) < 120
    assert '"nobody"' in shown[1]
    assert shown[1].index('"nobody"') == shown[2].index("^")
    assert shown[2].count("^") == len('"nobody"')


def test_marks_do_not_go_beyond_the_line_that_is_shown() -> None:
    shown = linted(HEAD + DOOR.replace('"x"', "'" + "戸" * 300 + "'").replace("why", "wyh"))
    long = linted(HEAD + DOOR.replace('from = "lan"', f"from = '{'戸' * 300}'"))

    assert shown[2] == "      | ^^^"
    assert len(long[2]) <= len("      | ") + 100


def test_nothing_from_the_file_acts_on_the_terminal() -> None:
    shown = linted(HEAD + DOOR.replace('"lan"', '"\x1b[31m\\u001b[2J"'))

    assert "\x1b" not in "".join(shown)


def test_a_tab_is_one_character() -> None:
    assert linted(HEAD + DOOR.replace("port = 22", "port\t=\t0"))[0:3] == [
        "doors.toml:3:8: error: 0 is no port number",
        r"    3 | port\t=\t0",
        "      |          ^",
    ]


def test_a_line_of_windows_is_shown_without_its_end() -> None:
    shown = linted((HEAD + DOOR.replace("22", "0")).replace("\n", "\r\n"))

    assert shown[1] == "    3 | port = 0"


def test_of_very_many_mistakes_only_some_are_shown() -> None:
    shown = linted(HEAD + DOOR + "".join(f"x{n} = 1\n" for n in range(70)))

    assert sum(": error: " in line for line in shown) == 50
    assert shown[-1] == ("doors.toml: mistakes: 70. It cannot be used until they are put right.")


def test_a_mistake_in_an_empty_line_is_only_named() -> None:
    assert linted("")[0:2] == [
        "doors.toml:1:1: error: the file does not say which version it is",
        '    hint: write schema = "tojimari.doors/1"',
    ]


def test_what_matters_is_painted() -> None:
    view = View(Language.ENGLISH, paint=lambda text, style: f"<{style}>{text}</>")

    shown = linted(HEAD + DOOR.replace("22", "0"), view)

    assert shown[0] == f"doors.toml:3:8: <{Style.ALARM}>error</>: 0 is no port number"
    assert shown[2].endswith(f"<{Style.CALM}>^</>")


def test_plain_is_a_line_a_problem_as_compilers_have_it() -> None:
    reading = read((HEAD + DOOR.replace("22", "0") + 'exe = "x"\n').encode(), "doors.toml")

    shown = list(policies.linted_plain("doors.toml", reading.problems, Language.ENGLISH))

    assert shown == [
        (
            "doors.toml:3:8: error: 0 is no port number (port numbers go from 1 to 65535)"
            " [port-number]"
        ),
        (
            "doors.toml:6:7: error: an executable is an absolute path (for example"
            ' "/usr/sbin/sshd"; for the unit\'s name there is unit) [exe-form]'
        ),
    ]


WHOLE = """\
[groups]
office = ["192.0.2.0/24", "2001:db8::/48"]
[[door]]
port = "8000-8100"
service = "http"
from = ["office", "lan"]
unit = "shop.service"
exe = "/usr/bin/shop"
user = "shop"
optional = true
until = 2027-03-31
why = "The trial shop."
"""


def test_the_line_that_decides_is_told_with_all_that_it_says() -> None:
    assert explained(WHOLE, 8080, transports=(Transport.TCP,)) == [
        "8080/tcp: line 4 of doors.toml decides.",
        "    why              The trial shop.",
        "    who may come     office (192.0.2.0/24, 2001:db8::/48), the local network",
        "                     (LAN); and whoever is nearer",
        "    the line covers  8000-8100/tcp",
        "    service          http",
        "    unit             shop.service",
        "    executable       /usr/bin/shop",
        "    user             shop",
        "    last day         2027-03-31",
        "    may be shut      yes, at times",
    ]


def test_the_line_that_decides_is_told_in_japanese() -> None:
    assert explained(DOOR, 22, JAPANESE) == [
        "22/tcp: doors.toml の 2 行目で決まります。",
        "    理由            x",
        "    入ってよい相手  同じネットワーク (LAN)。それより近いところからもよい",
        "22/udp は開けておく予定ではありません。doors.toml のどの行にもありません。",
        "    > tojimari look 22/udp",
    ]


def test_a_port_that_no_line_names_is_not_meant() -> None:
    assert explained("", 6379, transports=(Transport.TCP,)) == [
        "6379/tcp is not meant to be open: no line of doors.toml names it.",
        "    > tojimari look 6379",
    ]


def test_a_last_day_that_is_over_is_said_to_be() -> None:
    assert "    last day      2020-01-01, which is over: the door should be shut" in explained(
        DOOR + "until = 2020-01-01\n", 22
    )


def test_other_lines_are_told_with_the_reason() -> None:
    shown = explained(DOOR + DOOR.replace("22", '"1-100"'), 22, transports=(Transport.TCP,))

    assert shown[-1] == "    Line 6 (1-100/tcp) speaks of it too, but names more ports."


def test_where_a_line_holds_is_in_its_heading() -> None:
    text = (
        DOOR.replace("22", '22\naddress = "::1"')
        + DOOR.replace("22", '22\ncontainer = "web"')
        + DOOR.replace("22", '22\ncontainer = "web"\naddress = "::1"')
    )

    headings = [line for line in explained(text, 22) if "decides" in line]

    assert headings == [
        "22/tcp at ::1: line 2 of doors.toml decides.",
        "22/tcp of the container web: line 7 of doors.toml decides.",
        "22/tcp at ::1, of the container web: line 12 of doors.toml decides.",
    ]


def test_this_machine_alone_has_nobody_nearer() -> None:
    assert "    who may come  this machine" in explained(DOOR.replace("lan", "this-machine"), 22)


def test_a_large_group_is_not_told_in_full() -> None:
    members = ", ".join(f'"192.0.2.{n}"' for n in range(9))
    text = f"[groups]\noffice = [{members}]\n" + DOOR.replace("lan", "office")

    shown = " ".join(line.strip() for line in explained(text, 22))

    assert "192.0.2.5/32, +3)" in shown


def test_a_line_that_came_from_no_file_is_told_by_its_networks() -> None:
    policy = policy_of(DOOR)
    intent: Intent = policy.intents[0]
    bare = Intent(intent.transport, intent.ports, ("192.0.2.0/24",), "x")
    answers = explain([bare], 22, (Transport.TCP,))

    shown = list(policies.explained(policy, 22, (Transport.TCP,), answers, TODAY, ENGLISH))

    assert shown[2] == "    who may come  192.0.2.0/24"


def test_plain_is_a_row_a_line() -> None:
    text = DOOR.replace("22", '22\naddress = "::1"\nuntil = 2027-03-31').replace("x", "a\\tb")
    policy = policy_of(text)
    answers = explain(policy.intents, 22, BOTH)

    assert list(policies.explained_plain(22, BOTH, answers)) == [
        "22/tcp\t::1\t-\t2\tlan\t2027-03-31\ta\\tb",
        "22/udp\t-\t-\t-\t-\t-\t-",
    ]
