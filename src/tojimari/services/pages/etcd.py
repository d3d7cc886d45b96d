"""etcd, where clusters keep what they know."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page, never


def confirm(response: Response) -> Answer | None:
    """/version names server and cluster."""
    found = parsed(response.body)
    version = field(found, "etcdserver")
    return (
        Answer(version, {"cluster-version": field(found, "etcdcluster") or ""}) if version else None
    )


PAGE = Page(
    name="etcd",
    product="etcd",
    vendor="etcd",
    source="https://etcd.io/docs/latest/dev-guide/apispec/",
    recognise=never,
    path="/version",
    confirm=confirm,
    ports=frozenset({2379, 2380, 2381, 4001}),
)
