"""vsftpd: ``listen_port``, ``listen_address`` and ``listen_address6``; no space around ``=``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, first_there
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 21
_FILES = ("/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf")
_LANGUAGE = Language()
_LINE = re.compile(
    r"(?m)^(?:listen_port=(?P<port>\d+)|(?P<key>listen_address6?)=(?P<address>\S+)"
    r"|(?P<how>listen|listen_ipv6)=(?P<yes>(?i:yes|true|1)))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    given = [one for one in command[1:] if one.endswith(".conf")]
    for start in given or first_there(files, _FILES):
        page = _LANGUAGE.page(files, start)
        if page is None:
            continue
        lines = list(_LINE.finditer(page.bare))
        kinds = {line["how"] for line in lines if line["how"]}
        family = 6 if "listen_ipv6" in kinds else 4
        key = "listen_address6" if "listen_ipv6" in kinds else "listen_address"
        places = [line for line in lines if line["key"] == key]
        slot = page.slot(places[-1], "address") if places else page.at_end(f"{key}={{}}\n")
        known = tuple(line["address"] for line in places[-1:])
        ports = [line for line in lines if line["port"]]
        bindings = (Binding(slot, family),)
        if ports:
            found = page.setting(ports[-1].start("port"), int(ports[-1]["port"]))
            numbers = (page.slot(ports[-1]),)
            yield replace(found, addresses=known, numbers=numbers, bindings=bindings)
        else:
            numbers = (page.at_end("listen_port={}\n"),)
            yield Setting(
                start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings
            )


SERVICE = Service(
    name="vsftpd", programs=frozenset({"vsftpd"}), find=_find, source="vsftpd.conf(5)"
)
