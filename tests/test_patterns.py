"""Regular expressions mean the same on every Python that is supported."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src/tojimari").rglob("*.py"))

# One character, or one of a class: what stands in them is no syntax.
_SINGLE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
# The beginning of a text too: there it repeats what stands before it in an f-string or a sum.
_POSSESSIVE_GROUP = re.compile(r"(?:\)|\A)(?:[*+?]|\{\d*,?\d*\})\+|\(\?>")


def possessive_group(pattern: str) -> str | None:
    """The first possessive quantifier over a group, or the first atomic group."""
    found = _POSSESSIVE_GROUP.search(_SINGLE.sub("_", pattern))
    return found[0] if found else None


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and value of every string constant that is used; a docstring is not."""
    unused = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in unused:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:ab?c)*+",
        r"(?:ab?c)++d",
        r"(?:ab?c)?+",
        r"(?:ab?c){1,3}+",
        r"(?:ab?c){2}+",
        r"(?:ab?c){,3}+",
        r"(?:[a)]|\))*+",
        r"([^]a])++",
        r"(?>ab?c|d)",
        r"*+ of an f-string",
    ],
)
def test_a_possessive_group_is_seen(pattern: str) -> None:
    assert possessive_group(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z]++",
        r"\s{1,8}+",
        r"\)++",
        r"[()]*+",
        r"[])*+]",
        r"[^])*+]",
        r"[\])*+]",
        r"\(?>",
        r"(?:[a-z]++\.)*",
        r"(?=(?P<a>b?))(?P=a)",
        "C++",
    ],
)
def test_what_is_no_possessive_group_is_not_taken_for_one(pattern: str) -> None:
    assert possessive_group(pattern) is None


def test_every_string_of_a_module_is_looked_at_but_its_docstrings() -> None:
    tree = ast.parse('"""(a)*+"""\nA = "b" "c"\nB = f"d{A}e"\nC = b"\\xff"')

    assert list(texts(tree)) == [(2, "bc"), (4, "\xff"), (3, "d"), (3, "e")]


def test_no_group_is_possessive() -> None:
    """Python 3.11.0 to 3.11.4 match them wrongly, and Debian 12 ships 3.11.2.

    Where a possessive or atomic group goes back within itself, it takes what it must not or finds
    nothing (CPython gh-106052); with a capture in an alternative, newer versions fail too
    (gh-101955). Possessive single characters are right everywhere. Instead of such a group, write a
    loop whose turns exclude one another, ``[^"\\\\]*+(?:\\\\.[^"\\\\]*+)*``, or an atomic group of
    the old kind, ``(?=(?P<name>...))(?P=name)``.
    """
    assert MODULES
    assert [
        f"{path.relative_to(ROOT)}:{line}: {found}"
        for path in MODULES
        for line, text in texts(ast.parse(path.read_bytes()))
        if (found := possessive_group(text))
    ] == []
