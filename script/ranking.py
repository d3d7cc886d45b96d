"""Write ``scan/ranking.tsv``: in which order numbers are knocked at when not all are.

    script/ranking.py [--check]

Nobody's measurement of the internet stands behind it, only what the registry and the services of
tojimari themselves know, each with its own source. The groups, the likeliest first:

``words``
    the numbers for which ``registry/words`` has plain words: those that people meet. First what a
    machine serves to others (``SERVED``), last what has had its day (``legacy``).
``use``
    numbers that projects name in their own documentation (``registry/defacto.tsv``), those that
    most projects name first.
``spoken``
    numbers at which a protocol is usual that tojimari speaks (``services/protocols``).
``habit``
    numbers that people choose when the usual one is taken (``HABITS``).
``well-known``, ``registered``
    what else IANA gives to somebody.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.registry import assignments, defacto, words
from tojimari.registry.words_file import Kind
from tojimari.scan.ports import RANKING
from tojimari.services import catalogue

ROOT = Path(__file__).parent.parent
WIDEST = 16  # numbers: of a wider range nobody can say which is met
LAST_WELL_KNOWN = 1023  # RFC 6335, section 6

# What a machine is most often put up for.
SERVED = (
    Kind.REMOTE_SHELL, Kind.WEB, Kind.MAIL, Kind.NAME, Kind.FILE, Kind.REMOTE_DESKTOP,
    Kind.DATABASE, Kind.DIRECTORY, Kind.VPN, Kind.CACHE, Kind.CONTAINER, Kind.MESSAGE_QUEUE,
)  # fmt: skip

# A web server beside another counts up from 8000, 8080, 8443 or 9000; a moved one gets its number
# with more digits (2222, 10022, 10443) or one digit many times.
HABITS = (
    *range(8000, 8100), *range(8440, 8450), *range(8800, 8900, 8), *range(9000, 9100),
    *range(3000, 3011), *range(5000, 5011), *range(10000, 10011),
    *(thousand + low for thousand in (1000, 2000, 10000, 20000) for low in (22, 80, 443)),
    *(digit * 1111 for digit in range(1, 10)), *(digit * 11111 for digit in range(1, 6)),
    *range(20000, 65536, 10000),
)  # fmt: skip

HEADING = """\
# In which order numbers are knocked at when not all are. script/ranking.py writes it and says why.
# Columns: transport, group, numbers, the likeliest first.
"""


def page() -> str:
    """The whole file."""
    return HEADING + "".join(
        f"{transport}\t{why}\t{' '.join(map(str, numbers))}\n"
        for transport in (Transport.TCP, Transport.UDP)
        for why, numbers in groups(transport)
    )


def groups(transport: Transport) -> Iterable[tuple[str, list[int]]]:
    """The groups, each number only in the first that has it."""
    told: set[int] = set()
    for why, numbers in (
        ("words", _words(transport)),
        ("use", _use(transport)),
        ("spoken", _spoken(transport)),
        ("habit", HABITS if transport is Transport.TCP else ()),
        ("well-known", _assigned(transport, 1, LAST_WELL_KNOWN)),
        ("registered", _assigned(transport, LAST_WELL_KNOWN + 1, 0xFFFF)),
    ):
        new = [one for one in dict.fromkeys(numbers) if one and one not in told]
        told.update(new)
        if new:
            yield why, new


def _words(transport: Transport) -> list[int]:
    """By what sort of service it is; the first door of a service before its others."""
    ranked: list[tuple[int, int, int]] = []
    for head in words.heads():
        served = SERVED.index(head.kind) if head.kind in SERVED else len(SERVED)
        rank = len(SERVED) + 1 if head.kind is Kind.LEGACY else served
        doors = [one for one in head.doors if one.transport is transport]
        for place, door in enumerate(doors):
            ranked += [(rank + 2 * place, place, port) for port in _numbers(door.ports)]
    return [port for _, _, port in sorted(ranked)]


def _use(transport: Transport) -> list[int]:
    counted: Counter[int] = Counter()
    for user in defacto.all():
        if transport in user.transports:
            counted.update(_numbers(user.ports))
    return sorted(counted, key=lambda port: (-counted[port], port))


def _spoken(transport: Transport) -> list[int]:
    return [
        port
        for protocol in catalogue.over(transport)
        for port in sorted(protocol.ports | protocol.tls_ports)
    ]


def _assigned(transport: Transport, first: int, last: int) -> list[int]:
    return [
        port
        for port, transports, name, _ in assignments.lines(first, last)
        if name and transport in transports.split(" ")
    ]


def _numbers(ports: PortRange) -> range:
    last = ports.last if len(ports) <= WIDEST else ports.first
    return range(ports.first, last + 1)


def main() -> int:
    """Write, or with ``--check`` compare."""
    made = page()
    if "--check" in sys.argv:
        return 0 if RANKING.read_text(encoding="utf-8") == made else 1
    RANKING.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
