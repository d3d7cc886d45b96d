"""Portainer, which steers containers."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its title."""
    return Answer() if response.title.startswith("Portainer") else None


def confirm(response: Response) -> Answer | None:
    """Its status names the version to anybody."""
    found = parsed(response.body)
    return Answer(field(found, "Version")) if field(found, "InstanceID") else None


PAGE = Page(
    name="portainer",
    product="Portainer",
    vendor="Portainer",
    source="https://docs.portainer.io/api/docs",
    recognise=recognise,
    path="/api/system/status",
    confirm=confirm,
    ports=frozenset({9443}),
)
