import os
import subprocess
import sys
from pathlib import Path

import pytest

from nobody import become_nobody, become_root_again
from tojimari.linux import netfilter

# Asked in a namespace of its own, where nobody else makes tables.
_ASK = """
import subprocess
from tojimari.linux import netfilter
def said():
    return netfilter.has_tables(), netfilter.takes_loopback_from_outside()
print(*said())
for words in {steps!r}:
    subprocess.run(words.split(), check=True)
    print(*said())
"""


def answers(*steps: str) -> list[str]:
    line = ["unshare", "--net", "--mount", sys.executable, "-c", _ASK.format(steps=steps)]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.usefixtures("root")
def test_a_table_is_known_without_a_program_that_lists_it() -> None:
    assert answers("nft add table inet x", "nft delete table inet x") == [
        "False False",
        "True False",
        "False False",
    ]


@pytest.mark.usefixtures("root")
def test_a_table_of_the_old_kind_is_known_too() -> None:
    assert answers("iptables-legacy -A INPUT -j ACCEPT")[-1] == "True False"


@pytest.mark.usefixtures("root")
def test_a_setting_that_opens_the_loopback_network_is_seen() -> None:
    found = answers("sysctl -qw net.ipv4.conf.all.route_localnet=1")
    assert found == ["False False", "False True"]


@pytest.mark.usefixtures("root")
def test_whoever_may_not_know_is_told_so() -> None:
    groups = become_nobody()
    try:
        with pytest.raises(PermissionError):
            netfilter.has_tables()
    finally:
        become_root_again()
        os.setgroups(groups)


def test_a_kernel_without_such_tables_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(family: int) -> None:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(netfilter, "NetlinkSocket", refuse)
    monkeypatch.setattr(netfilter, "LEGACY", ("/nowhere",))
    assert not netfilter.has_tables()


def test_an_unknown_refusal_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(family: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(netfilter, "NetlinkSocket", refuse)
    with pytest.raises(OSError, match="Input/output"):
        netfilter.has_tables()


def test_settings_that_cannot_be_read_open_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "eth0").mkdir()
    monkeypatch.setattr(netfilter, "SETTINGS", str(tmp_path))
    assert not netfilter.takes_loopback_from_outside()
    monkeypatch.setattr(netfilter, "SETTINGS", str(tmp_path / "nowhere"))
    assert not netfilter.takes_loopback_from_outside()
