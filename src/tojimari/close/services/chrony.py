"""chrony: ``port``, where it serves the time at all, and ``bindaddress``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there, named
from tojimari.close.service import Service
from tojimari.close.setting import UDP, Binding, Setting

_DEFAULT = 123
_FILES = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
_LANGUAGE = Language(
    include=re.compile(r"(?im)^[ \t]*confdir[ \t]+(?P<files>\S+)"),
    member="*.conf",
    comments=("#", "!", ";", "%"),
)
_LINE = re.compile(
    r"(?im)^[ \t]*(?:port[ \t]+(?P<port>\d+)|bindaddress[ \t]+(?P<address>\S+)|(?P<allow>allow)\b)"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    for start in first_there(files, [named(command, ["-f"]) or "", *_FILES]):
        pieces = list(_LANGUAGE.read(files, [start]))
        lines = [(one.page, line) for one in pieces for line in one.find(_LINE)]
        if not any(line["allow"] for _, line in lines):
            continue  # it asks others for the time, and opens no door
        main = next(one.page for one in pieces if one.page.path == start)
        places = [found for found in lines if found[1]["address"]]
        bindings = tuple(
            Binding(page.slot(line, "address"), 6 if ":" in line["address"] else 4)
            for page, line in places
        )
        line_of = "bindaddress {}\n"
        if not places:
            bindings = (Binding(main.at_end("{}"), 0, line_of, line_of, ""),)
        known = tuple(line["address"] for _, line in places)
        ports = [found for found in lines if found[1]["port"]]
        if not ports:
            numbers = (main.at_end("port {}\n"),)
            yield Setting(start, 0, "", _DEFAULT, UDP, known, numbers, bindings)
        for page, line in ports[-1:]:
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(
                found,
                transports=UDP,
                addresses=known,
                numbers=(page.slot(line),),
                bindings=bindings,
            )


SERVICE = Service(
    name="chrony",
    programs=frozenset({"chronyd"}),
    find=_find,
    test=("chronyd", "-p", "-f", "{file}"),
    source="chrony.conf(5)",
)
