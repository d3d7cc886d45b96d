"""dnsmasq: ``port`` and ``listen-address``; its DHCP server's number is that of the protocol."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Page, named
from tojimari.close.service import Service
from tojimari.close.setting import BOTH, UDP, Binding, Setting

_DEFAULT, _DHCP = 53, 67
_FILE = "/etc/dnsmasq.conf"
_FOLDER = re.compile(r"(?m)^[ \t]*conf-dir[ \t]*=[ \t]*(?P<files>[^,\s]+)")
_LANGUAGE = Language(include=_FOLDER, member="*")
_LINE = re.compile(
    r"(?m)^[ \t]*(?:port[ \t]*=[ \t]*(?P<port>\d+)"
    r"|listen-address[ \t]*=[ \t]*(?P<addresses>[^\s#]+)"
    r"|(?P<dhcp>dhcp-range)[ \t]*=)"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["-C", "--conf-file"]) or _FILE
    starts = [start, *(files.glob("/etc/dnsmasq.d/*") if start == _FILE else ())]
    pieces = list(_LANGUAGE.read(files, starts))
    if not pieces:
        return
    main = next(one.page for one in pieces if one.page.path == start)
    lines = [(one.page, line) for one in pieces for line in one.find(_LINE)]
    bindings, known = _bindings(main, lines)
    for page, line in lines:
        if line["dhcp"]:
            # Clients know no other number (RFC 2131, section 4.1), so it is not written anywhere.
            yield replace(page.setting(line.start("dhcp"), _DHCP), transports=UDP)
    ports = [found for found in lines if found[1]["port"]]
    if not ports:
        numbers = (main.at_end("port={}\n"),)
        yield Setting(start, 0, "", _DEFAULT, BOTH, known, numbers, bindings)
    for page, line in ports[-1:]:
        found = page.setting(line.start("port"), int(line["port"]))
        if found.port:  # 0 switches names off
            yield replace(
                found,
                transports=BOTH,
                addresses=known,
                numbers=(page.slot(line),),
                bindings=bindings,
            )


def _bindings(
    main: Page, lines: Sequence[tuple[Page, re.Match[str]]]
) -> tuple[tuple[Binding, ...], tuple[str, ...]]:
    places = [found for found in lines if found[1]["addresses"]]
    # Without the second line the socket is at every address, and it only passes over the others.
    slot = main.at_end("listen-address={}\nbind-interfaces\n")
    known: tuple[str, ...] = ()
    if len(places) > 1:
        return (), tuple(one for _, line in places for one in line["addresses"].split(","))
    for page, line in places:
        slot = page.slot(line, "addresses")
        known = tuple(line["addresses"].split(","))
    return (Binding(slot, join=","),), known


SERVICE = Service(
    name="dnsmasq",
    programs=frozenset({"dnsmasq"}),
    find=_find,
    test=("dnsmasq", "--test", "-C", "{file}"),
    source="dnsmasq(8)",
)
