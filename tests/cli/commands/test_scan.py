"""``tojimari scan`` as it is typed, at real doors."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

import yard
from yard import THEIRS, THEIRS_V6, Yard

OPEN = (22, 80, 443)


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        made.listen(*OPEN)
        yield made


def typed(
    *words: str, said: str = "", language: str = "C.UTF-8"
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tojimari", "scan", *words],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": language},
    )


def drop_everything(far: Yard) -> None:
    far.run(
        "nft",
        "add table inet yard; add chain inet yard in { type filter hook input priority 0; };"
        " add rule inet yard in tcp dport 1-65535 drop",
    )


@pytest.mark.usefixtures("far")
class TestTyped:
    def test_the_doors_of_a_machine_in_columns(self) -> None:
        ended = typed(THEIRS, "--method", "connect", "-p", "22,80,8080")
        assert ended.returncode == 0
        lines = ended.stdout.splitlines()
        assert lines[0].startswith(
            "Addresses on the link yard0 (IPv4): 1; numbers of TCP at each: 3;"
        )
        assert THEIRS in lines
        rows = [line.split()[:4] for line in lines if "/tcp" in line]
        assert rows == [
            ["22/tcp", "open", "ssh", "connected"],
            ["80/tcp", "open", "http", "connected"],
            ["8080/tcp", "closed", "http-alt", "refused"],
        ]
        assert "Doors known: 3 of 3; open: 2;" in lines[-1]
        assert ended.stderr == ""

    def test_many_shut_doors_are_only_counted(self) -> None:
        ended = typed(THEIRS, "--method", "connect", "-p", "1-1000")
        assert "Not listed: 997 of TCP closed, nobody is there (refused)." in ended.stdout

    def test_json_is_one_document(self) -> None:
        ended = typed(THEIRS, "-p", "22,23", "--json", "--method", "connect")
        told = json.loads(ended.stdout)
        assert told["schema"] == "tojimari.scan/1"
        states = {one["port"]: (one["state"], one["reason"]) for one in told["doors"]}
        assert states == {22: ("open", "connected"), 23: ("closed", "refused")}
        assert told["end"]["ended"] == "sure"
        assert told["end"]["parts"][0]["interface"] == "yard0"

    def test_lines_are_documents_each_and_the_last_is_the_end(self) -> None:
        ended = typed(THEIRS, "-p-", "--lines", "--method", "connect")
        told = [json.loads(line) for line in ended.stdout.splitlines()]
        assert {one["port"] for one in told[:-1]} == set(OPEN)
        assert {one["schema"] for one in told[:-1]} == {"tojimari.scan-door/1"}
        assert told[-1]["schema"] == "tojimari.scan-end/1"
        assert (told[-1]["known"], told[-1]["open"]) == (65535, 3)

    def test_plain_rows_are_for_grep(self) -> None:
        ended = typed(THEIRS, "-p", "22", "--plain", "--method", "connect")
        assert ended.stdout.startswith(f"{THEIRS}\t22/tcp\topen\tssh\tconnected\t-\t")

    def test_only_open_doors_may_be_wanted(self) -> None:
        ended = typed(THEIRS, "-p", "22,23", "--plain", "--open")
        assert [line.split("\t")[1] for line in ended.stdout.splitlines()] == ["22/tcp"]

    def test_all_doors_may_be_wanted(self) -> None:
        ended = typed(THEIRS, "-p", "1-200", "--plain", "--all")
        assert len(ended.stdout.splitlines()) == 200

    def test_targets_come_from_standard_input(self) -> None:
        ended = typed("-", "-p", "22", "--plain", said=f"# ours\n{THEIRS}\n")
        assert ended.stdout.startswith(THEIRS)

    def test_targets_come_from_a_report_of_nmap(self, tmp_path: Path) -> None:
        report = tmp_path / "scan.xml"
        report.write_text(
            f'<nmaprun><host><status state="up"/><address addr="{THEIRS}" addrtype="ipv4"/></host>'
            "</nmaprun>"
        )
        ended = typed("--targets-from", str(report), "-p", "22", "--plain")
        assert ended.stdout.startswith(THEIRS)

    def test_ipv6(self, far: Yard) -> None:
        far.listen(22, address=THEIRS_V6)
        ended = typed(THEIRS_V6, "-p", "22", "--plain", "--method", "connect")
        assert ended.stdout.startswith(f"{THEIRS_V6}\t22/tcp\topen\t")

    def test_no_open_door_ends_with_one(self) -> None:
        assert typed(THEIRS, "-p", "23").returncode == 1

    def test_what_was_not_known_in_time_ends_with_two(self, far: Yard) -> None:
        drop_everything(far)
        ended = typed(THEIRS, "-p-", "--time-limit", "0.4", "--method", "connect")
        assert ended.returncode == 2
        assert "The time that was given is over." in ended.stdout

    def test_silence_is_filtered_and_it_is_said_how_sure_that_is(self, far: Yard) -> None:
        drop_everything(far)
        ended = typed(THEIRS, "-p", "22", "--method", "connect")
        assert "22/tcp  filtered  ssh      no-response" in ended.stdout
        assert "nobody answered: 2." in ended.stdout

    def test_ctrl_c_tells_what_is_known_and_ends_with_130(self, far: Yard) -> None:
        drop_everything(far)
        with subprocess.Popen(
            [sys.executable, "-m", "tojimari", "scan", THEIRS, "-p-", "--method", "connect"],
            stdout=subprocess.PIPE,
            text=True,
        ) as scan:
            assert scan.stdout is not None
            scan.stdout.readline()  # what is about to be done is said before it begins
            scan.send_signal(signal.SIGINT)
            rest = scan.stdout.read()
        assert scan.returncode == 130
        assert "Stopped." in rest
        assert "Doors known: " in rest

    def test_on_a_terminal_it_is_said_how_far_it_is(self, far: Yard) -> None:
        drop_everything(far)
        ours, theirs = pty.openpty()
        command = [
            sys.executable,
            "-m",
            "tojimari",
            "scan",
            THEIRS,
            "-p",
            "22",
            "--method",
            "connect",
        ]
        subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
        os.close(theirs)
        shown = os.read(ours, 1 << 16).decode()
        os.close(ours)
        assert "0 %" in shown
        assert shown.endswith("\r\x1b[K")

    def test_in_japanese(self) -> None:
        ended = typed(THEIRS, "-p", "22", "--lang", "ja")
        assert "ポート" in ended.stdout
        assert "開いている扉: 1 個" in ended.stdout

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("224.0.0.1",), "stands for many machines"),
            (("8.8.8.0/24",), "public addresses"),
            (("192.0.2.999",), "0 to 255"),
            ((THEIRS, "-p", "99999"), "0 to 65535"),
            ((THEIRS, "--shard", "3/2"), "NUMBER/COUNT"),
            ((THEIRS, "--targets-from", "no-such-file"), "cannot be read"),
            ((THEIRS, "--method", "magic"), "no method of this name"),
        ],
    )
    def test_what_cannot_be_done_is_said_with_a_hint(
        self, words: tuple[str, ...], said: str
    ) -> None:
        ended = typed(*words)
        assert ended.returncode == 2
        assert said in ended.stderr
        assert ended.stdout == ""

    def test_shares_are_the_whole_together(self) -> None:
        words = (THEIRS, "-p", "1-100", "--all", "--plain", "--seed", "5", "--shard")
        shares = [typed(*words, f"{number}/3").stdout.splitlines() for number in (1, 2, 3)]
        ports = sorted(int(line.split("\t")[1].split("/")[0]) for one in shares for line in one)
        assert ports == list(range(1, 101))


@pytest.mark.usefixtures("root")
class TestThisMachine:
    def test_without_a_target_every_door_of_every_address_is_knocked_at(self) -> None:
        with (
            yard.yard(),
            socket.create_server(("", 2222)),
            socket.create_server((yard.OURS_V6, 2223), family=socket.AF_INET6),
        ):
            for method in ((), ("--method", "connect")):
                told = json.loads(typed("--json", *method).stdout)
                found = {(one["address"], one["port"]) for one in told["doors"]}
                assert found == {
                    ("127.0.0.1", 2222),
                    (yard.OURS, 2222),
                    (yard.OURS_V6, 2223),
                }
                assert told["end"]["known"] == told["end"]["doors"] == 4 * 65535
