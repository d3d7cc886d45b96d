"""ProFTPD: ``Port``, of the main server and of each virtual host."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there, named
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 21
_FILES = ("/etc/proftpd/proftpd.conf", "/etc/proftpd.conf")
_LANGUAGE = Language(include=re.compile(r"(?im)^[ \t]*include[ \t]+(?P<files>\S+)"))
_LINE = re.compile(r"(?im)^[ \t]*(?:port[ \t]+(?P<port>\d+)|defaultaddress[ \t]+(?P<address>\S+))")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    for start in first_there(files, [named(command, ["-c", "--config"]) or "", *_FILES]):
        pieces = list(_LANGUAGE.read(files, [start]))
        if not pieces:
            continue
        lines = [(one.page, line) for one in pieces for line in one.find(_LINE)]
        main = next(one.page for one in pieces if one.page.path == start)
        # Only with the second line does it listen at that address alone.
        slot = main.put(0, "DefaultAddress {}\nSocketBindTight on\n")
        known: tuple[str, ...] = ()
        for page, line in lines:
            if line["address"]:
                slot, known = page.slot(line, "address"), (line["address"],)
        bindings = (Binding(slot, 4),)
        ports = [found for found in lines if found[1]["port"]]
        for page, line in ports:
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(found, addresses=known, numbers=(page.slot(line),), bindings=bindings)
        if not ports:
            numbers = (main.put(0, "Port {}\n"),)
            yield Setting(
                start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings
            )


SERVICE = Service(
    name="proftpd",
    programs=frozenset({"proftpd"}),
    find=_find,
    test=("proftpd", "-t"),
    source="http://www.proftpd.org/docs/directives/linked/config_ref_Port.html",
)
