"""The monitoring page of a NATS server."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its page lists varz, connz and routez."""
    page = response.page
    return Answer() if "nats" in page.lower() and "varz" in page and "connz" in page else None


def confirm(response: Response) -> Answer | None:
    """/varz names the version."""
    found = parsed(response.body)
    return Answer(field(found, "version")) if field(found, "server_id") else None


PAGE = Page(
    name="nats-monitor",
    product="NATS Server",
    vendor="NATS",
    source="https://docs.nats.io/running-a-nats-service/nats_admin/monitoring",
    recognise=recognise,
    path="/varz",
    confirm=confirm,
    ports=frozenset({8222}),
)
