"""The Docker engine's API. Whoever reaches it without a certificate owns the machine."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It names its API in a header of every answer."""
    if not response.header("api-version") or "Docker" not in response.header("server"):
        return None
    details = {"api-version": response.header("api-version")}
    return Answer(
        response.header("server").partition("/")[2].partition(" ")[0] or None, {**details}
    )


def confirm(response: Response) -> Answer | None:
    """/version names the engine."""
    found = parsed(response.body)
    version, api = field(found, "Version"), field(found, "ApiVersion")
    if version is None or api is None:
        return None
    return Answer(version, {"api-version": api, "authentication": "no"})


PAGE = Page(
    name="docker",
    product="Docker Engine",
    vendor="Docker",
    source="https://docs.docker.com/reference/api/engine/version/v1.47/#tag/System/operation/SystemVersion",
    recognise=recognise,
    path="/version",
    confirm=confirm,
    ports=frozenset({2375, 2376}),
)
