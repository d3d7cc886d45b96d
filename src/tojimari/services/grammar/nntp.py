"""NNTP greetings (RFC 3977, section 5.1)."""

import re

from tojimari.services.grammar import names, versions
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a greeting, without its code."""
    match = names.find(text, "nntp")
    if match is None:
        spaced = versions.named(text.partition("NNTP")[0])
        return Software(None, *spaced) if spaced else None
    labelled = re.search(r"Version: (?=[0-9])", text)
    version = versions.after(text, labelled.end()) if labelled else versions.after(text, match.end)
    return Software(match.name.vendor, match.name.product, version)
