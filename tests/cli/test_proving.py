import json
from pathlib import Path
from typing import cast

import pytest

from tojimari.cli.main import main

GOLDEN = Path(__file__).parent.parent / "golden" / "firewall"
RULES = ("--ruleset", str(GOLDEN / "ufw-ipv4.save"), "--address", "192.168.0.2/24@eth0")
HEAD = 'schema = "tojimari.doors/1"\n'
SSH = '[[door]]\nport = 22\nfrom = "internet"\nwhy = "x"\n'
MORE = (
    '[[door]]\nport = 2222\nfrom = "internet"\nwhy = "x"\n'
    '[[door]]\nport = 5432\nfrom = "192.168.1.0/24"\nwhy = "x"\n'
    '[[door]]\nport = 68\ntransport = "udp"\nfrom = "internet"\nwhy = "x"\n'
)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "doors.toml"
    path.write_text(HEAD + SSH + MORE, encoding="ascii")
    return path


def left(*words: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["policy", "prove", *words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_a_proof_leaves_with_success(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert left("--policy", str(policy), *RULES) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0-65535/tcp  proved",
        "0-65535/udp  proved",
        "",
        "Proved: by the firewall, nobody reaches a port but those whom the policy names.",
    ]


def test_a_hole_is_shown_and_leaves_with_one(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.write_text(HEAD + SSH, encoding="ascii")
    assert left("--policy", str(policy), *RULES) == 1
    out = capsys.readouterr().out
    assert "2222/tcp        refuted  from" in out
    assert "ufw: limit 2222/tcp" in out
    assert left("--policy", str(policy), "--plain", *RULES) == 1
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["2222/tcp", "refuted", "eth0"] in [[row[0], row[1], row[3]] for row in rows]


def test_the_document_names_the_worst(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy.write_text(HEAD + SSH, encoding="ascii")
    assert left("--policy", str(policy), "--json", *RULES) == 1
    document = cast("dict[str, object]", json.loads(capsys.readouterr().out))
    assert (document["schema"], document["outcome"]) == ("tojimari.policy-prove/1", "refuted")


def test_rules_that_are_not_modelled_leave_it_undecided(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text(
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 25 -m string --string x -j ACCEPT\n"
        "COMMIT\n",
        encoding="ascii",
    )
    assert left("--policy", str(policy), "--ruleset", str(rules), *RULES[2:]) == 2
    out = capsys.readouterr().out
    assert "25/tcp        undecided" in out
    assert "not decided: -m string --string x" in out
    rules.write_text("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", encoding="ascii")
    assert left("--policy", str(policy), "--ruleset", str(rules), *RULES[2:]) == 1
    assert "policy accept of chain INPUT" in capsys.readouterr().out


def test_without_rules_nothing_stands_in_the_way(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"nftables": []}', encoding="ascii")
    assert left("--policy", str(policy), "--ruleset", str(rules), *RULES[2:]) == 1
    assert "no rule stands in the way" in capsys.readouterr().out


def test_without_a_policy_there_is_nothing_to_prove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert left(*RULES) == 2
    assert "there is no policy to prove" in capsys.readouterr().err
