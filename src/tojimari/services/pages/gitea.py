"""Gitea and Forgejo."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its session has its name."""
    named = "i_like_gitea=" in response.header("set-cookie") or "Powered by Gitea" in response.page
    return Answer() if named else None


def confirm(response: Response) -> Answer | None:
    """The API's version."""
    version = field(parsed(response.body), "version")
    return Answer(version) if version else None


PAGE = Page(
    name="gitea",
    product="Gitea",
    vendor="Gitea",
    source="https://docs.gitea.com/api/#tag/miscellaneous/operation/getVersion",
    recognise=recognise,
    path="/api/v1/version",
    confirm=confirm,
)
