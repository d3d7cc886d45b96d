"""Home Assistant."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its title."""
    return Answer() if response.title == "Home Assistant" else None


PAGE = Page(
    name="home-assistant",
    product="Home Assistant",
    vendor="Home Assistant",
    source="https://developers.home-assistant.io/docs/api/rest/",
    recognise=recognise,
)
