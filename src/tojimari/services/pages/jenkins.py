"""Jenkins."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It names its version in a header."""
    version = response.header("x-jenkins")
    return Answer(version) if version else None


PAGE = Page(
    name="jenkins",
    product="Jenkins",
    vendor="Jenkins",
    source="https://www.jenkins.io/doc/book/using/remote-access-api/",
    recognise=recognise,
)
