"""Patterns in Ruby's manner match here what they match there, or are refused."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.services.fingerprints.ruby import LONGEST, UntranslatableError, compiled


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        # Line by line, always.
        (r"^second$", "first\nsecond\nthird", ("second",)),
        (r"\Asecond\z", "first\nsecond", None),
        (r"\Athe end\z", "the end\n", None),
        (r"\Athe end\Z", "the end\n", ("the end",)),
        # Switches, from where they stand to the end of their group.
        (r"^Lab (?i)server ([\d.]+)$", "Lab SERVER 1.2", ("Lab SERVER 1.2", "1.2")),
        (r"^Lab (?i)server$", "LAB server", None),
        (r"^(a(?i)b|c)d$", "aCd", ("aCd", "aC")),
        (r"^(a(?i)b|c)d$", "aCD", None),
        (r"^(a(?i)b|c)d$", "cd", None),
        (r"(?i)(?-i:LAB) x", "LAB X", ("LAB X",)),
        (r"(?i)(?-i:LAB) x", "lab x", None),
        (r"(?m:a.b)", "a\nb", ("a\nb",)),
        (r"(?im:A.*b)", "a\n\nB", ("a\n\nB",)),
        (r"a.b", "a\nb", None),
        # Letters behind a backslash.
        (r"^(\h+)-\H$", "c0ffee-x", ("c0ffee-x", "c0ffee")),
        (r"^[\h:]{5}$", "00:ff", ("00:ff",)),
        (r"^\w+$", "gr\u00fcn", None),
        (r"^\d$", "\u0661", None),
        (r"a\Rb", "a\r\nb", ("a\r\nb",)),
        (r"\e\[0m", "\x1b[0m", ("\x1b[0m",)),
        (r"^\x4-\x41$", "\x04-A", ("\x04-A",)),
        (r"^\u00e9\0$", "\u00e9\0", ("\u00e9\0",)),
        (r"^\/\"\-\_\:\ $", '/"-_: ', ('/"-_: ',)),
        # Classes.
        (r"^[[:alpha:][:digit:]_]+$", "Lab_1", ("Lab_1",)),
        (r"^[^[:space:]]+$", "a b", None),
        (r"^[\]\[&|~^-]+$", "[]&|~^-", ("[]&|~^-",)),
        (r"^[]x]+$", "]x", ("]x",)),
        # Groups.
        (r"^(?<name>\w+)/\k<name>$", "lab/lab", ("lab/lab", "lab")),
        (r"^(a|b)\1$", "bb", ("bb", "b")),
        (r"^(?:a|b)(?=c)(?!d)c(?<=c)$", "bc", ("bc",)),
        (r"a(?#what it says)b", "ab", ("ab",)),
        # Repetitions.
        (r"^a{,2}b{2,}c{3}$", "aabbbccc", ("aabbbccc",)),
        (r"^\d++\.x", "12.x", ("12.x",)),
        (r"^a{x}$", "a{x}", ("a{x}",)),
        (r"^(?:a+?b)*$", "aabab", ("aabab",)),
    ],
)
def test_a_pattern_means_what_it_means_in_ruby(
    pattern: str, text: str, found: tuple[str, ...] | None
) -> None:
    match = compiled(pattern).search(text)
    assert (match and (match.group(), *match.groups())) == found


def test_the_flags_of_a_file_are_understood() -> None:
    assert compiled("a.b", "REG_ICASE, REG_DOT_NEWLINE").search("A\nB")
    assert compiled("a.b", "REG_LINE_ANY_CRLF").search("a\nb")
    assert compiled("a.b", "REG_MULTILINE").search("a\nb")
    assert compiled("a.b", "").search("a\nb") is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?>a|ab)c",
        r"(?:ab)++c",
        r"a{2}+",
        r"a+*",
        r"\p{Alpha}",
        r"\Gx",
        r"a\Kb",
        r"\g<1>(a)",
        r"[a[bc]]",
        r"[a-z&&[^x]]",
        r"[[:no-such:]]",
        r"\12",
        r"[\12]",
        r"[\H]",
        r"(?x) a b",
        r"(?<name>a)(b)",
        r"(?<!a*)b",
        r"(a",
        r"a)",
        r"[a",
        r"a\x",
        "a\\",
        r"(?",
        r"(?#",
        r"(?<>a)",
        r"(?(1)a|b)",
        r"\2(a)",
        r"a{99999999999}",
        "(" * 5000,
        "a" * (LONGEST + 1),
    ],
)
def test_what_has_no_equal_is_refused(pattern: str) -> None:
    with pytest.raises(UntranslatableError):
        compiled(pattern)


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(UntranslatableError):
        compiled("a", "REG_EXTENDED")


PIECES = [*"ab1.^$|()[]{}*+?\\-&:,=!<>#imxhHzZAwk'0", "(?", "[:", "\\x", "(?<", "{1,"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_pattern_breaks_it(pattern: str) -> None:
    try:
        found = compiled(pattern)
    except UntranslatableError:
        return
    found.search("ab1.^$|()[]{}*+?")


@given(st.text(alphabet="ab1 .-_/()", max_size=20))
def test_plain_text_is_found_where_it_stands(text: str) -> None:
    assert compiled(re.escape(text)).search(f"<{text}>")


@given(st.lists(st.sampled_from(["a", "b|c", "(d)", "(?i)", "(?:e)"]), max_size=8).map("".join))
def test_groups_keep_their_numbers(pattern: str) -> None:
    without_pairs = pattern.replace("(?i)", "").replace("(?:e)", "")
    assert compiled(pattern).groups == sum(pair == ("(", "d") for pair in pairwise(without_pairs))
