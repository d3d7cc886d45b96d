"""Jupyter's server. Without a token it runs anybody's code."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its first page leads to the notebooks, and Tornado serves it."""
    if "Jupyter" in response.title or "jupyter-config-data" in response.page:
        return Answer()
    tornado = response.header("server").startswith("TornadoServer")
    leads = response.header("location").partition("?")[0].rstrip("/").endswith(("/tree", "/lab"))
    return Answer() if tornado and leads else None


def confirm(response: Response) -> Answer | None:
    """/api names the version to anybody."""
    version = field(parsed(response.body), "version")
    return Answer(version) if version and response.status == 200 else None


PAGE = Page(
    name="jupyter",
    product="Jupyter Server",
    vendor="Jupyter",
    source="https://jupyter-server.readthedocs.io/en/latest/developers/rest-api.html",
    recognise=recognise,
    path="/api",
    confirm=confirm,
    ports=frozenset({8888}),
)
