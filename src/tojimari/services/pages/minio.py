"""MinIO, an object store."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It names itself in a header, or in the title of its console."""
    named = response.header("server") == "MinIO" or "MinIO" in response.title
    return Answer() if named or response.header("x-minio-deployment-id") else None


PAGE = Page(
    name="minio",
    product="MinIO",
    vendor="MinIO",
    source="https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html",
    recognise=recognise,
)
