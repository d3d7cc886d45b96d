"""Dovecot: ``port`` and ``address`` of each ``inet_listener``; the last line wins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tojimari.close.grammar import Block, Files, Language, Page, blocks, named
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_FILE = "/etc/dovecot/dovecot.conf"
_LANGUAGE = Language(
    include=re.compile(r"(?m)^[ \t]*!include(?:_try)?[ \t]+(?P<files>\S+)"), anywhere=True
)
# The doors that are there without a word in a file (doc/example-config/conf.d/10-master.conf).
_DEFAULTS = {
    ("imap-login", "imap"): 143,
    ("imap-login", "imaps"): 993,
    ("pop3-login", "pop3"): 110,
    ("pop3-login", "pop3s"): 995,
    ("submission-login", "submission"): 587,
    ("managesieve-login", "sieve"): 4190,
}
_PORT = re.compile(r"(?m)(?:^|(?<=[{;]))[ \t]*port[ \t]*=[ \t]*(?P<port>\d+)")
_ADDRESS = re.compile(r"(?m)(?:^|(?<=[{;]))[ \t]*address[ \t]*=[ \t]*(?P<address>[^\n#}]*[^\s#}])")
_LISTEN = re.compile(r"(?m)^listen[ \t]*=[ \t]*(?P<addresses>[^\n#]*[^\s#])")


@dataclass(slots=True)
class _Listener:
    """What the files say of one listener so far."""

    port: tuple[Page, re.Match[str]] | None = None
    address: tuple[Page, re.Match[str]] | None = None
    block: tuple[Page, Block] | None = None


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["-c"]) or _FILE
    main = _LANGUAGE.page(files, start)
    if main is None:
        return
    listeners = {key: _Listener() for key in _DEFAULTS}
    everywhere: tuple[str, ...] = ()
    seen: set[str] = set()
    for piece in _LANGUAGE.read(files, [start]):
        for line in piece.find(_LISTEN):
            everywhere = tuple(re.findall(r"[^,\s]+", line["addresses"]))
        page = piece.page
        if page.path in seen:
            continue
        seen.add(page.path)
        for block in blocks(page.bare):
            key = _key(block)
            if key is not None:
                _note(listeners.setdefault(key, _Listener()), page, block)
    known = () if {"*", "::"} & set(everywhere) else everywhere
    for key, listener in listeners.items():
        setting = _setting(main, key, listener)
        if setting is not None and setting.port:
            yield setting if setting.addresses else replace(setting, addresses=known)


def _key(block: Block) -> tuple[str, str] | None:
    around = block.within[-1].split() if block.within else []
    words = block.head.split()
    if len(words) == 2 and words[0] == "inet_listener" and around[:1] == ["service"]:  # noqa: PLR2004 - a word and a name
        return around[1], words[1]
    return None


def _note(listener: _Listener, page: Page, block: Block) -> None:
    listener.block = page, block
    for pattern, name in ((_PORT, "port"), (_ADDRESS, "address")):
        for line in pattern.finditer(page.bare, block.start, block.end):
            setattr(listener, name, (page, line))


def _setting(main: Page, key: tuple[str, str], listener: _Listener) -> Setting | None:
    service, name = key
    if listener.block is None:
        whole = f"service {service} {{\n  inet_listener {name} {{\n    %s = {{}}\n  }}\n}}\n"
        number, place = main.at_end(whole % "port"), main.at_end(whole % "address")
    else:
        page, block = listener.block
        number = page.put(block.start, "\n    port = {}")
        place = page.put(block.start, "\n    address = {}")
    addresses: tuple[str, ...] = ()
    if listener.address is not None:
        page, line = listener.address
        place = page.slot(line, "address")
        addresses = tuple(re.findall(r"[^,\s]+", line["address"]))
    bindings = (Binding(place, join=", "),)
    if listener.port is not None:
        page, line = listener.port
        found = page.setting(line.start("port"), int(line["port"]))
        return replace(found, addresses=addresses, numbers=(page.slot(line),), bindings=bindings)
    if key not in _DEFAULTS:
        return None
    path = listener.block[0].path if listener.block else main.path
    return Setting(
        path, 0, "", _DEFAULTS[key], addresses=addresses, numbers=(number,), bindings=bindings
    )


SERVICE = Service(
    name="dovecot",
    programs=frozenset({"dovecot"}),
    find=_find,
    test=("doveconf", "-n"),
    source="https://doc.dovecot.org/2.3/configuration_manual/service_configuration/",
)
