"""The API server of Kubernetes."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its errors are Status objects, and its answers carry an audit number."""
    if not response.header("audit-id") and not response.header("x-kubernetes-pf-flowschema-uid"):
        return None
    anonymous = "yes" if response.status == 200 else "no"
    return Answer(None, {"anonymous": anonymous})


def confirm(response: Response) -> Answer | None:
    """/version names the server, where anonymous users may ask."""
    version = field(parsed(response.body), "gitVersion")
    return Answer(version.removeprefix("v")) if version else None


PAGE = Page(
    name="kubernetes",
    product="Kubernetes API server",
    vendor="Kubernetes",
    source="https://kubernetes.io/docs/reference/using-api/api-concepts/",
    recognise=recognise,
    path="/version",
    confirm=confirm,
    ports=frozenset({6443, 16443, 8001}),
)
