"""A firewall out of files, whatever wrote them."""

from pathlib import Path

import pytest

from tojimari.app import reach
from tojimari.app.firewall import from_files, text_of
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.exposure import Certainty, Zone

DUMP = "*filter\r\n:INPUT DROP [0:0]\r\n-A INPUT -p tcp --dport 22 -j ACCEPT\r\nCOMMIT\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "rules"
    file.write_bytes(DUMP.encode(encoding))
    made = from_files([text_of(file)], ["192.0.2.1/24@eth0"])
    row = reach.row(made, Transport.TCP, 22)
    assert row.exposure.certainty(Zone.INTERNET) is Certainty.YES
    assert reach.row(made, Transport.TCP, 23).exposure.certainty(Zone.INTERNET) is Certainty.NO


def test_bytes_of_no_encoding_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "rules"
    file.write_bytes(DUMP.encode().replace(b"-j", b'-m comment --comment "\xff\xfe" -j'))
    (chain, *_) = from_files([text_of(file)]).ruleset.tables[0].chains.values()
    assert chain.rules[0].comment == "\udcff\udcfe"


def test_what_a_dump_leaves_out_is_unseen_once() -> None:
    warning = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
    made = from_files([warning + DUMP + warning], names=["rules.v4"])
    assert [one.message.code for one in made.unseen] == ["other-tables"]


def test_a_broken_file_is_named_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"^b\.txt:2: "):
        from_files([DUMP, "*filter\nwhat\n"], names=["a.txt", "b.txt"])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        text_of(tmp_path / "missing")
