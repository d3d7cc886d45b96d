"""``tojimari identify`` as it is typed."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import behind
from behind import door, says, shut_port

SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tojimari", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


@pytest.mark.usefixtures("network")
class TestTyped:
    def test_a_door_is_told_of_with_its_software(self) -> None:
        with door(says(SSH)) as opened:
            ended = typed("identify", f"127.0.0.1:{opened.port},{shut_port()}")
        assert ended.returncode == 0
        assert "OpenSSH 9.2p1" in ended.stdout
        assert "Doors spoken with: 2; identified: 1; shut or out of reach: 1." in ended.stdout
        assert ended.stderr == ""

    def test_json_is_one_document(self) -> None:
        with door(says(SSH)) as opened:
            ended = typed("identify", "--json", f"127.0.0.1:{opened.port}")
        told = json.loads(ended.stdout)
        assert told["doors"][0]["details"]["distribution"] == "Debian-2+deb12u3"

    def test_plain_rows_are_for_grep(self) -> None:
        with door(says(SSH)) as opened:
            ended = typed("identify", "--plain", f"127.0.0.1:{opened.port}")
        assert ended.stdout.startswith(f"127.0.0.1\t{opened.port}/tcp\tidentified\tssh\tOpenBSD\t")

    def test_on_a_terminal_it_is_said_how_far_it_is(self) -> None:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "tojimari", "identify", f"127.0.0.1:{shut_port()}"]
        subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
        os.close(theirs)
        shown = os.read(ours, 4096).decode()
        os.close(ours)
        assert "0 of 1 doors" in shown
        assert "1 of 1 doors" in shown

    def test_shut_doors_alone_end_with_one(self) -> None:
        ended = typed("identify", f"127.0.0.1:{shut_port()}")
        assert ended.returncode == 1
        assert "shut: nobody is behind this door" in ended.stdout


ALONE = """
import socket, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
door = socket.create_server(("0.0.0.0", 2022))
def greet():
    while True:
        door.accept()[0].sendall(b"SSH-2.0-OpenSSH_9.2p1\\r\\n")
threading.Thread(target=greet, daemon=True).start()
sys.exit(subprocess.call([sys.executable, "-m", "tojimari", "identify", "--lang", "ja"]))
"""


def test_without_a_target_this_machine_is_meant(root: None) -> None:
    del root
    # In a network of its own: it speaks with every door that there is, the other tests' too.
    ended = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", ALONE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "2022/tcp" in ended.stdout
    assert "OpenSSH 9.2p1" in ended.stdout
    assert "話しかけた扉 1、分かったもの 1" in ended.stdout


def test_many_machines_at_once_are_refused() -> None:
    ended = typed("identify", "224.0.0.1:80")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: 224.0.0.1 stands for many machines")


@pytest.fixture
def tarpits(network: None) -> Iterator[list[int]]:
    """The numbers of a thousand doors that accept and drip."""
    del network
    program = Path(behind.__file__).with_name("tarpits.py")
    with subprocess.Popen([sys.executable, program, "1000"], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        yield [int(word) for word in running.stdout.readline().split()]
        running.kill()


def test_two_thousand_doors_of_which_half_are_tarpits_end_in_time_with_flat_memory(
    tarpits: list[int],
) -> None:
    ports = ",".join(str(port) for port in (*tarpits, *range(20000, 21000)))
    command = [sys.executable, "-m", "tojimari", "identify", "--json", f"127.0.0.1:{ports}"]
    # Without this process's coverage, which would be measured, too.
    clean = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    began = time.monotonic()
    largest = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=clean) as running:
        process = psutil.Process(running.pid)
        told = b""
        assert running.stdout is not None
        os.set_blocking(running.stdout.fileno(), False)
        while running.poll() is None:
            largest = max(largest, process.memory_info().rss)
            told += running.stdout.read() or b""
            select.select([running.stdout], [], [], 0.2)
        told += running.stdout.read() or b""
    assert time.monotonic() - began < 10.0
    assert len(json.loads(told)["doors"]) == 2000
    assert largest < 200 * 1024 * 1024  # bytes; some 30 of them before the first door


FINGERPRINTS = """<fingerprints matches="ssh.banner">
<fingerprint pattern="^([\\d.]+)-(?i)LAB$"><description>A door of the lab's</description>
<param pos="0" name="service.product" value="Lab Door"/><param pos="1" name="service.version"/>
</fingerprint><fingerprint pattern="(?&gt;x)"/></fingerprints>"""


def test_ones_own_fingerprints_fill_in_what_was_not_told(network: None, tmp_path: Path) -> None:
    del network
    (tmp_path / "ssh_banners.xml").write_text(FINGERPRINTS, "utf-8")
    with door(says(b"SSH-2.0-3.1-lab\r\n")) as opened:
        words = ("identify", f"127.0.0.1:{opened.port}", "-v")
        without = typed(*words)
        ended = typed(*words, "--fingerprints", str(tmp_path))
    assert "Lab Door" not in without.stdout
    assert ended.returncode == 0, ended.stderr
    assert "Lab Door 3.1" in ended.stdout
    assert "fingerprint: A door of the lab's" in ended.stdout
    assert "1 of 2 fingerprints are written in a way that has no equal here" in ended.stdout


def test_a_folder_without_fingerprints_is_said_to_be_so(tmp_path: Path) -> None:
    ended = typed("identify", "127.0.0.1:1", "--fingerprints", str(tmp_path))
    assert ended.returncode == 2
    assert "There are no fingerprints" in ended.stderr
    assert "tojimari identify --fingerprints recog/xml" in ended.stderr
