import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.intent import Intent, PortRange
from tojimari.policy import fields
from tojimari.policy.document import DOOR_KEYS, Policy, Reading, read
from tojimari.policy.problem import NOWHERE, PolicyError, Span

HEAD = 'schema = "tojimari.doors/1"\n'
WHOLE = (
    HEAD
    + """
[groups]
office = ["192.0.2.0/24", "2001:db8::/48"]
staff = ["office", "198.51.100.7"]

[[door]]
port = 22
service = "ssh"
address = "192.0.2.1"
from = ["staff", "lan"]
unit = "ssh.service"
exe = "/usr/sbin/sshd"
user = "root"
container = "web"
optional = true
until = 2027-03-31
why = "Administrators log in."
"""
)
DOOR = '[[door]]\nport = 80\nfrom = "lan"\nwhy = "x"\n'


def policy(text: str) -> Policy:
    return read(text.encode()).use()


def codes(text: str) -> list[str]:
    return [problem.code for problem in read(text.encode()).problems]


def told(reading: Reading) -> list[tuple[str, int, int]]:
    return [(one.code, one.span.line, one.span.column) for one in reading.problems]


def hints(text: str) -> list[str]:
    found = [problem.hint for problem in read(text.encode()).problems]
    return [hint.text.format_map(hint.values) for hint in found if hint is not None]


def test_every_key_of_a_door_is_read() -> None:
    assert policy(WHOLE).intents == (
        Intent(
            transport=Transport.TCP,
            ports=PortRange(22, 22),
            sources=("192.0.2.0/24", "2001:db8::/48", "198.51.100.7/32", "lan"),
            why="Administrators log in.",
            address="192.0.2.1",
            service="ssh",
            until=dt.date(2027, 3, 31),
            unit="ssh.service",
            exe="/usr/sbin/sshd",
            user="root",
            container="web",
            written=("staff", "lan"),
            optional=True,
            line=7,
        ),
    )


def test_groups_are_read_as_what_they_stand_for() -> None:
    assert policy(WHOLE).groups == {
        "office": ("192.0.2.0/24", "2001:db8::/48"),
        "staff": ("192.0.2.0/24", "2001:db8::/48", "198.51.100.7/32"),
    }


def test_a_door_needs_only_its_port_its_sources_and_its_reason() -> None:
    assert policy(HEAD + DOOR).intents == (
        Intent(Transport.TCP, PortRange(80, 80), ("lan",), "x", written=("lan",), line=2),
    )


def test_a_file_without_doors_means_that_none_is_open() -> None:
    assert policy(HEAD) == Policy((), {}, "doors.toml")


def test_where_several_may_stand_each_is_an_intent_of_the_same_line() -> None:
    text = HEAD + DOOR.replace("80", '[53, "8000-8100"]\ntransport = ["udp", "tcp"]')

    assert [(one.ports, one.transport, one.line) for one in policy(text).intents] == [
        (PortRange(53, 53), Transport.UDP, 2),
        (PortRange(53, 53), Transport.TCP, 2),
        (PortRange(8000, 8100), Transport.UDP, 2),
        (PortRange(8000, 8100), Transport.TCP, 2),
    ]


def test_the_file_is_named() -> None:
    assert read(HEAD.encode(), "/etc/tojimari/doors.toml").use().path == "/etc/tojimari/doors.toml"


def test_a_last_day_that_is_over_is_no_mistake() -> None:
    assert codes(HEAD + DOOR + "until = 1999-12-31\n") == []


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = 'schema = "tojimari.doors/1"\n[[door]]\nport = 0\nform = "lan"\n\n[[door]]\nwhy = ""\n'

    assert told(read(text.encode())) == [
        ("missing-key", 2, 1),
        ("port-number", 3, 8),
        ("unknown-key", 4, 1),
        ("missing-key", 6, 1),
        ("missing-key", 6, 1),
        ("why", 7, 7),
    ]


def test_a_file_with_a_mistake_is_no_policy() -> None:
    reading = read((HEAD + DOOR + DOOR.replace("80", "0")).encode(), "x.toml")

    with pytest.raises(PolicyError) as caught:
        reading.use()

    assert str(caught.value) == "x.toml cannot be used, mistakes: 1; the first is in line 7"
    assert caught.value.path == "x.toml"
    assert caught.value.problems == reading.problems
    assert caught.value.exit_code == 2


def test_the_version_must_be_there() -> None:
    assert told(read(DOOR.encode())) == [("schema", 1, 1)]
    assert hints(DOOR) == ['write schema = "tojimari.doors/1"']


def test_another_version_is_not_read() -> None:
    assert codes(HEAD.replace("/1", "/2")) == ["schema"]
    assert hints(HEAD.replace("/1", "/2")) == [
        "a newer tojimari may; this one reads tojimari.doors/1"
    ]


@pytest.mark.parametrize("value", ['"1"', "1", "[]", '""'])
def test_what_is_no_version_is_told(value: str) -> None:
    assert codes(f"schema = {value}\n") == ["schema"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("form", "from"),
        ("From", "from"),
        ("allow", "from"),
        ("proto", "transport"),
        ("reason", "why"),
        ("expires", "until"),
        ("valid_until", "until"),
        ("optinal", "optional"),
    ],
)
def test_the_key_that_was_probably_meant_is_offered(wrong: str, right: str) -> None:
    assert hints(HEAD + DOOR + f"{wrong} = 1\n") == [f'did you mean "{right}"?']


def test_a_key_like_no_other_is_told_with_those_that_there_are() -> None:
    assert hints("x = 1\n" + HEAD) == ["the keys are: schema, groups, door"]


def test_a_key_with_a_slip_is_not_told_as_missing_too() -> None:
    assert codes(HEAD + DOOR.replace("why", "wyh")) == ["unknown-key"]


@pytest.mark.parametrize("key", ["port", "from", "why"])
def test_what_every_door_needs_is_missed(key: str) -> None:
    text = "\n".join(line for line in DOOR.split("\n") if not line.startswith(key))

    assert told(read((HEAD + text).encode())) == [("missing-key", 2, 1)]


@pytest.mark.parametrize(
    "text",
    ["[door]\nport = 80\n", "door = 1\n", "door = [1]\n", 'door = ["a"]\n', "door = [[]]\n"],
)
def test_a_door_is_a_table_in_double_brackets(text: str) -> None:
    assert codes(HEAD + text) == ["wrong-type"]


def test_groups_are_a_table() -> None:
    assert told(read((HEAD + "groups = 1\n").encode())) == [("wrong-type", 2, 10)]


def test_doors_may_stand_in_one_list() -> None:
    text = HEAD + "door = [\n{ port = 22, from = 'lan', why = 'a' },\n]"

    assert [(one.ports.first, one.line) for one in policy(text).intents] == [(22, 3)]


def test_too_many_doors_are_refused_before_they_are_made() -> None:
    ports = ", ".join(map(str, range(1, 6001)))
    text = HEAD + DOOR.replace("80", f'[{ports}]\ntransport = ["tcp", "udp"]')

    assert told(read(text.encode())) == [("too-many-doors", 2, 1)]


def test_too_many_doors_in_several_tables_are_refused() -> None:
    first = ", ".join(map(str, range(1, 6001)))
    second = ", ".join(map(str, range(6001, 12001)))
    text = HEAD + DOOR.replace("80", f"[{first}]") + DOOR.replace("80", f"[{second}]")
    rest = DOOR.replace("80", '[1, "20000-20001"]') + DOOR.replace("80", "0")

    assert told(read(text.encode())) == [("too-many-doors", 6, 1)]
    assert told(read((text + rest).encode())) == [
        ("too-many-doors", 6, 1),
        ("port-number", 15, 8),
    ]


def test_a_group_that_nothing_names_is_known_to_be_unused() -> None:
    text = HEAD + '[groups]\na = "lan"\nb = ["a"]\nc = "b"\nd = "lan"\n' + DOOR.replace("lan", "c")

    assert policy(text).unused == ("d",)


def test_the_place_of_each_value_is_known() -> None:
    reading = read(WHOLE.encode())
    intent = reading.use().intents[0]

    assert reading.place(intent, "until") == Span(17, 9, 10)
    assert read((HEAD + DOOR).encode()).place(intent, "until") == NOWHERE


def test_a_value_that_is_not_written_has_the_place_of_its_door() -> None:
    reading = read((HEAD + DOOR).encode())

    assert reading.place(reading.use().intents[0], "until") == Span(2, 1, 8)


@given(st.binary(max_size=400))
def test_no_bytes_at_all_crash_the_reader(content: bytes) -> None:
    reading = read(content)

    assert (reading.policy is None) == bool(reading.problems)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.text(max_size=6))))
def test_no_mutation_of_a_good_file_crashes_the_reader(
    changes: list[tuple[int, int, str]],
) -> None:
    text = WHOLE
    for start, length, replacement in changes:
        text = text[:start] + replacement + text[start + length :]

    reading = read(text.encode("utf-8", "surrogatepass"))

    lines = text.count("\n") + 1
    assert (reading.policy is None) == bool(reading.problems)
    assert all(1 <= problem.span.line <= lines for problem in reading.problems)
    assert all(problem.span.column >= 1 for problem in reading.problems)


WORDS = WHOLE.replace("\n", " \n ").split(" ")


@given(st.permutations(WORDS[:40]), st.integers(0, 40))
def test_words_of_a_good_file_in_any_order_do_not_crash_the_reader(
    words: list[str], end: int
) -> None:
    reading = read(" ".join(words[:end]).encode())

    assert (reading.policy is None) == bool(reading.problems)


DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["guides/policy", "reference/doors-toml"]


@pytest.mark.parametrize("page", [f"{page}{end}" for page in PAGES for end in (".md", ".ja.md")])
def test_every_example_of_the_documentation_is_a_policy(page: str) -> None:
    parts = (DOCS / page).read_text(encoding="utf-8").split("```toml\n")[1:]
    examples = [part.split("```")[0] for part in parts]

    assert examples
    assert [codes(example) for example in examples] == [[]] * len(examples)


def test_every_code_is_in_the_reference() -> None:
    source = Path(fields.__file__).parent
    told: set[str] = set()
    for name in ("complaints", "document", "fields", "lint", "overlap", "sources", "syntax"):
        text = (source / f"{name}.py").read_text(encoding="utf-8")
        told.update(re.findall(r'Message\(\s*"([a-z0-9-]+)"', text))
    page = (DOCS / "reference" / "doors-toml.md").read_text(encoding="utf-8")

    listed = set(re.findall(r"`([a-z0-9-]+)`", page.partition("## Codes")[2]))
    assert told - {"try"} <= listed


def test_every_key_is_in_the_reference() -> None:
    for page in ("doors-toml.md", "doors-toml.ja.md"):
        text = (DOCS / "reference" / page).read_text(encoding="utf-8")
        assert [key for key in DOOR_KEYS if f"\n| `{key}` |" not in text] == []
