"""Chroma, a database of vectors."""

from tojimari.services.http import Response
from tojimari.services.jsontext import parsed
from tojimari.services.page import Answer, Page, never


def confirm(response: Response) -> Answer | None:
    """The heartbeat."""
    found = parsed(response.body)
    return Answer() if "nanosecond heartbeat" in found else None


PAGE = Page(
    name="chroma",
    product="Chroma",
    vendor="Chroma",
    source="https://docs.trychroma.com/reference/python/client",
    recognise=never,
    path="/api/v2/heartbeat",
    confirm=confirm,
    ports=frozenset({8000}),
)
