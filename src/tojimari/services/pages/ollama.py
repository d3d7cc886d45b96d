"""Ollama: language models for whoever asks."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It says so."""
    return Answer() if response.page.strip() == "Ollama is running" else None


def confirm(response: Response) -> Answer | None:
    """/api/version."""
    version = field(parsed(response.body), "version")
    return Answer(version, {"authentication": "no"}) if version else None


PAGE = Page(
    name="ollama",
    product="Ollama",
    vendor="Ollama",
    source="https://github.com/ollama/ollama/blob/main/docs/api.md#version",
    recognise=recognise,
    path="/api/version",
    confirm=confirm,
    ports=frozenset({11434}),
)
