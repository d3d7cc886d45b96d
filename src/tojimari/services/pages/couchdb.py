"""CouchDB."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """The first page is a welcome."""
    found = parsed(response.body)
    return Answer(field(found, "version")) if field(found, "couchdb") == "Welcome" else None


PAGE = Page(
    name="couchdb",
    product="CouchDB",
    vendor="Apache",
    source="https://docs.couchdb.org/en/stable/api/server/common.html",
    recognise=recognise,
)
