"""PostgreSQL: ``port`` and ``listen_addresses``; the last line wins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Piece, named
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 5432
_FILES = ("/etc/postgresql/*/*/postgresql.conf", "/var/lib/pgsql/data/postgresql.conf")
_INCLUDE = r"(?im)^[ \t]*{}[ \t=]+'?(?P<files>[^'\s]+)'?"
_WHOLE = re.compile(_INCLUDE.format("include(?:_if_exists)?"))
_FOLDER = re.compile(_INCLUDE.format("include_dir"))
_LINE = re.compile(
    r"(?im)^[ \t]*(?:port[ \t=]+'?(?P<port>\d+)|"
    r"listen_addresses[ \t=]+(?P<all>'(?P<addresses>[^'\n]*)'))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    given = next((one.partition("=")[2] for one in command if "config_file=" in one), None)
    given = given or named(command, ["-c", "--config-file"])
    starts = [given] if given else [path for pattern in _FILES for path in files.glob(pattern)]
    for start in starts:
        pieces = list(_pieces(files, start))
        if not pieces:
            continue
        lines = [(one.page, line) for one in pieces for line in one.find(_LINE)]
        ports = [found for found in lines if found[1]["port"]]
        places = [found for found in lines if not found[1]["port"]]
        # A line at the end of the first file comes after all that it includes.
        main = next(one.page for one in pieces if one.page.path == start)
        last = main.at_end("listen_addresses = '{}'\n")
        addresses: tuple[str, ...] = ("localhost",)
        if places:
            page, line = places[-1]
            last = page.slot(line, "all", "'{}'")
            addresses = tuple(re.findall(r"[^,\s]+", line["addresses"]))
        bindings = (Binding(last, join=", "),)
        known = () if "*" in addresses else addresses
        if ports:
            page, line = ports[-1]
            found = page.setting(line.start("port"), int(line["port"]))
            yield replace(found, addresses=known, numbers=(page.slot(line),), bindings=bindings)
        else:
            numbers = (main.at_end("port = {}\n"),)
            yield Setting(
                start, 0, "", _DEFAULT, addresses=known, numbers=numbers, bindings=bindings
            )


def _pieces(files: Files, start: str) -> Iterator[Piece]:
    """The file with what it includes, single files and folders alike."""
    folders = Language(_FOLDER, member="*.conf", anywhere=True)
    for one in folders.read(files, [start]):
        inner = Language(_WHOLE, anywhere=True)
        names = [line["files"] for line in one.find(_WHOLE)]
        yield one
        base = one.page.path.rpartition("/")[0]
        for name in names:
            yield from inner.read(files, [name if name.startswith("/") else f"{base}/{name}"])


SERVICE = Service(
    name="postgresql",
    programs=frozenset({"postgres", "postmaster"}),
    find=_find,
    test=("runuser", "-u", "postgres", "--", "{exe}", "-C", "port", "-c", "config_file={file}"),
    source="https://www.postgresql.org/docs/current/config-setting.html",
)
