"""Kubernetes' kubelet: whether it shows its pods to anybody."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page, never


def confirm(response: Response) -> Answer | None:
    """/pods is a list, or is refused."""
    if response.status in {401, 403} and response.page.strip().lower().startswith(
        ("unauthorized", "forbidden")
    ):
        return Answer(None, {"authentication": "yes"})
    if b'"kind":"PodList"' in response.body[:200]:
        return Answer(None, {"authentication": "no"})
    return None


PAGE = Page(
    name="kubelet",
    product="kubelet",
    vendor="Kubernetes",
    source="https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
    recognise=never,
    path="/pods",
    confirm=confirm,
    ports=frozenset({10250, 10255}),
)
