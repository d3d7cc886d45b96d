"""Radicale: calendars and address books."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Whoever comes to ``/`` is sent to its own pages, which nobody else keeps below ``.web``."""
    return Answer() if response.header("location").rstrip("/").endswith("/.web") else None


PAGE = Page(
    name="radicale",
    product="Radicale",
    vendor="Radicale",
    source="https://radicale.org/v3.html#web",
    recognise=recognise,
    ports=frozenset({5232}),
)
