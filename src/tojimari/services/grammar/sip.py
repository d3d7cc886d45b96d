"""Server and User-Agent fields of SIP (RFC 3261, sections 20.35 and 20.41)."""

import re

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
        found = http.product(text)
        # A word alone ("Phone") names nobody.
        return found if found is not None and (found.version or "/" in text) else None
    version = versions.after(text, match.end)
    if version is not None and match.name.product in {"OpenSIPS", "OpenSER", "Kamailio"}:
        version = version.partition("-")[0]
    elif version is not None:
        if match.name.product == "FreeSWITCH":
            version = version.partition("~")[0].partition("-release")[0]
        inner = re.match(r"\([0-9.]+\)", text[text.find(version, match.end) + len(version) :])
        version += inner.group() if inner else ""  # FreePBX: its own number, then Asterisk's
    return Software(match.name.vendor, match.name.product, version)
