"""The debugger of Node.js and of browsers. Whoever reaches it runs any code."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def confirm(response: Response) -> Answer | None:
    """/json/version names what is debugged."""
    found = parsed(response.body)
    browser = field(found, "Browser")
    if browser is None or "Protocol-Version" not in found:
        return None
    name, _, version = browser.partition("/")
    return Answer(version.removeprefix("v") or None, {"debugged": name, "authentication": "no"})


def recognise(response: Response) -> Answer | None:
    """Everything else is refused with a word about WebSockets."""
    asks = response.status == 400 and response.page.startswith("WebSockets request was expected")
    return Answer() if asks else None


PAGE = Page(
    name="node-inspector",
    product="Node.js inspector",
    vendor="OpenJS Foundation",
    source="https://nodejs.org/en/learn/getting-started/debugging",
    recognise=recognise,
    path="/json/version",
    confirm=confirm,
    ports=frozenset({9229, 9222}),
)
