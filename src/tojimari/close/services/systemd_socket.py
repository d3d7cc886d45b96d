"""systemd's sockets: ``ListenStream`` and ``ListenDatagram``; a package's file is never written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Page, split_address
from tojimari.close.service import Service
from tojimari.close.setting import TCP, UDP, Binding, Setting, Slot

_OWN = "/etc/systemd/system"  # the administrator's; what is there comes before all others
_FOLDERS = (_OWN, "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_LANGUAGE = Language(comments=("#", ";"))
_LINE = re.compile(
    r"(?m)^[ \t]*Listen(?P<kind>Stream|Datagram)[ \t]*=[ \t]*"
    r"(?P<all>(?:(?:\[[^\]\s]*\]|[^\s:/\[@]*):)?(?P<port>\d+))(?=\s|\Z)"
)
_ANY = re.compile(r"(?m)^[ \t]*Listen\w+[ \t]*=[ \t]*\S[^\n]*$")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    wanted = next((one for one in command if one.endswith(".socket")), "*.socket")
    seen: set[str] = set()
    for folder in _FOLDERS:
        for path in files.glob(f"{folder}/{wanted}"):
            name = path.rpartition("/")[2]
            page = _LANGUAGE.page(files, path)
            if name not in seen and page is not None:
                seen.add(name)
                yield from _settings(files, page, name)


def _settings(files: Files, page: Page, name: str) -> Iterator[Setting]:
    added = files.glob(f"{_OWN}/{name}.d/*.conf")
    own = [found for one in added if (found := _LANGUAGE.page(files, one)) is not None]
    speaking = [one for one in own if _ANY.search(one.bare)]
    for one in speaking or [page]:
        for line in _LINE.finditer(one.bare):
            address, _ = split_address(line["all"])
            yield replace(
                one.setting(line.start("port"), int(line["port"])),
                transports=TCP if line["kind"] == "Stream" else UDP,
                addresses=(address,) if address and address not in {"[::]", "0.0.0.0"} else (),  # noqa: S104 - compared
                numbers=(_number(one, name, line),),
                bindings=(_binding(one, name, line, address),),
            )


def _number(page: Page, name: str, line: re.Match[str]) -> Slot:
    if page.path.startswith(f"{_OWN}/"):
        return page.slot(line)
    return _drop_in(page, name, line, page.text[line.start("all") : line.start("port")] + "{}")


def _binding(page: Page, name: str, line: re.Match[str], address: str | None) -> Binding:
    family = 4 if address and "[" not in address else 0
    if page.path.startswith(f"{_OWN}/"):
        before = replace(page.slot(line, "all"), end=line.start("port"), form="{}:")
        return Binding(before, family, ipv6="[{}]")
    return Binding(_drop_in(page, name, line, f"{{}}:{line['port']}"), family, ipv6="[{}]")


def _drop_in(page: Page, name: str, line: re.Match[str], form: str) -> Slot:
    """A file of our own, laid over a package's: all that it listens to, one of it changed."""
    lines = [
        f"Listen{line['kind']}={form}" if one.start() == line.start() else one[0].strip()
        for one in _ANY.finditer(page.bare)
    ]
    text = "\n".join(["[Socket]", "ListenStream=", *lines, ""])
    return Slot(f"{_OWN}/{name}.d/tojimari.conf", 0, 0, text)


SERVICE = Service(
    name="systemd-socket",
    programs=frozenset({"systemd"}),
    find=_find,
    unit=True,
    source="systemd.socket(5)",
)
