"""Traefik's dashboard."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its title, or the way to its dashboard."""
    leads = response.header("location").startswith("/dashboard")
    return Answer() if response.title.startswith("Traefik") or leads else None


def confirm(response: Response) -> Answer | None:
    """/api/version."""
    found = parsed(response.body)
    return Answer(field(found, "Version")) if field(found, "Codename") else None


PAGE = Page(
    name="traefik",
    product="Traefik",
    vendor="Traefik Labs",
    source="https://doc.traefik.io/traefik/operations/api/",
    recognise=recognise,
    path="/api/version",
    confirm=confirm,
)
