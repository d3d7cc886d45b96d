"""The vendor string of an X server's greeting (X Window System Protocol, chapter 8)."""

from tojimari.services.grammar import names
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a vendor string."""
    match = names.find(text, "x11")
    return Software(match.name.vendor, match.name.product) if match else None
