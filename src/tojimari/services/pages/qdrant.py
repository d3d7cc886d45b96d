"""Qdrant, a database of vectors."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """The first page names it."""
    found = parsed(response.body)
    if "qdrant" not in (field(found, "title") or ""):
        return None
    return Answer(field(found, "version"))


PAGE = Page(
    name="qdrant",
    product="Qdrant",
    vendor="Qdrant",
    source="https://api.qdrant.tech/api-reference/service/root",
    recognise=recognise,
)
