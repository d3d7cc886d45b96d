"""What a DNS server's answers tell, whichever way they came."""

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dnsmessage import RCODES, Answer
from tojimari.services.grammar import dns as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.octets import snippet

VERSION = "version.bind"  # RFC 4892; every server that tells its version answers to BIND's name


def service(version: Answer, root: Answer | None) -> Service:
    """The server.

    Args:
        version: Its answer to version.bind.
        root: Its answer to the question for the root's name servers; None where none came.
    """
    told = " ".join(version.texts)
    software = grammar.product(told) if told else None
    details: dict[str, Value] = {}
    if told:
        details["version.bind"] = told
    else:
        details["version.bind-answer"] = _rcode(version.rcode)
    if root is not None:
        usable = root.recursion_available and root.rcode == 0
        details["recursion"] = "yes" if usable else "no"
        details["root-answer"] = _rcode(root.rcode)
    return named(
        "dns",
        software,
        evidence=f"version.bind {snippet(told.encode()) or _rcode(version.rcode)}",
        details=details,
    )


def _rcode(code: int) -> str:
    return RCODES[code] if code < len(RCODES) else str(code)
