"""Server fields of RTSP (RFC 7826, section 18.48)."""

from tojimari.services.grammar import http, names, versions
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a field."""
    match = names.find(text, "rtsp")
    if match is None:
        return http.product(text)
    version = versions.after(text, match.end) or versions.first(text[match.end :])
    return Software(match.name.vendor, match.name.product, version)
