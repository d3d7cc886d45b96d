"""Neo4j's web interface."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """The first page names version and edition."""
    found = parsed(response.body)
    version = field(found, "neo4j_version")
    if version is None:
        return None
    return Answer(version, {"edition": field(found, "neo4j_edition") or ""})


PAGE = Page(
    name="neo4j",
    product="Neo4j",
    vendor="Neo4j",
    source="https://neo4j.com/docs/http-api/current/endpoints/",
    recognise=recognise,
)
