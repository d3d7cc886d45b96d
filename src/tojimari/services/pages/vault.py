"""Vault, where secrets are kept."""

from tojimari.services.http import Response
from tojimari.services.jsontext import field, parsed
from tojimari.services.page import Answer, Page


def confirm(response: Response) -> Answer | None:
    """Its health names the version to anybody."""
    found = parsed(response.body)
    version = field(found, "version")
    if version is None or "sealed" not in found:
        return None
    return Answer(version, {"sealed": "yes" if found["sealed"] else "no"})


def recognise(response: Response) -> Answer | None:
    """Its interface is titled with its name."""
    return Answer() if response.title == "Vault" else None


PAGE = Page(
    name="vault",
    product="Vault",
    vendor="HashiCorp",
    source="https://developer.hashicorp.com/vault/api-docs/system/health",
    recognise=recognise,
    path="/v1/sys/health",
    confirm=confirm,
    ports=frozenset({8200}),
)
