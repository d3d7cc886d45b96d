"""Weaviate, a database of vectors."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page, never


def confirm(response: Response) -> Answer | None:
    """/v1/meta names the version."""
    found = parsed(response.body)
    version = field(found, "version")
    return Answer(version) if version and "modules" in found else None


PAGE = Page(
    name="weaviate",
    product="Weaviate",
    vendor="Weaviate",
    source="https://docs.weaviate.io/weaviate/api/rest#tag/meta",
    recognise=never,
    path="/v1/meta",
    confirm=confirm,
    ports=frozenset({8080}),
)
