"""Exporters of Prometheus: a page that leads to the metrics."""

import re

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page

VERSION = re.compile(r"(?:Version:? ?\(?(?:version=)?)(?P<version>[0-9][\w.+~-]*)")
NAME = re.compile(r"(?P<name>[A-Z][\w ]*?[Ee]xporter)")
BUILD = "_exporter_build_info{"
NAME_BEFORE = re.compile(r"(?<!\w)\w+\Z")
LONGEST_NAME = 60  # characters
LABEL = re.compile(r'(?<!\w)version="(?P<version>[^"]*)"')


def recognise(response: Response) -> Answer | None:
    """A title that ends in Exporter, and a link to /metrics."""
    found = NAME.match(response.title)
    if found is None or "metrics" not in response.page:
        return None
    version = VERSION.search(response.page)
    return Answer(version["version"] if version else None, {"exporter": found["name"]})


def confirm(response: Response) -> Answer | None:
    """The metric that every exporter has of itself."""
    before, found, behind = response.page.partition(BUILD)
    name = NAME_BEFORE.search(before[-LONGEST_NAME:])
    version = LABEL.search(behind.partition("}")[0])
    if not found or name is None or version is None:
        return Answer(None, {"metrics": "yes"}) if response.page.startswith("# HELP ") else None
    return Answer(version["version"], {"exporter": f"{name.group()}_exporter"})


PAGE = Page(
    name="exporter",
    product="Prometheus exporter",
    vendor="Prometheus",
    source="https://prometheus.io/docs/instrumenting/writing_exporters/#landing-page",
    recognise=recognise,
    path="/metrics",
    confirm=confirm,
    ports=frozenset({9100}),
)
