"""rsync's daemon: ``port`` and ``address`` before the first module, or on its command line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, named
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 873
_FILE = "/etc/rsyncd.conf"
_LANGUAGE = Language(comments=("#", ";"), stop=re.compile(r"(?m)^[ \t]*\["))
_LINE = re.compile(
    r"(?im)^[ \t]*(?:port[ \t]*=[ \t]*(?P<port>\d+)|address[ \t]*=[ \t]*(?P<address>\S+))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["--config"]) or _FILE
    main = _LANGUAGE.page(files, start)
    if main is None:
        return
    lines = [line for one in _LANGUAGE.read(files, [start]) for line in one.find(_LINE)]
    places = [line for line in lines if line["address"]]
    slot = main.slot(places[-1], "address") if places else main.put(0, "address = {}\n")
    known = tuple(line["address"] for line in places[-1:])
    bindings = (Binding(slot),)
    given = named(command, ["--port"])
    if given and given.isdecimal():
        # The command line comes before the file, and is another file's: the unit's.
        yield Setting(start, 0, "", int(given), addresses=known, bindings=bindings)
        return
    ports = [line for line in lines if line["port"]]
    for line in ports[-1:]:
        found = main.setting(line.start("port"), int(line["port"]))
        yield replace(found, addresses=known, numbers=(main.slot(line),), bindings=bindings)
    if not ports:
        numbers = (main.put(0, "port = {}\n"),)
        yield Setting(start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings)


SERVICE = Service(name="rsyncd", programs=frozenset({"rsync"}), find=_find, source="rsyncd.conf(5)")
