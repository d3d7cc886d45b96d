"""What spoke behind a door."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """The answer to "what speaks there, really?".

    Attributes:
        protocol: Short name of the protocol: ``ssh``, ``http``.
        product: What implements it; None where it did not say.
        version: The product's version, distribution hints kept; None where it did not say.
        tls: Whether it was spoken inside TLS.
        evidence: What was said, short and literal.
    """

    protocol: str
    product: str | None = None
    version: str | None = None
    tls: bool = False
    evidence: str = ""
