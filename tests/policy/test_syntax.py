import time

import pytest

from tojimari.policy.problem import Problem
from tojimari.policy.syntax import MAX_BYTES, Tree, parse


def told(content: bytes | str) -> tuple[str, int, int, str, str]:
    """Code, line, column, text and hint of the one problem."""
    found = parse(content.encode() if isinstance(content, str) else content)
    assert isinstance(found, Problem)
    hint = found.hint.text.format_map(found.hint.values) if found.hint is not None else ""
    text = (
        found.message.text.format_map(found.message.values)
        if found.message.values
        else (found.message.text)
    )
    return found.code, found.span.line, found.span.column, text, hint


def test_toml_is_read_with_its_places() -> None:
    tree = parse(b"a = 1\n")

    assert isinstance(tree, Tree)
    assert tree.table == {"a": 1}
    assert tree.positions.value(("a",)).column == 5
    assert tree.text == "a = 1\n"


def test_a_byte_order_mark_is_passed_over() -> None:
    tree = parse(b"\xef\xbb\xbfa = 1")

    assert isinstance(tree, Tree)
    assert tree.table == {"a": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "x = 1\nport = 8000-8100\n",
            (
                2,
                12,
                "something is left over at the end of this line",
                'a range needs quotes: "8000-8100"',
            ),
        ),
        (
            "port = [80, 8000 - 8100]\n",
            (
                1,
                18,
                "a list is not closed, or a comma is missing",
                'a range needs quotes: "8000-8100"',
            ),
        ),
        ("from = [internet]\n", (1, 9, "this is no value", 'text needs quotes: "internet"')),
        (
            'from = ["lan", office]',
            (1, 16, "this is no value", 'text needs quotes: "office"'),
        ),
        ("unit = ssh.service", (1, 8, "this is no value", 'text needs quotes: "ssh.service"')),
        (
            'why = "abc\n',
            (
                1,
                11,
                "this character may not stand here",
                "a text in quotes ends in the line in which it began",
            ),
        ),
        (
            "[[door]\n",
            (1, 7, "a heading in double brackets is not closed", "each door begins with [[door]]"),
        ),
        (
            "[door]\na = 1\n[door]\n",
            (
                3,
                6,
                "this heading is there twice",
                "each door begins with [[door]], in double brackets",
            ),
        ),
        ("[groups\n", (1, 8, "a heading in brackets is not closed", "")),
        ("a = 1\na = 2\n", (2, 6, "this key is there twice", "")),
        ("a = {b = 1, b = 2}", (1, 18, "this key is there twice", "")),
        ("= 1", (1, 1, "no line can begin like this", "")),
        ("port", (1, 5, "after a key there must be =", "")),
        ("port 80\n", (1, 6, "after a key there must be =", "")),
        ("port =", (1, 7, "this is no value", "")),
        ("a = [1", (1, 7, "a list is not closed, or a comma is missing", "")),
        ("a = {b = 1", (1, 11, "a curly bracket is not closed, or a comma is missing", "")),
        ("a = '''", (1, 8, "a text in quotes is not closed", "")),
        (
            'exe = "C:\\x"',
            (
                1,
                12,
                "a backslash in double quotes means something else",
                "write two backslashes, or put the text in single quotes",
            ),
        ),
        ("until = 2026-02-30", (1, 9, "there is no such date or time", "")),
        ("a = \0", (1, 5, "this is no value", "")),
        ("[ ]", (1, 3, "a key is missing", "")),
        ("a.b = 1\n[a.b]\n", (2, 5, "this key is there twice", "")),
        ('a = "\\ud800"', (1, 12, "not TOML: Escaped character is not a Unicode scalar value", "")),
    ],
)
def test_a_mistake_of_grammar_is_told_with_its_place(
    text: str, expected: tuple[int, int, str, str]
) -> None:
    assert told(text)[0] == "toml-syntax"
    assert told(text)[1:] == expected


def test_a_truth_value_needs_no_quotes() -> None:
    assert told("optional = true x")[4] == ""


def test_bytes_that_are_no_text_are_told_with_their_place() -> None:
    assert told("a = '戸'\nb = '".encode() + b"\xff'") == (
        "not-utf-8",
        2,
        6,
        "not UTF-8 text: the byte 0xff cannot stand here",
        "save it as UTF-8; for a file in Shift_JIS: iconv -f CP932 -t UTF-8",
    )


def test_shift_jis_is_told_with_the_way_out() -> None:
    assert told('why = "戸締まり"'.encode("cp932"))[4] == (
        "save it as UTF-8; for a file in Shift_JIS: iconv -f CP932 -t UTF-8"
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_as_such(encoding: str) -> None:
    assert told("\ufeffa = 1".encode(encoding))[4] == "this is UTF-16; save it as UTF-8"


def test_a_file_that_is_too_long_is_not_read() -> None:
    assert isinstance(parse(b"#" * MAX_BYTES), Tree)
    assert told(b"#" * (MAX_BYTES + 1))[:3] == ("too-large", 1, 1)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "{a=" * 5000])
def test_brackets_without_end_are_told(text: str) -> None:
    assert told(text)[0] == "nested-too-deep"


def test_a_number_of_thousands_of_digits_is_told() -> None:
    assert told("port = " + "1" * 5000)[0] == "toml-syntax"


@pytest.mark.parametrize(
    "text", ["a." * 16 + "a = 1", "[" + "a . " * 16 + "a]", "x = {" + "'a'." * 16 + "a = 1}"]
)
def test_a_key_of_very_many_parts_is_told(text: str) -> None:
    assert told(text)[0] == "nested-too-deep"


def test_a_key_of_many_parts_is_read() -> None:
    assert isinstance(parse(("a." * 15 + "a = 1").encode()), Tree)


def test_text_with_many_dots_is_no_key() -> None:
    assert isinstance(parse(f"why = '{'a.' * 100}' # {'a.' * 100}".encode()), Tree)


@pytest.mark.parametrize(
    "content",
    [
        "[" + "a." * 15 + "a]\n" + "\n".join(f"b{n}=1" for n in range(28_000)),
        "\n".join(f"a{n}." + "b." * 14 + "c=1" for n in range(6_500)),
        "a=[" + "1," * 130_000 + "]",
        "a=" + '"""' + '\\\n"' * 80_000 + '"""',
        "a=" + " " * 260_000,
        "a=1" + "," * 260_000,
        "[[a]]\n" * 43_000,
        "{" * 260_000,
        '"' * 260_000,
        "\n" * 260_000 + "=",
        "a=[" + "#\n" * 130_000,
    ],
)
def test_a_file_that_wants_to_take_long_does_not(content: str) -> None:
    began = time.process_time()

    parse(content.encode()[:MAX_BYTES])

    # Each takes 0.5 s of an idle core at most; without the limits some take minutes.
    assert time.process_time() - began < 5
