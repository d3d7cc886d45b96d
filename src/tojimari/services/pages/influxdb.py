"""InfluxDB."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It names its version in a header."""
    version = response.header("x-influxdb-version")
    if not version:
        return None
    return Answer(version.removeprefix("v"), {"build": response.header("x-influxdb-build")})


PAGE = Page(
    name="influxdb",
    product="InfluxDB",
    vendor="InfluxData",
    source="https://docs.influxdata.com/influxdb/v2/api/#operation/GetPing",
    recognise=recognise,
    path="/ping",
    confirm=recognise,
    ports=frozenset({8086}),
)
