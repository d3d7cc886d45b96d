"""Server and User-Agent fields of SIP (RFC 3261, sections 20.35 and 20.41)."""

from tojimari.services.grammar import http, names, versions
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a field.

    Args:
        text: ``kamailio (5.6.3 (x86_64/linux))``, ``Asterisk PBX 18.10.0``.
    """
    match = names.find(text, "sip")
    if match is None:
        return http.product(text) if "/" in text else None
    version = versions.after(text, match.end)
    if version is not None and match.name.product in {"OpenSIPS", "OpenSER", "Kamailio"}:
        version = version.partition("-")[0]
    elif version is not None and match.name.product == "FreeSWITCH":
        version = version.partition("~")[0].partition("-release")[0]
    return Software(match.name.vendor, match.name.product, version)
