"""Which public networks may be scanned."""

import ipaddress
from pathlib import Path

import pytest

from tojimari.core.errors import HostError, UsageError
from tojimari.scan import permission
from tojimari.scan.intervals import network


def test_the_networks_of_the_file_are_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "tojimari"
    folder.mkdir()
    (folder / "scan.toml").write_text('may-scan = ["8.8.8.0/24", "2001:db8::/48"]\n')
    found = permission.allowed({"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == {4: (network("8.8.8.0/24"),), 6: (network("2001:db8::/48"),)}


def test_without_a_file_nothing_is(tmp_path: Path) -> None:
    assert permission.allowed({"HOME": str(tmp_path)}) == {}


def test_a_file_that_may_not_be_seen_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert permission.allowed({"XDG_CONFIG_HOME": str(tmp_path / "file")}) == {}


def test_the_user_s_file_is_looked_for_at_home() -> None:
    first, second = permission.places({"HOME": "/home/taro"})
    assert first == Path("/home/taro/.config/tojimari/scan.toml")
    assert second == Path("/etc/tojimari/scan.toml")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "tojimari"
    folder.mkdir()
    (folder / "scan.toml").write_bytes(b"\xff")
    with pytest.raises(HostError, match="cannot be read"):
        permission.allowed({"XDG_CONFIG_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("may-scan = [", "no TOML"),
        ("may_scan = []", "nobody knows the key may_scan"),
        ('may-scan = "8.8.8.0/24"', "a list of networks"),
        ('may-scan = ["8.8.8.1/24"]', "no network: 8.8.8.1/24"),
        ("may-scan = [[]]", "no network"),
    ],
)
def test_a_mistake_is_told_as_it_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        permission.parse(text, "scan.toml")


def test_a_single_address_is_a_network() -> None:
    ((version, span),) = permission.parse('may-scan = ["8.8.8.8"]', "scan.toml")
    assert (version, span[0]) == (4, int(ipaddress.ip_address("8.8.8.8")))
