"""Mosquitto: ``listener PORT [ADDRESS]``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, named
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 1883
_FILE = "/etc/mosquitto/mosquitto.conf"
_LANGUAGE = Language(
    include=re.compile(r"(?m)^[ \t]*include_dir[ \t]+(?P<files>\S+)"), member="*.conf"
)
_LINE = re.compile(
    r"(?m)^[ \t]*(?:listener|port)[ \t]+(?P<port>\d+)(?P<rest>(?:[ \t]+(?P<address>\S+))?)"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["-c", "--config-file"]) or _FILE
    main = _LANGUAGE.page(files, start)
    silent = True
    for one in _LANGUAGE.read(files, [start]):
        for line in one.find(_LINE):
            silent = False
            place = one.page.slot(line, "rest", " {}")
            yield replace(
                one.page.setting(line.start("port"), int(line["port"])),
                addresses=(line["address"],) if line["address"] else (),
                numbers=(one.page.slot(line),),
                bindings=(Binding(place),),
            )
    if silent and main is not None:
        # Without a listener it serves this machine alone (mosquitto.conf(5), since 2.0).
        numbers = (main.at_end("listener {} localhost\n"),)
        yield Setting(start, 0, "", _DEFAULT, addresses=("localhost",), numbers=numbers)


SERVICE = Service(
    name="mosquitto",
    programs=frozenset({"mosquitto"}),
    find=_find,
    source="mosquitto.conf(5)",
)
