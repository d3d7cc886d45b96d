"""Squid's refusals name it, and its version."""

import re

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page

VERSION = re.compile(r"\(squid/(?P<version>[0-9][\w.]*)\)", re.IGNORECASE)


def recognise(response: Response) -> Answer | None:
    """A header of every error."""
    if not response.header("x-squid-error"):
        return None
    found = VERSION.search(response.header("via") + response.page[-400:])
    return Answer(found["version"] if found else None, {"proxy": "yes"})


PAGE = Page(
    name="squid",
    product="Squid",
    vendor="Squid Cache",
    source="https://wiki.squid-cache.org/SquidFaq/",
    recognise=recognise,
)
