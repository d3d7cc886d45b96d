"""HAProxy's statistics, which name the proxy behind which the rest hides."""

import re

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page

VERSION = re.compile(r"HAProxy version (?P<version>[0-9][^\s,<]*)")


def recognise(response: Response) -> Answer | None:
    """The title, and the version in the heading below it."""
    if response.title != "Statistics Report for HAProxy":
        return None
    found = VERSION.search(response.page)
    return Answer(found["version"] if found else None, {"statistics": "open"})


PAGE = Page(
    name="haproxy",
    product="HAProxy",
    vendor="HAProxy",
    source="https://docs.haproxy.org/2.6/configuration.html#4.2-stats%20enable",
    recognise=recognise,
)
