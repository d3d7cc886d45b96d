import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import behind
from house import HOUSE, inspections
from tojimari.app import look
from tojimari.app.firewalls import Firewalls
from tojimari.cli.main import main
from tojimari.core.socket import InsideView
from wire import HERE, laid

TOJIMARI = Path(sys.executable).with_name("tojimari")
OURS = str(Path("/proc/self/ns/net").stat().st_ino)


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine made by hand, in English."""
    seen(monkeypatch, HOUSE)
    monkeypatch.setattr(look, "guarded", unguarded)
    monkeypatch.setattr(look, "inspections", inspections)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def unguarded(view: InsideView, command: str = "look") -> tuple[InsideView, Firewalls]:
    """Before the doors of the house made by hand stands no rule."""
    del command
    return view, Firewalls(free={one.inode for one in view.namespaces})


def seen(monkeypatch: pytest.MonkeyPatch, view: InsideView) -> None:
    def answer() -> InsideView:
        return view

    monkeypatch.setattr(look, "view", answer)


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["look", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_every_door_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert left() == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Open doors of house: 11.")
    assert "22/tcp" in printed


def test_a_number_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("80") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("80/tcp at any\n")
    assert "nginx 1.22.1-9 (dpkg)" in printed


def test_a_range_is_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("20-30", "80") == 0
    assert capsys.readouterr().out.startswith("Open doors of house: 2.")


def test_where_nobody_waits_the_number_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("23") == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "Nobody waits at 23: the door is shut."
    assert second.startswith("The usual thing at 23 is telnet: ")


def test_where_a_door_may_have_been_missed_it_is_not_called_shut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = replace(HOUSE.unseen[0], hides_doors=True)
    seen(monkeypatch, replace(HOUSE, unseen=(hidden,)))
    assert left("23") == 2
    assert capsys.readouterr().out.startswith("Nobody was seen at 23, but")


def document(printed: str) -> Any:  # noqa: ANN401 - JSON, looked at by key
    return json.loads(printed)


def test_the_document_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--json") == 0
    found = document(capsys.readouterr().out)
    assert (found["schema"], len(found["doors"]), found["clients"]) == ("tojimari.look/1", 12, 1)
    assert found["doors"][0]["holders"] is None


def test_the_document_of_one_door_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("80", "--json") == 0
    found = document(capsys.readouterr().out)
    assert [one["package"] for one in found["doors"][0]["holders"]] == ["nginx", None]


def test_the_document_of_a_shut_door_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("23", "--json") == 1
    assert document(capsys.readouterr().out)["doors"] == []


def test_clients_are_listed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--all", "--plain") == 0
    assert "40123/udp\t10.0.0.5\thost" in capsys.readouterr().out


def test_a_namespace_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--namespace", "shop", "--plain") == 0
    assert capsys.readouterr().out.startswith("6379/tcp\t0.0.0.0\tshop\t")


def test_a_namespace_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--namespace", "nowhere") == 2
    assert capsys.readouterr().err == (
        "error: There is no network namespace nowhere.\n"
        "hint: --namespace takes one of these: host, shop\n"
    )


def test_a_mistaken_number_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("70000") == 2
    assert "hint: tojimari look 80, tojimari look 53/udp" in capsys.readouterr().err


def test_the_reader_may_read_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--lang", "ja") == 0
    assert capsys.readouterr().out.startswith("house の開いている扉: 11")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The program itself, on this machine."""
    return subprocess.run(
        [TOJIMARI, "look", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


@pytest.mark.usefixtures("network")
def test_on_the_real_machine_our_own_door_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        done = run(str(port), "--namespace", OURS)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{port}/tcp at 127.0.0.1\n")
    assert f"process {os.getpid()} of user" in done.stdout


@pytest.mark.usefixtures("network")
def test_on_the_real_machine_a_shut_door_is_said_to_be_so() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    done = run(str(port), "--namespace", OURS)
    assert done.returncode in {1, 2}
    assert done.stdout.startswith("Nobody wa")


def test_whoever_watches_does_not_speak_with_every_door_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert left("--watch", "--scan") == 2
    assert "tojimari look --watch, or tojimari look --scan" in capsys.readouterr().err
    assert left("--watch", "--identify") == 2
    assert "tojimari look --watch, or tojimari look --identify" in capsys.readouterr().err


@pytest.mark.usefixtures("network")
def test_what_speaks_is_shown_with_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    with behind.door(behind.says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")) as opened:
        line = [sys.executable, "-m", "tojimari", "look", str(opened.port), "--identify"]
        shown = subprocess.run(
            [*line, "--namespace", OURS], capture_output=True, text=True, check=True
        ).stdout
        document_text = subprocess.run(
            [*line, "--namespace", OURS, "--json"], capture_output=True, text=True, check=True
        ).stdout
    del capsys
    said = [one.split(maxsplit=2) for one in shown.splitlines() if "What speaks" in one]
    assert said == [["What", "speaks", "ssh: OpenSSH 9.2p1"]]
    spoken = document(document_text)["doors"][0]["conversation"]
    assert (spoken["outcome"], spoken["protocol"], spoken["product"], spoken["version"]) == (
        "identified",
        "ssh",
        "OpenSSH",
        "9.2p1",
    )


@pytest.mark.usefixtures("root")
def test_how_a_door_looks_from_outside_is_shown_with_it() -> None:
    with laid(), socket.create_server((HERE[4], 7000)):
        line = [sys.executable, "-m", "tojimari", "look", "7000", "--scan", "--namespace", OURS]
        shown = subprocess.run(line, capture_output=True, text=True, check=True).stdout
        document_text = subprocess.run(
            [*line, "--json"], capture_output=True, text=True, check=True
        ).stdout
    told = "From outside open at 192.0.2.1 for 198.18.0.1 by out0 (syn-ack)"
    assert told in " ".join(shown.split())
    (seen,) = document(document_text)["doors"][0]["scan"]
    assert (seen["address"], seen["state"], seen["source"]) == (HERE[4], "open", "198.18.0.1")
