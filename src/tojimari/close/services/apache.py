"""Apache: ``Listen``, and the virtual hosts that go with the number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there, named, split_address
from tojimari.close.service import RELOAD, Service
from tojimari.close.setting import Binding, Setting

_FILES = ("/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf")
_INCLUDE = re.compile(r"(?im)^[ \t]*include(?:optional)?[ \t]+(?P<files>[^\n]+)$")
_LISTEN = re.compile(r"(?im)^[ \t]*listen[ \t]+(?P<all>(?:\S*:)?(?P<port>\d+))(?=\s|$)")
_HOST = re.compile(r"(?im)^[ \t]*<virtualhost[ \t]+(?P<all>[^>\n]+)>")
_NUMBER = re.compile(r"(?<=:)(?P<port>\d+)(?=\s|$)")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    for start in first_there(files, [named(command, ["-f"]) or "", *_FILES]):
        base = "/etc/httpd" if start.startswith("/etc/httpd") else "/etc/apache2"
        pieces = list(Language(_INCLUDE, base).read(files, [start]))
        hosts = [
            (int(number["port"]), one.page.slot(number))
            for one in pieces
            for host in one.find(_HOST)
            for number in _NUMBER.finditer(one.page.bare, *host.span("all"))
        ]
        for one in pieces:
            for line in one.find(_LISTEN):
                port = int(line["port"])
                address, _ = split_address(line["all"])
                whole = replace(one.page.slot(line, "all"), end=line.start("port"), form="{}:")
                yield replace(
                    one.page.setting(line.start("port"), port),
                    addresses=(address,) if address else (),
                    numbers=(
                        one.page.slot(line),
                        *(slot for number, slot in hosts if number == port),
                    ),
                    bindings=(Binding(whole, 6 if address and "[" in address else 4, ipv6="[{}]"),),
                )


SERVICE = Service(
    name="apache",
    programs=frozenset({"apache2", "httpd"}),
    find=_find,
    test=("apachectl", "configtest"),
    on_move=RELOAD,
    source="https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen",
)
