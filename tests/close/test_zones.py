"""Which zones of firewalld packets can come by, in the words of its versions."""

from pathlib import Path

import pytest

from tojimari.close import zones


def test_zones_are_the_lines_that_begin_at_the_left() -> None:
    old = "public\n  interfaces: eth0\nhome\n  sources: 192.0.2.0/24\n"
    assert zones.named(old) == ["public", "home"]
    new = "public (default)\n  interfaces: eth0 eth1\n"
    assert zones.named(new) == ["public"]
    assert zones.named("") == []


def test_where_firewalld_does_not_run_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert zones.zones() == ()  # it is not installed
    client = tmp_path / "firewall-cmd"
    client.write_text(
        "#!/bin/sh\necho 'FirewallD is not running' >&2; exit 252\n", encoding="ascii"
    )
    client.chmod(0o755)
    assert zones.zones() == ()
    client.write_text("#!/bin/sh\necho public\n", encoding="ascii")
    assert zones.zones() == ("public",)
