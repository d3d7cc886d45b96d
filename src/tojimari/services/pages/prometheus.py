"""Prometheus."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its first page leads to its graph, or is titled with its name."""
    leads = response.status == 302 and response.header("location").endswith(("/graph", "/query"))
    named = response.title.startswith("Prometheus")
    return Answer() if leads or named else None


def confirm(response: Response) -> Answer | None:
    """The build's version."""
    version = field(parsed(response.body), "data", "version")
    return Answer(version) if version else None


PAGE = Page(
    name="prometheus",
    product="Prometheus",
    vendor="Prometheus",
    source="https://prometheus.io/docs/prometheus/latest/querying/api/",
    recognise=recognise,
    path="/api/v1/status/buildinfo",
    confirm=confirm,
    ports=frozenset({9090}),
)
