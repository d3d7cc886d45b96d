"""The grammars against greetings that nobody collected, in ``tests/golden/banners.tsv``."""

import importlib
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "golden" / "banners.tsv"
LINES = [
    line.split("\t") for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")
]


def test_there_are_many() -> None:
    assert len(LINES) > 200


@pytest.mark.parametrize(
    ("name", "text", "product", "version"), LINES, ids=lambda cell: cell[:40].replace(" ", "_")
)
def test_a_greeting_names_what_it_names(name: str, text: str, product: str, version: str) -> None:
    said = text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")
    found = importlib.import_module(f"tojimari.services.grammar.{name}").product(said)
    told = (found.product, found.version or "-") if found is not None else ("-", "-")
    assert told == (product, version)
