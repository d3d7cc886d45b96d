"""Elasticsearch, and OpenSearch, which was made of it."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page

TAGLINES = ("You Know, for Search", "The OpenSearch Project: https://opensearch.org/")


def recognise(response: Response) -> Answer | None:
    """The first page names cluster and version, or asks who one is."""
    found = parsed(response.body)
    if field(found, "tagline") in TAGLINES:
        details: dict[str, str | int] = {"authentication": "no"}
        cluster = field(found, "cluster_name")
        distribution = field(found, "version", "distribution")
        if cluster:
            details["cluster"] = cluster
        if distribution:
            details["distribution"] = distribution
        return Answer(field(found, "version", "number"), details)
    if response.header("x-elastic-product") == "Elasticsearch" or (
        response.status == 401 and b"security_exception" in response.body
    ):
        return Answer(None, {"authentication": "yes"})
    return None


PAGE = Page(
    name="elasticsearch",
    product="Elasticsearch",
    vendor="Elastic",
    source="https://www.elastic.co/guide/en/elasticsearch/reference/current/rest-api-root.html",
    recognise=recognise,
)
