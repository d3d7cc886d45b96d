"""BIND: ``listen-on`` and ``listen-on-v6``, with a port of their own or the option ``port``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import (
    Files,
    Language,
    Page,
    Piece,
    blocks,
    first_there,
    named,
)
from tojimari.close.service import Service
from tojimari.close.setting import BOTH, Binding, Setting

_DEFAULT = 53
_FILES = ("/etc/bind/named.conf", "/etc/named.conf")
_LANGUAGE = Language(
    include=re.compile(r"(?m)^[ \t]*include[ \t]+(?P<files>\"[^\"\n]+\")[ \t]*;"),
    comments=("#", "//"),
    anywhere=True,
    block=True,
    quotes='"',
)
_LISTEN = re.compile(
    r"(?m)(?:^|(?<=[;{}]))\s*(?P<key>listen-on(?:-v6)?)(?P<gap>\s+port\s+(?P<port>\d+))?"
    r"\s*(?P<all>\{(?P<addresses>[^{}]*)\})"
)
_PORT = re.compile(r"(?m)(?:^|(?<=[;{}]))\s*port\s+(?P<port>\d+)\s*;")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    starts = first_there(files, [named(command, ["-c"]) or "", *_FILES])
    pieces = list(_LANGUAGE.read(files, starts))
    port = next((int(line["port"]) for one in pieces for line in one.find(_PORT)), _DEFAULT)
    silent = {"listen-on": 4, "listen-on-v6": 6}
    for one in pieces:
        for line in one.find(_LISTEN):
            family = 6 if line["key"].endswith("6") else 4
            silent.pop(line["key"], None)
            words = re.findall(r"[^;\s]+", line["addresses"])
            if words == ["none"]:
                continue
            own = line["port"]
            number = one.page.slot(line) if own else one.page.put(line.end("key"), " port {}")
            yield replace(
                one.page.setting(line.start("key"), int(own or port)),
                transports=BOTH,
                addresses=() if "any" in words else tuple(words),
                numbers=(number,),
                bindings=(Binding(one.page.slot(line, "all", "{ {}; }"), family),),
            )
    page, offset = _options(pieces)
    for key, family in silent.items():
        # Without a word it listens at every address.
        if page is not None:
            number = page.put(offset, f"\n\t{key} port {{}} {{ any; }};")
            place = page.put(offset, f"\n\t{key} port {port} {{ {{}}; }};")
            bindings = (Binding(place, family),)
            yield Setting(page.path, 0, "", port, BOTH, numbers=(number,), bindings=bindings)


def _options(pieces: Sequence[Piece]) -> tuple[Page | None, int]:
    """Where the block of options begins; no page where there is none."""
    for one in pieces:
        for block in blocks(one.page.bare):
            if block.head == "options" and not block.within:
                return one.page, block.start
    return None, 0


SERVICE = Service(
    name="bind",
    programs=frozenset({"named"}),
    find=_find,
    test=("named-checkconf", "{file}"),
    source="https://bind9.readthedocs.io/en/latest/reference.html#interfaces",
)
