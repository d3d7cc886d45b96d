"""Redis and Valkey: ``port`` and ``bind``; the last line wins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 6379
_FILES = ("/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf")
_LANGUAGE = Language(include=re.compile(r"(?im)^[ \t]*include[ \t]+(?P<files>\S+)"))
_LINE = re.compile(
    r"(?im)^[ \t]*(?:(?P<key>port|tls-port)[ \t]+(?P<port>\d+)|bind[ \t]+(?P<addresses>[^\n]*\S))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    given = next((one for one in command[1:] if one.endswith(".conf")), None)
    for start in [given] if given else first_there(files, _FILES):
        pieces = list(_LANGUAGE.read(files, [start]))
        if not pieces:
            continue
        lines = [(one.page, line) for one in pieces for line in one.find(_LINE)]
        main = next(one.page for one in pieces if one.page.path == start)
        addresses: tuple[str, ...] = ()
        slot = main.at_end("bind {}\n")
        for page, line in lines:
            if line["addresses"] is not None:
                slot = page.slot(line, "addresses")
                addresses = tuple(one.lstrip("-") for one in line["addresses"].split())
        known = () if {"*", "0.0.0.0", "::"} & set(addresses) else addresses  # noqa: S104 - compared
        # A hyphen: no matter if the machine has no such address (IPv6 may be switched off).
        bindings = (Binding(slot, ipv6="-{}", join=" "),)
        last = {line["key"].lower(): (page, line) for page, line in lines if line["port"]}
        if "port" not in last:
            numbers = (main.at_end("port {}\n"),)
            yield Setting(
                start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings
            )
        for page, line in last.values():
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(found, addresses=known, numbers=(page.slot(line),), bindings=bindings)


SERVICE = Service(
    name="redis",
    programs=frozenset({"redis-server", "valkey-server"}),
    find=_find,
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/config/",
)
