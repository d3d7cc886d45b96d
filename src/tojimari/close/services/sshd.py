"""OpenSSH's server: ``Port`` and ``ListenAddress``, before the first ``Match``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Page, named, split_address
from tojimari.close.service import RELOAD, Service
from tojimari.close.setting import Binding, Setting

_FILE = "/etc/ssh/sshd_config"
_DEFAULT = 22
_LANGUAGE = Language(
    include=re.compile(r"(?im)^[ \t]*include[ \t=]+(?P<files>[^\n]+)$"),
    base="/etc/ssh",
    stop=re.compile(r"(?im)^[ \t]*match[ \t]"),
)
_LINE = re.compile(
    r"(?im)^[ \t]*(?:(?P<key>port)[ \t=]+\"?(?P<port>\d+)"
    r"|listenaddress[ \t=]+\"?(?P<address>[^\s\"]+))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["-f"]) or _FILE
    main = _LANGUAGE.page(files, start)
    if main is None:
        return
    found = [(one.page, line) for one in _LANGUAGE.read(files, [start]) for line in one.find(_LINE)]
    ports = [(page, line) for page, line in found if line["key"]]
    addresses = [(page, line, *_parts(line["address"])) for page, line in found if not line["key"]]
    bare = [one for one in addresses if one[3] is None]
    bindings = tuple(_binding(page, line, address) for page, line, address, _ in bare)
    known = tuple(address for _, _, address, _ in bare if address)
    if not bare and len(ports) <= 1:
        # The first address that is named takes the place of "every one".
        bindings = (Binding(main.put(0, "{}"), 0, "ListenAddress {}\n", "ListenAddress {}\n", ""),)
    for page, line in ports:
        setting = page.setting(line.start("port"), int(line["port"]))
        yield replace(setting, addresses=known, numbers=(page.slot(line),), bindings=bindings)
    if not ports and (bare or not addresses):
        numbers = (main.put(0, "Port {}\n"),)
        yield Setting(start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings)
    for page, line, address, port in addresses:
        if port is not None:
            at = line.end("address") - len(str(port))
            slot = replace(page.slot(line, "address"), start=at)
            yield replace(
                page.setting(at, port),
                addresses=(address,) if address else (),
                numbers=(slot,),
                bindings=(_binding(page, line, address, f":{port}"),),
            )


def _parts(text: str) -> tuple[str | None, int | None]:
    """``host``, ``host:port``, ``[v6]:port`` or ``v6`` (sshd_config(5))."""
    if text.count(":") == 1 or text.startswith("["):
        return split_address(text)
    return text, None


def _binding(page: Page, line: re.Match[str], address: str | None, rest: str = "") -> Binding:
    family = 6 if address and ":" in address else 4
    ipv6 = "[{}]" if rest else "{}"
    return Binding(page.slot(line, "address", f"{{}}{rest}"), family, "{}", ipv6)


_MATCH = re.compile(r"(?im)^[ \t]*match[ \t][^\n#]*\blocalport[ \t=]+\"?(?P<ports>[\d,*?!]+)")
_EVERYWHERE = Language(include=_LANGUAGE.include, base=_LANGUAGE.base)


def matched_ports(files: Files) -> frozenset[int]:
    """The numbers for which the server has rules of its own: they may turn somebody away."""
    return frozenset(
        int(word)
        for piece in _EVERYWHERE.read(files, [_FILE])
        for line in piece.find(_MATCH)
        for word in line["ports"].split(",")
        if word.isdecimal()
    )


SERVICE = Service(
    name="sshd",
    programs=frozenset({"sshd"}),
    find=_find,
    test=("/usr/sbin/sshd", "-t", "-f", "{file}"),
    on_move=RELOAD,
    on_bind=RELOAD,  # it closes its doors before it begins anew, and keeps the sessions
    source="sshd_config(5)",
)
