"""Grafana."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its first page leads to its login."""
    named = response.title == "Grafana" or "grafanaBootData" in response.page
    leads = response.status == 302 and response.header("location").endswith("/login")
    session = "redirect_to=" in response.header("set-cookie") or "x-grafana" in str(
        response.headers
    )
    return Answer() if named or (leads and session) else None


def confirm(response: Response) -> Answer | None:
    """The health of the server."""
    found = parsed(response.body)
    version = field(found, "version")
    return Answer(version) if field(found, "database") and version else None


PAGE = Page(
    name="grafana",
    product="Grafana",
    vendor="Grafana Labs",
    source="https://grafana.com/docs/grafana/latest/developers/http_api/other/#health-api",
    recognise=recognise,
    path="/api/health",
    confirm=confirm,
    ports=frozenset({3000}),
)
