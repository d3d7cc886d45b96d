"""How large an answer may become: what a peer says without end is cut in one place."""

from dataclasses import replace

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services import limits


def bounded(service: Service) -> Service:
    """The same service, each of its texts no longer than a person would read.

    Args:
        service: As a dialogue made it, of whatever the peer sent.
    """
    details = list(service.details.items())[: limits.DETAILS]
    return replace(
        service,
        product=_cut(service.product, limits.NAME),
        version=_cut(service.version, limits.NAME),
        vendor=_cut(service.vendor, limits.NAME),
        evidence=service.evidence[: limits.SNIPPET],
        details={name[: limits.NAME]: _value(value) for name, value in details},
    )


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None else text[:most]


def _value(value: Value) -> Value:
    return value[: limits.DETAIL] if isinstance(value, str) else value
