import json
import socket
from pathlib import Path

import pytest

from tojimari.cli.main import main

GOLDEN = Path(__file__).parent.parent.parent / "golden" / "firewall"
UFW = ("--ruleset", str(GOLDEN / "ufw-ipv4.save"), "--address", "192.168.0.2/24@eth0")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["reach", *words])
    said = capsys.readouterr()
    code = left.value.code
    assert isinstance(code, int)
    return code, said.out, said.err


def test_a_matrix_then_the_rules_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "22/tcp", "8080/tcp", *UFW)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Whose rules: ufw",
        "",
        "port      this machine  containers  local network  internet",
        "22/tcp    open          none        open           open",
        "8080/tcp  open          none        shut           shut",
        "",
        "22/tcp  internet: open",
        "    open  everybody there (eth0)  ufw: allow 22/tcp",
        "22/tcp  local network: open",
        "    open  everybody there (eth0)  ufw: allow 22/tcp",
        "8080/tcp  internet: shut",
        "    shut  everybody there (eth0)  ufw default: deny (INPUT)",
        "8080/tcp  local network: shut",
        "    shut  everybody there (eth0)  ufw default: deny (INPUT)",
    ]


def test_the_same_in_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "8080/tcp", *UFW, "--lang", "ja")
    assert "ルールの主: ufw" in out
    assert "ufw の既定の扱い: 拒否 (deny) (INPUT)" in out


def test_a_number_alone_means_both_transports(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "22-23", "--plain", *UFW)
    ports = [line.split("\t")[0] for line in out.splitlines()][::4]
    assert ports == ["22/tcp", "22/udp", "23/tcp", "23/udp"]


def test_the_document_names_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "22/tcp", "--json", *UFW)
    document = json.loads(out)
    assert document["schema"] == "tojimari.reach/1"
    assert document["owners"] == ["ufw"]
    zones = {one["source"]: one["certainty"] for one in document["ports"][0]["reaches"]}
    assert zones["internet"] == "certainly"


def test_without_a_port_every_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--from", "internet", *UFW)
    assert "22/tcp" in out
    assert "9-21/tcp" not in out
    assert out.count("/udp") >= 3


def test_a_named_source_has_its_own_answer(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "5432/tcp", "--from", "192.168.1.7", *UFW)
    words = "ufw: allow from 192.168.1.0/24 to any port 5432 proto tcp"
    assert out.splitlines() == ["5432/tcp  192.168.1.7", f"    open  192.168.1.7 (eth0)  {words}"]
    _, out, _ = run(capsys, "5432/tcp", "--from", "192.168.1.7", "--json", *UFW)
    assert json.loads(out)["ports"][0]["reaches"][0]["certainty"] == "certainly"


def test_why_shows_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "23/tcp", "--why", "--from", "internet", *UFW)
    assert "A packet to 23/tcp at 192.168.0.2" in out
    assert "input: ip filter ufw-user-input" in out
    assert "6. -p tcp -m tcp --dport 23 -j DROP  -> drop" in out
    assert "= ufw: deny 23/tcp" in out
    _, out, _ = run(capsys, "23/tcp", "--why", "--from", "internet", "--json", *UFW)
    first = json.loads(out)["ways"][0]
    assert first["end"]["certainty"] == "certainly-not"
    assert first["steps"][-1]["verdict"] == "drop"


def test_ports_lists_what_is_sent_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    docker = str(GOLDEN / "docker-nft-portmap.json")
    own = ("--address", "192.168.0.2/24@eth0", "--address", "192.0.2.1/24@bridge1")
    _, out, _ = run(capsys, "--ports", "--ruleset", docker, *own)
    assert "8080/tcp" in out
    assert "sent on to 192.0.2.2:80" in out
    assert "Docker publishes 8080/tcp to 192.0.2.2 port 80" in out


@pytest.mark.parametrize("port", ["x", "70000", "22/ftp", "9-8", "1-x"])
def test_what_is_no_port_is_refused(capsys: pytest.CaptureFixture[str], port: str) -> None:
    code, _, err = run(capsys, port, *UFW)
    assert code == 2
    assert f"not a port: {port}" in err


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "22", "--ruleset", "/nowhere/at/all")
    assert code == 2
    assert "/nowhere/at/all" in err


POLICY = """schema = "tojimari.doors/1"
[groups]
office = ["192.168.1.0/24", "10.9.0.0/16"]
[[door]]
port = 5432
from = ["office"]
why = "the books"
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "doors.toml").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("office")
def test_a_group_of_the_policy_is_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "5432/tcp", "--from", "office", *UFW)
    assert code == 0
    assert out.splitlines()[0] == "5432/tcp  office"
    assert "open  192.168.1.0/24 (eth0)  ufw: allow from 192.168.1.0/24 to any port 5432" in out
    assert "shut  10.9.0.0/16 (eth0)  ufw default: deny (INPUT)" in out
    _, out, _ = run(capsys, "5432/tcp", "--from", "office", "--why", *UFW)
    assert "192.168.1.0/24" in out


@pytest.mark.usefixtures("office")
def test_of_a_dump_every_port_is_told_from_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--from", "office", "--json", *UFW)
    ports = json.loads(out)["ports"]
    opened = [
        (one["transport"], one["first"], one["last"])
        for one in ports
        if one["reaches"][0]["certainty"] == "certainly"
    ]
    assert ("tcp", 5432, 5432) in opened
    assert ports[-1]["last"] == 65535


@pytest.mark.usefixtures("office")
def test_a_word_that_names_nobody_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "22", "--from", "offices", *UFW)
    assert code == 2
    assert "internet, office" in err


def test_a_file_and_a_namespace_are_not_asked_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "22", "--namespace", "x", *UFW)
    assert code == 2
    assert "--namespace" in err


@pytest.mark.usefixtures("root")
def test_here_only_doors_are_listed_unless_all_are_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        _, out, _ = run(capsys, "--plain")
        assert {line.split("\t")[0] for line in out.splitlines()} >= {f"{port}/tcp"}
        assert "0-65535/tcp" not in out
        _, out, _ = run(capsys, "--all", "--plain")
        assert "0-65535/tcp" in out
