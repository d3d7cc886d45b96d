import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.policy.positions import Path, locate
from tojimari.policy.problem import Span
from tojimari.policy.syntax import Toml

TEXT = """\
schema = "tojimari.doors/1" # the version

[groups]
office = ["192.0.2.0/24",
  # Kyoto
  "198.51.100.0/24",
]

[[door]]
port = 22
why = \"\"\"
Administrators
log in.\"\"\"

[[door]]
port = 53
"from" = [ 'lan' ]
x.y = { a = 1, b = [2] }
"""


def test_a_key_and_its_value_have_their_own_places() -> None:
    positions = locate(TEXT)

    assert positions.key(("schema",)) == Span(1, 1, 6)
    assert positions.value(("schema",)) == Span(1, 10, 18)


def test_each_item_of_a_list_has_its_place() -> None:
    assert locate(TEXT).value(("groups", "office", 1)) == Span(6, 3, 17)


def test_a_value_of_several_lines_is_marked_to_the_end_of_the_first() -> None:
    assert locate(TEXT).value(("groups", "office")) == Span(4, 10, 16)


def test_a_door_is_where_its_heading_is() -> None:
    positions = locate(TEXT)

    assert positions.value(("door", 0)) == Span(9, 1, 8)
    assert positions.key(("door", 1)) == Span(15, 1, 8)


def test_what_follows_a_text_of_several_lines_is_found() -> None:
    assert locate(TEXT).value(("door", 1, "port")) == Span(16, 8, 2)


def test_a_key_in_quotes_is_the_same_key() -> None:
    assert locate(TEXT).key(("door", 1, "from")) == Span(17, 1, 6)


def test_keys_with_escapes_are_read() -> None:
    assert locate('"wh\\u0079" = 1').key(("why",)) == Span(1, 1, 10)


def test_inner_tables_have_places() -> None:
    assert locate(TEXT).value(("door", 1, "x", "y", "b", 0)) == Span(18, 21, 1)


def test_what_is_not_there_is_looked_for_in_what_should_hold_it() -> None:
    positions = locate(TEXT)

    assert positions.value(("door", 1, "why")) == Span(15, 1, 8)
    assert positions.value(("groups", "home", 3)) == Span(3, 1, 8)
    assert positions.value(("nothing",)) == Span(0, 0, 0)


def test_doors_may_stand_in_one_list() -> None:
    positions = locate("door = [\n  { port = 22 },\n  { port = 80 },\n]")

    assert positions.key(("door", 1)) == Span(3, 3, 13)
    assert positions.value(("door", 1, "port")) == Span(3, 12, 2)


def test_columns_are_characters_and_not_bytes() -> None:
    assert locate("w = '戸締まり'; ".rstrip("; ")).value(("w",)) == Span(1, 5, 6)
    assert locate("a = ['戸', 2]").value(("a", 1)) == Span(1, 11, 1)


def test_lines_may_end_in_the_manner_of_windows() -> None:
    assert locate("a = 1\r\nb = 2\r\n").value(("b",)) == Span(2, 5, 1)


@pytest.mark.parametrize(
    "literal",
    [
        '""""a"""',
        '"""a""""',
        '"""a"""""',
        '"""a""b"c"""',
        '"""\\""""',
        "''''a'''",
        "'''a'''''",
        '""',
        "''",
        '"\\\\"',
        "'\\'",
        '"#"',
        '"]"',
        "2026-12-31 10:00:00",
        "2026-12-31T10:00:00Z",
        "1979-05-27",
        "07:32:00",
        "-inf",
        "1_000",
    ],
)
def test_a_value_ends_where_it_ends(literal: str) -> None:
    text = f"a = [ {literal} ,2] # ,"

    assert tomllib.loads(text)["a"][1] == 2
    positions = locate(text)

    assert positions.values["a", 0] == (6, 6 + len(literal))
    assert positions.values["a", 1] == (text.index(",2") + 1, text.index(",2") + 2)


# Every form that the grammar has, put together at random.
BARE_KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,3}", fullmatch=True)
BASIC = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\'))
ESCAPES = st.sampled_from(['\\"', "\\\\", "\\n", "\\u0041", "\\t"])
LITERAL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="'"))
QUOTED = st.one_of(
    st.lists(BASIC | ESCAPES, max_size=3).map(lambda parts: f'"{"".join(parts)}"'),
    LITERAL.map(lambda text: f"'{text}'"),
)
MULTILINE = st.one_of(
    st.lists(BASIC | ESCAPES | st.sampled_from(["\n", '"', '""', "\\\n  "]), max_size=4).map(
        lambda parts: f'"""{"".join(parts)}"""'
    ),
    st.lists(LITERAL | st.sampled_from(["\n", "'", "''"]), max_size=4).map(
        lambda parts: f"'''{''.join(parts)}'''"
    ),
)
SCALARS = st.one_of(
    QUOTED,
    MULTILINE,
    st.integers(-(10**9), 10**9).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(["true", "false", "0xff", "1_0", "2026-12-31", "2026-12-31 10:00:00"]),
    st.sampled_from(["07:32:00", "1979-05-27T00:32:00.999-07:00", "nan", "+inf"]),
)
BLANKS = st.sampled_from(["", " ", "\t", "  "])
BREAKS = st.sampled_from(["", " ", "\n", " # a, ] } = [\n", "\r\n\t"])
KEYS = st.lists(BARE_KEYS | QUOTED, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([".", " . ", ". "]).map(lambda dot: dot.join(parts))
)


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(st.tuples(BREAKS, inner, BREAKS).map("".join), max_size=3)
    return st.tuples(items, st.sampled_from(["", ","]), BREAKS).map(
        lambda made: f"[{','.join(made[0])}{made[1] if made[0] else ''}{made[2]}]"
    )


def inline_tables(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(
        st.tuples(BLANKS, KEYS, BLANKS, st.just("="), BLANKS, inner, BLANKS).map("".join),
        max_size=3,
    )
    return pairs.map(lambda made: "{" + ",".join(made) + "}")


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)
PAIRS = st.tuples(BLANKS, KEYS, BLANKS, st.just("="), BLANKS, VALUES, BLANKS).map("".join)
HEADERS = st.one_of(KEYS.map(lambda key: f"[ {key} ]"), KEYS.map(lambda key: f"[[{key}]]"))
LINES = st.one_of(PAIRS, PAIRS, HEADERS, st.just("# [[door]]"), st.just(""))
TEXTS = st.tuples(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n", " # x\n"])).map(
    lambda made: made[1].join(made[0])
)


def leaves(value: Toml, path: Path = ()) -> Iterator[tuple[Path, Toml]]:
    """Everything that is no table and no list, with its path; empty tables and lists too."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    elif path:
        yield path, value


@given(TEXTS)
def test_whatever_tomllib_reads_is_found_in_its_place(text: str) -> None:
    try:
        meant = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    positions = locate(text)

    for path, value in leaves(meant):
        if path not in positions.values:  # an empty table that a heading made
            assert value == {}
            assert path in positions.keys
            continue
        start, end = positions.values[path]
        assert repr(tomllib.loads("x = " + text[start:end])["x"]) == repr(value)


@given(TEXTS)
def test_nothing_is_found_that_tomllib_does_not_read(text: str) -> None:
    try:
        meant = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    for path in [*locate(text).keys, *locate(text).values]:
        value: Toml = meant
        for step in path:
            assert isinstance(value, dict | list)
            value = value[step]  # type: ignore[index]  # a name for a table, a number for a list
