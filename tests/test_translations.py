"""Everything that a person reads exists in English, in the code, and in Japanese, in locale/ja."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tojimari"
LOCALE = SOURCE / "locale"

# Callables whose text a person reads, and where in their arguments it stands.
POSITION = {
    "mark": 0,
    "Message": 1,
    "UsageError": 0,
    "PrivilegeError": 0,
    "HostError": 0,
    "PeerError": 0,
    "RefusedError": 0,
}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text for people in a module, with its line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name not in POSITION:
            continue
        found = node.args[POSITION[name] : POSITION[name] + 1]
        found += [word.value for word in node.keywords if word.arg in {"hint", "text"}]
        for value in found:
            for choice in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                    yield choice.lineno, choice.value


def in_code() -> dict[str, str]:
    """Every text for people, and where it is."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            if text:
                found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def translations() -> dict[str, tuple[str, str]]:
    """Every Japanese translation, and the file that it is in."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((LOCALE / "ja").glob("*.po")):
        with path.open("rb") as file:
            catalog: Catalog = read_po(file, locale="ja")
        for message in catalog:
            if isinstance(message.id, str) and message.id:
                assert isinstance(message.string, str)
                found[message.id] = (message.string, path.name)
    return found


def names(template: str) -> set[str]:
    """The values that a template names."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_text_for_people_has_a_japanese_translation() -> None:
    japanese = translations()
    missing = [f"{where}: {text}" for text, where in in_code().items() if text not in japanese]
    assert not missing


def test_no_translation_is_left_of_a_text_that_is_gone() -> None:
    english = in_code()
    left = [
        f"{file}: {text}"
        for text, (_, file) in translations().items()
        if text not in english and file != "click.po"
    ]
    assert not left


def test_translations_name_the_same_values() -> None:
    wrong = [
        f"{file}: {text}"
        for text, (japanese, file) in translations().items()
        if "{" in text and names(text) != names(japanese)
    ]
    assert not wrong


def test_translations_are_japanese() -> None:
    kana_or_kanji = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    command = re.compile(r"(?:sudo )?tojimari [^ ;]+[^;]*")  # a hint that is only what to type
    wrong = [
        f"{file}: {text}"
        for text, (japanese, file) in translations().items()
        if re.search(r"[a-z]{3} [a-z]{2}", text)
        and not command.fullmatch(text)
        and not kana_or_kanji.search(japanese)
    ]
    assert not wrong


@pytest.mark.parametrize("text", ["{", "{0.__class__}", "{name!r}"])
def test_no_template_does_more_than_name_its_values(text: str) -> None:
    plain = re.compile(r"\{[a-z_]*\}")
    assert not plain.fullmatch(text)
    for template in in_code():
        fields = re.findall(r"\{[^{}]*\}", template.replace("{{", "").replace("}}", ""))
        assert all(plain.fullmatch(field) for field in fields), template
