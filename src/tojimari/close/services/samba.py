"""Samba: ``smb ports`` of the section ``[global]``, several numbers in a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, named, section_of
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting, Slot

_DEFAULTS = (445, 139)  # in this order (smb.conf(5))
_FILE = "/etc/samba/smb.conf"
_LANGUAGE = Language(
    include=re.compile(r"(?im)^[ \t]*include[ \t]*=[ \t]*(?P<files>[^\s%]+)"), comments=("#", ";")
)
_LINE = re.compile(r"(?im)^[ \t]*smb[ \t]+ports[ \t]*=[ \t]*(?P<all>[\d \t,]*\d)")
_GLOBAL = re.compile(r"(?im)^[ \t]*\[global\][^\n]*(?P<end>\n|\Z)")
_NUMBER = re.compile(r"(?P<port>\d+)")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    start = named(command, ["-s", "--configfile"]) or _FILE
    pieces = list(_LANGUAGE.read(files, [start]))
    lines = [
        (one.page, line)
        for one in pieces
        for line in one.find(_LINE)
        if section_of(one, line.start()) == "global"
    ]
    heads = [(one.page, head) for one in pieces for head in one.find(_GLOBAL)]
    if not heads:
        return
    page, head = heads[0]
    bindings = (
        Binding(
            page.put(head.end(), "    interfaces = {}\n    bind interfaces only = yes\n"), join=" "
        ),
    )
    for page_, line in lines[-1:]:
        for number in _NUMBER.finditer(page_.bare, *line.span("all")):
            yield replace(
                page_.setting(number.start(), int(number["port"])),
                numbers=(page_.slot(number),),
                bindings=bindings,
            )
    for port in () if lines else _DEFAULTS:
        others = "".join(f" {one}" for one in _DEFAULTS if one != port)
        slot: Slot = page.put(head.end(), f"    smb ports = {{}}{others}\n")
        yield Setting(start, 0, "", port, numbers=(slot,), bindings=bindings)


SERVICE = Service(
    name="samba",
    programs=frozenset({"smbd"}),
    find=_find,
    test=("testparm", "-s", "{file}"),
    source="smb.conf(5)",
)
