"""nginx: ``listen`` in each server."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, named, split_address
from tojimari.close.service import RELOAD, Service
from tojimari.close.setting import TCP, UDP, Binding, Setting

_FILE = "/etc/nginx/nginx.conf"
_LANGUAGE = Language(
    include=re.compile(r"(?m)(?:^|(?<=[;{}]))[ \t]*include[ \t]+(?P<files>[^;\n]+);"),
    base="/etc/nginx",
    anywhere=True,
)
_LISTEN = re.compile(
    r"(?m)(?:^|(?<=[;{}]))\s*listen\s+(?P<all>(?:(?:\[[^\]]*\]|[^\s;:\[]*):)?(?P<port>\d{1,5}))"
    r"(?P<rest>(?:\s[^;]*)?);"
)
_UDP = re.compile(r"\b(?:udp|quic)\b")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    for one in _LANGUAGE.read(files, [named(command, ["-c"]) or _FILE]):
        for line in one.find(_LISTEN):
            address, _ = split_address(line["all"])
            before = replace(one.page.slot(line, "all"), end=line.start("port"), form="{}:")
            family = 6 if address and "[" in address else 4
            yield replace(
                one.page.setting(line.start("port"), int(line["port"])),
                transports=UDP if _UDP.search(line["rest"]) else TCP,
                addresses=(address,) if address and address not in {"*", "[::]"} else (),
                numbers=(one.page.slot(line),),
                bindings=(Binding(before, family, ipv6="[{}]"),),
            )


SERVICE = Service(
    name="nginx",
    programs=frozenset({"nginx"}),
    find=_find,
    test=("nginx", "-t", "-q"),
    on_move=RELOAD,
    source="https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
)
