"""Kibana."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It names itself in a header."""
    named = response.header("kbn-name") or response.header("kbn-license-sig")
    return Answer(response.header("kbn-version") or None) if named else None


PAGE = Page(
    name="kibana",
    product="Kibana",
    vendor="Elastic",
    source="https://www.elastic.co/docs/api/doc/kibana/",
    recognise=recognise,
)
