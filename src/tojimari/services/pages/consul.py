"""Consul."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """It says so, or leads to its interface."""
    leads = response.header("location").startswith("/ui/")
    agent = response.page.startswith("Consul Agent") or response.title.startswith("Consul")
    index = bool(response.header("x-consul-index"))
    return Answer() if agent or index or (leads and "Vault" not in response.page) else None


def confirm(response: Response) -> Answer | None:
    """The agent's own version."""
    version = field(parsed(response.body), "Config", "Version")
    return Answer(version, {"authentication": "no"}) if version else None


PAGE = Page(
    name="consul",
    product="Consul",
    vendor="HashiCorp",
    source="https://developer.hashicorp.com/consul/api-docs/agent#read-configuration",
    recognise=recognise,
    path="/v1/agent/self",
    confirm=confirm,
    ports=frozenset({8500}),
)
