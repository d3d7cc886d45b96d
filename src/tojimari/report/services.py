"""What speaks behind doors: a line each, in the order in which it became known."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tojimari.core.message import Message, mark
from tojimari.core.service import Confidence, Identification, Outcome, Service
from tojimari.core.text import printable
from tojimari.report import columns
from tojimari.report.columns import Cell, Row
from tojimari.report.language import Language
from tojimari.report.style import Style

if TYPE_CHECKING:
    from tojimari.report.view import View

DOOR = 11  # columns: 65535/tcp and a gap
PROTOCOL = 14
SOFTWARE = 32
ADDRESS = 16
SHOWN_HEARD = 60  # characters of what nobody understood
SHOWN_VALUE = 200  # characters of one detail
INDENT = 4
SHORT_NAME = 6  # characters; a name like "DNS" or "IIS" says little without its maker

HEADINGS = (
    mark("Address"),
    mark("Door"),
    mark("Speaks"),
    mark("Software"),
    mark("What it said"),
)

OUTCOMES = {
    Outcome.IDENTIFIED: mark("identified"),
    Outcome.UNKNOWN: mark("spoke, but in words that nobody here knows"),
    Outcome.SILENT: mark("took the connection and said nothing"),
    Outcome.REFUSED: mark("shut: nobody is behind this door"),
    Outcome.RESET: mark("took the connection and cut it without a word"),
    Outcome.TLS_ONLY: mark("speaks TLS; what is inside could not be learnt"),
    Outcome.PEER_ERROR: mark("speaks this protocol, and breaks it"),
    Outcome.UNREACHABLE: mark("no answer: the network did not carry us there"),
    Outcome.LEFT_ALONE: mark("listened to, and not spoken to"),
}
UDP_SILENT = mark("no answer: it may be open or filtered")
SHUT = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE})


def heading(view: "View") -> str:
    """The names of the columns."""
    cells = [Cell(view.language.text(one), Style.FAINT) for one in HEADINGS]
    return columns.aligned([cells], paint=view.paint, least=_widths())[0]


def line(found: Identification, view: "View") -> Iterator[str]:
    """One door; with ``whole`` its details under it."""
    yield from columns.aligned(
        [_row(found, view.language)], paint=view.paint, least=_widths(), limit=view.columns
    )
    if view.whole and found.service is not None:
        for name, value in found.service.details.items():
            shown = f"{name}: {printable(str(value), SHOWN_VALUE)}"
            yield " " * INDENT + view.paint(shown, Style.FAINT)


def plain(found: Identification) -> str:
    """One row, in ASCII, its cells separated by tabs.

    The cells: address, port/transport, outcome, protocol, vendor, product, version, ``tls`` or
    ``-``, confidence, evidence. What is not known is ``-``.
    """
    service = found.service
    cells = (
        found.endpoint.address,
        f"{found.endpoint.port}/{found.endpoint.transport}",
        found.outcome,
        service.protocol if service else None,
        service.vendor if service else None,
        service.product if service else None,
        service.version if service else None,
        "tls" if service and service.tls else None,
        service.confidence if service else None,
        service.evidence if service else None,
    )
    return "\t".join(_ascii(cell) for cell in cells)


def summary(counts: dict[Outcome, int], language: Language) -> str:
    """How many doors ended how."""
    told = sum(counts.values())
    known = counts.get(Outcome.IDENTIFIED, 0) + counts.get(Outcome.TLS_ONLY, 0)
    shut = sum(counts.get(one, 0) for one in SHUT)
    return language.say(
        Message(
            "identified",
            "Doors spoken with: {told}; identified: {known}; shut or out of reach: {shut}.",
            {"told": told, "known": known, "shut": shut},
        )
    )


def progress(done: int, total: int, language: Language) -> str:
    """How far it is."""
    return language.say(
        Message("progress", "{done} of {total} doors", {"done": done, "total": total})
    )


def software(service: Service) -> str:
    """Product and version as a person says them: the maker only where the name needs it."""
    product = service.product
    if product is None:
        return ""
    vendor = service.vendor if service.vendor and len(product) < SHORT_NAME else product
    named = product if vendor.lower() == product.lower() else f"{vendor} {product}"
    return printable(f"{named} {service.version}" if service.version else named)


def _widths() -> tuple[int, ...]:
    return (ADDRESS, DOOR, PROTOCOL, SOFTWARE)


def _row(found: Identification, language: Language) -> Row:
    service = found.service
    door = f"{found.endpoint.port}/{found.endpoint.transport}"
    known = found.outcome is Outcome.IDENTIFIED
    return [
        printable(found.endpoint.address),
        Cell(door, Style.STRONG if known else Style.PLAIN),
        Cell(protocol(service), Style.CALM if known else Style.FAINT),
        software(service) if service else "",
        _said(found, language),
    ]


def protocol(service: Service | None) -> str:
    """The protocol; TLS around it is said, and doubt is shown."""
    if service is None:
        return "-"
    name = printable(service.protocol)
    if service.tls and service.protocol != "tls":
        name = "https" if service.protocol == "http" else f"{name}+tls"
    return name if service.confidence is Confidence.CERTAIN else f"{name}?"


def _said(found: Identification, language: Language) -> str:
    if found.outcome is Outcome.IDENTIFIED and found.service is not None:
        title = found.service.details.get("title")
        evidence = found.service.evidence
        return printable(f"{evidence} \u201c{title}\u201d" if title else evidence)
    return told(found, language)


def told(found: Identification, language: Language) -> str:
    """How a conversation ended in which nobody could be recognised."""
    silent_udp = found.outcome is Outcome.SILENT and found.endpoint.transport == "udp"
    said = language.text(UDP_SILENT if silent_udp else OUTCOMES[found.outcome])
    if found.because is not None:
        said += f": {language.say(found.because)}"
    elif found.outcome is Outcome.UNKNOWN:
        said += f": {printable(found.heard.decode('latin-1'), SHOWN_HEARD)}"
    return said


def _ascii(cell: str | None) -> str:
    return printable(cell).encode("ascii", "backslashreplace").decode("ascii") if cell else "-"
