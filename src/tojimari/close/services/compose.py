"""Docker Compose: ``ports`` of each service, in the short form and in the long one."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Page
from tojimari.close.service import Service
from tojimari.close.setting import TCP, UDP, Binding, Setting

_CONTAINERS = "/var/lib/docker/containers/*/config.v2.json"
_LABEL = "com.docker.compose.project.config_files"
_LANGUAGE = Language(anywhere=True)
_PORTS = re.compile(r"(?m)^(?P<indent>[ ]*)ports:[ \t]*(?P<flow>\[[^\]]*\])?[ \t\r]*$")
_SHORT = re.compile(
    r"(?m)(?:^[ ]*-[ ]+|(?<=[\[,])\s*)(?P<quote>[\"']?)"
    r"(?P<address>(?:\[[^\]\s]*\]:|[\d.]+:)?)(?P<port>\d+):\d+(?P<udp>/udp)?(?:/tcp)?(?P=quote)"
)
_LONG = re.compile(r"(?m)^[ -]*published:[ \t]*[\"']?(?P<port>\d+)")
_HOST = re.compile(r"(?m)^[ -]*host_ip:[ \t]*[\"']?(?P<address>[^\s\"']+)")
_PROTOCOL = re.compile(r"(?m)^[ -]*protocol:[ \t]*[\"']?udp")
_ITEM = re.compile(r"(?m)^[ ]*-[ ]")


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    del command
    paths: dict[str, None] = {}
    for path in files.glob(_CONTAINERS):
        for name in _composed(files.text(path) or ""):
            paths[name] = None
    for path in paths:
        page = _LANGUAGE.page(files, path)
        if page is not None:
            yield from settings(page)


def _composed(text: str) -> list[str]:
    """The files that a container was made from, by Docker's own note of it."""
    try:
        labels = json.loads(text)["Config"]["Labels"]
        return str(labels[_LABEL]).split(",")
    except (ValueError, KeyError, TypeError):
        return []


def settings(page: Page) -> Iterator[Setting]:
    """Every published port of one file."""
    for ports in _PORTS.finditer(page.bare):
        start, end = ports.span("flow") if ports["flow"] else _extent(page, ports)
        for line in _SHORT.finditer(page.bare, start, end):
            address = line["address"].rstrip(":")
            before = page.slot(line, "address", "{}:")
            yield replace(
                page.setting(line.start("port"), int(line["port"])),
                transports=UDP if line["udp"] else TCP,
                addresses=(address,) if address else (),
                numbers=(page.slot(line),),
                bindings=(Binding(before, ipv6="[{}]"),),
            )
        yield from _long(page, start, end)


def _long(page: Page, start: int, end: int) -> Iterator[Setting]:
    starts = [one.start() for one in _ITEM.finditer(page.bare, start, end)]
    for at, until in zip(starts, [*starts[1:], end], strict=True):
        line = _LONG.search(page.bare, at, until)
        if line is None:
            continue
        host = _HOST.search(page.bare, at, until)
        yield replace(
            page.setting(line.start("port"), int(line["port"])),
            transports=UDP if _PROTOCOL.search(page.bare, at, until) else TCP,
            addresses=(host["address"],) if host else (),
            numbers=(page.slot(line),),
            bindings=(Binding(page.slot(host, "address")),) if host else (),
        )


def _extent(page: Page, ports: re.Match[str]) -> tuple[int, int]:
    """The lines that belong to ``ports:``: items at its indent or deeper, and what is deeper."""
    indent = len(ports["indent"])
    at = end = ports.end() + 1
    for line in page.bare[at:].splitlines(keepends=True):
        deep = len(line) - len(line.lstrip(" "))
        if line.strip() and deep <= indent and not line.lstrip(" ").startswith("- "):
            break
        if line.strip() and deep < indent:
            break
        end += len(line)
    return at, end


SERVICE = Service(
    name="compose",
    programs=frozenset({"docker-proxy"}),
    find=_find,
    source="https://docs.docker.com/reference/compose-file/services/#ports",
)
