"""What a greeting says of the software behind it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import NamedTuple

from tojimari.core.message import Value
from tojimari.core.service import Confidence, Service

LONGEST = 1024
"""Characters of a greeting that are read. RFC 5321 allows 512 to a line (section 4.5.3.1), and the
longest greeting of many lines that names its software late has some 600. What a peer sends beyond
is not searched for names: the time that an expression may take grows with the square of it."""


class Software(NamedTuple):
    """A product as its own words tell it.

    Attributes:
        vendor: Who makes it; None where the table of names does not know.
        product: Its name.
        version: Its version, as it was written; None where none was given.
        hint: The distribution that built it (``Debian-2+deb12u3``), as it was written.
    """

    vendor: str | None
    product: str
    version: str | None = None
    hint: str | None = None

    def details(self) -> dict[str, str | int]:
        """The hint as a service's details."""
        return {"distribution": self.hint} if self.hint else {}


def short(reading: Callable[[str], Software | None]) -> Callable[[str], Software | None]:
    """The same grammar, which reads only the beginning of what a peer may send without end."""

    @wraps(reading)
    def product(text: str) -> Software | None:
        return reading(text[:LONGEST])

    return product


def service(
    protocol: str,
    software: Software | None,
    *,
    evidence: str,
    details: Mapping[str, Value],
    confidence: Confidence = Confidence.CERTAIN,
) -> Service:
    """What spoke, with the software that its greeting named.

    Args:
        protocol: ``ftp``.
        software: As the grammar read it; None where it named none.
        evidence: What was said, short.
        details: What else was told; the builder's hint is added.
        confidence: How sure the protocol is.
    """
    if software is None:
        return Service(protocol, evidence=evidence, confidence=confidence, details=dict(details))
    return Service(
        protocol,
        product=software.product,
        version=software.version,
        vendor=software.vendor,
        evidence=evidence,
        confidence=confidence,
        details={**details, **software.details()},
    )
