"""``tojimari identify`` as it is typed."""

import json
import subprocess
import sys

import pytest

from behind import door, says, shut_port

SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tojimari", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
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

    def test_shut_doors_alone_end_with_one(self) -> None:
        ended = typed("identify", f"127.0.0.1:{shut_port()}")
        assert ended.returncode == 1
        assert "shut: nobody is behind this door" in ended.stdout

    def test_without_a_target_this_machine_is_meant(self) -> None:
        with door(says(SSH)) as opened:
            ended = typed("identify", "--lang", "ja")
        assert f"{opened.port}/tcp" in ended.stdout
        assert "話しかけた扉" in ended.stdout


def test_many_machines_at_once_are_refused() -> None:
    ended = typed("identify", "224.0.0.1:80")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: 224.0.0.1 stands for many machines")
