"""MariaDB and MySQL: ``port`` and ``bind-address`` in the server's sections; the last line wins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there, named, section_of
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 3306
_FILES = ("/etc/mysql/my.cnf", "/etc/my.cnf")
_LANGUAGE = Language(
    include=re.compile(r"(?m)^[ \t]*!includedir[ \t]+(?P<files>\S+)"),
    member="*.cnf",
    comments=("#", ";"),
)
_SECTIONS = re.compile(r"(?:mysqld|mariadbd?|server|client-server)(?:-[\d.]+)?")
_LINE = re.compile(
    r"(?im)^[ \t]*(?:port[ \t]*=[ \t]*(?P<port>\d+)"
    r"|bind[-_]address[ \t]*=[ \t]*(?P<address>[^\s#]*))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    given = named(command, ["--defaults-file"])
    for start in [given] if given else first_there(files, _FILES):
        pieces = list(_LANGUAGE.read(files, [start]))
        lines = [
            (one.page, line)
            for one in pieces
            for line in one.find(_LINE)
            if _SECTIONS.fullmatch(section_of(one, line.start()))
        ]
        if not pieces:
            continue
        ports = [found for found in lines if found[1]["port"]]
        places = [found for found in lines if not found[1]["port"]]
        end = pieces[-1].page  # read last, so that nothing comes after it
        addresses: tuple[str, ...] = ()
        slot = end.at_end("[mysqld]\nbind-address = {}\n")
        if places:
            page, line = places[-1]
            slot = page.slot(line, "address")
            addresses = tuple(one for one in line["address"].split(",") if one not in {"*", "::"})
        bindings = (Binding(slot),)
        if ports:
            page, line = ports[-1]
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(found, addresses=addresses, numbers=(page.slot(line),), bindings=bindings)
        else:
            numbers = (end.at_end("[mysqld]\nport = {}\n"),)
            yield Setting(
                start, 0, "", _DEFAULT, addresses=addresses, numbers=numbers, bindings=bindings
            )


SERVICE = Service(
    name="mariadb",
    programs=frozenset({"mariadbd", "mysqld"}),
    find=_find,
    test=("{exe}", "--verbose", "--help"),
    source="https://mariadb.com/kb/en/configuring-mariadb-with-option-files/",
)
