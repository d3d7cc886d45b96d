"""SIP's OPTIONS, and what its answer tells (RFC 3261, section 11)."""

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.dialogue import Peer
from tojimari.services.grammar import sip as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.headers import Answer
from tojimari.services.octets import snippet


def options(peer: Peer, transport: str) -> bytes:
    """A complete OPTIONS; servers drop less."""
    name = f"[{peer.name}]" if ":" in peer.name else peer.name
    ours = f"[{peer.local}]" if ":" in peer.local else peer.local or "tojimari.invalid"
    tag = peer.nonce[:6].hex()
    lines = (
        f"OPTIONS sip:{name} SIP/2.0",
        f"Via: SIP/2.0/{transport} {ours};branch=z9hG4bK{tag};rport",
        "Max-Forwards: 0",
        f"From: <sip:tojimari@tojimari.invalid>;tag={tag}",
        f"To: <sip:{name}>",
        f"Call-ID: {tag}@tojimari.invalid",
        "CSeq: 1 OPTIONS",
        "Accept: application/sdp",
        "Content-Length: 0",
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii", "replace")


def service(answer: Answer) -> Service:
    """The server."""
    told = answer.headers.get("server") or answer.headers.get("user-agent") or ""
    software = grammar.product(told)
    details: dict[str, Value] = {"status": answer.status}
    for name in ("server", "user-agent", "allow", "supported"):
        if name in answer.headers:
            details[name] = answer.headers[name]
    return named(
        "sip",
        software,
        evidence=snippet(answer.line),
        details=details,
    )
