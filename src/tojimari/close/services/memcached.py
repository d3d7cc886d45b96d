"""memcached: its options, one a line (Debian), or in a shell's variables (Red Hat)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language
from tojimari.close.service import Service
from tojimari.close.setting import TCP, UDP, Binding, Setting

_DEFAULT = 11211
_DEBIAN, _RED_HAT = "/etc/memcached.conf", "/etc/sysconfig/memcached"
_LANGUAGE = Language()
_LINE = re.compile(
    r"(?m)^[ \t]*(?:(?P<key>-p|--port|-U|--udp-port)[ \t=]+(?P<port>\d+)"
    r"|(?:-l|--listen)[ \t=]+(?P<address>\S+))"
)
_VARIABLE = re.compile(r"(?m)^[ \t]*(?P<key>PORT)=\"?(?P<port>\d+)")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    del command  # it has what the files say, without saying where
    page = _LANGUAGE.page(files, _DEBIAN)
    if page is None:
        page = _LANGUAGE.page(files, _RED_HAT)
        for line in _VARIABLE.finditer(page.bare) if page else ():
            assert page is not None  # noqa: S101 - there is a line of it
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(found, numbers=(page.slot(line),))
        return
    lines = list(_LINE.finditer(page.bare))
    places = [line for line in lines if line["address"]]
    addresses = tuple(one for line in places for one in line["address"].split(","))
    # The lines of other addresses go with the first: their options are taken out whole.
    slot = page.at_end("-l {}\n")
    if places:
        slot = replace(page.slot(places[0], "address"))
    bindings = [Binding(slot, join=",")] if len(places) <= 1 else []
    if len(places) > 1:
        bindings = [
            Binding(page.slot(line, "address"), 6 if ":" in line["address"] else 4)
            for line in places
        ]
    known = () if {"0.0.0.0", "::"} & set(addresses) else addresses  # noqa: S104 - compared
    ports = [line for line in lines if line["port"]]
    for line in ports:
        if int(line["port"]):
            yield replace(
                page.setting(line.start("port"), int(line["port"])),
                transports=TCP if line["key"] in {"-p", "--port"} else UDP,
                addresses=known,
                numbers=(page.slot(line),),
                bindings=tuple(bindings),
            )
    if not any(line["key"] in {"-p", "--port"} for line in ports):
        numbers = (page.at_end("-p {}\n"),)
        yield Setting(
            _DEBIAN, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=tuple(bindings)
        )


SERVICE = Service(
    name="memcached",
    programs=frozenset({"memcached"}),
    find=_find,
    source="memcached(1)",
)
