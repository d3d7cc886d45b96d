"""ClickHouse over HTTP."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It says Ok, and names itself in headers."""
    if not response.header("x-clickhouse-summary") and not response.header(
        "x-clickhouse-server-display-name"
    ):
        return None
    details = {"name": response.header("x-clickhouse-server-display-name")}
    return Answer(None, {**details})


PAGE = Page(
    name="clickhouse",
    product="ClickHouse",
    vendor="ClickHouse",
    source="https://clickhouse.com/docs/interfaces/http",
    recognise=recognise,
)
