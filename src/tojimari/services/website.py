"""What a web server's answer tells of the software behind it, over any version of HTTP."""

from tojimari.core.message import Value
from tojimari.core.service import Service
from tojimari.services.grammar import http as grammar
from tojimari.services.grammar.software import service as named
from tojimari.services.http import Response
from tojimari.services.octets import snippet
from tojimari.services.page import Answer, Page

SHOWN = ("server", "location", "www-authenticate", "x-powered-by", "via", "content-type")


def service(
    protocol: str, response: Response, page: Page | None = None, answer: Answer | None = None
) -> Service:
    """The service.

    Args:
        protocol: ``http``, ``h2``.
        response: The first page.
        page: The product that was recognised by it.
        answer: What the page says of that product.
    """
    software = grammar.product(response.header("server"))
    details: dict[str, Value] = {"status": response.status}
    if response.title:
        details["title"] = response.title
    for name in SHOWN:
        if response.header(name):
            details["redirect" if name == "location" else name] = response.header(name)
    evidence = f"HTTP/{response.version} {response.status} {response.reason}".strip()
    if page is None:
        return named(
            protocol,
            software,
            evidence=snippet(evidence.encode()),
            details=details,
        )
    details |= (answer.details if answer else None) or {}
    if software is not None:
        details["http-server"] = f"{software.product} {software.version or ''}".strip()
        details |= software.details()
    return Service(
        protocol,
        product=page.product,
        version=answer.version if answer else None,
        vendor=page.vendor,
        evidence=snippet(evidence.encode()),
        details=details,
    )


def host(name: str, port: int, *, tls: bool) -> str:
    """The authority (RFC 9110, section 7.2): the port is left out where it is the default."""
    bracketed = f"[{name}]" if ":" in name else name
    return bracketed if port == (443 if tls else 80) else f"{bracketed}:{port}"
