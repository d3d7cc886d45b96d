"""GitLab."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its session has its name."""
    cookie = response.header("set-cookie")
    named = "_gitlab_session=" in cookie or response.title.endswith("GitLab")
    return Answer() if named or response.header("x-gitlab-meta") else None


PAGE = Page(
    name="gitlab",
    product="GitLab",
    vendor="GitLab",
    source="https://docs.gitlab.com/api/rest/",
    recognise=recognise,
)
