from pathlib import Path

import pytest

from tojimari.close import latch_unit
from tojimari.close.journal import Journal
from tojimari.close.units import System
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError
from tojimari.core.plan import Deed, Kind, Target
from tojimari.core.record import Record, State

FOR_GOOD = Record(
    id="0a1b2c",
    at=1.0,
    boot="this",
    command="tojimari close 6379",
    operator="root",
    targets=(Target(Transport.TCP, 6379),),
    move="firewall",
    deeds=(Deed(Kind.SHUT),),
    state=State.CONFIRMED,
)


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of units that is nobody's, and no systemctl to be found."""
    found = tmp_path / "units"
    found.mkdir()
    monkeypatch.setattr(latch_unit, "FOLDER", found)
    monkeypatch.setenv("PATH", str(tmp_path))
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "state")
    made.prepare()
    return made


def machine(folder: Path, manager: str) -> System:
    """One on which a service manager runs."""
    (folder / "run" / manager).mkdir(parents=True)
    return System(str(folder))


def test_the_unit_keeps_the_words_that_lead_to_this_code_and_this_journal() -> None:
    environment = {"PYTHONPATH": '/opt/a "b"%c\\d', "TOJIMARI_STATE": "", "HOME": "/root"}
    lines = latch_unit.text("/var/lib/tojimari", "/usr/bin/python3", environment).splitlines()
    assert "ExecStart=/usr/bin/python3 -P -m tojimari.app.latch" in lines
    assert 'Environment="PYTHONPATH=/opt/a \\"b\\"%%c\\\\d"' in lines
    assert len([one for one in lines if one.startswith("Environment=")]) == 1
    assert "Before=network-pre.target shutdown.target" in lines


def test_where_there_is_no_systemd_nothing_is_written(
    tmp_path: Path, units: Path, journal: Journal
) -> None:
    journal.write(FOR_GOOD)
    latch_unit.settle(journal, machine(tmp_path, "openrc"))
    assert list(units.iterdir()) == []


def test_where_systemd_runs_the_unit_is_written_for_what_is_closed_for_good(
    tmp_path: Path, units: Path, journal: Journal
) -> None:
    journal.write(FOR_GOOD)
    with pytest.raises(HostError, match="systemctl"):
        latch_unit.settle(journal, machine(tmp_path, "systemd/system"))
    assert f"RequiresMountsFor={journal.path} " in (units / latch_unit.NAME).read_text("ascii")


def test_where_nothing_is_closed_for_good_systemd_is_not_asked(
    tmp_path: Path, units: Path, journal: Journal
) -> None:
    latch_unit.settle(journal, machine(tmp_path, "systemd/system"))
    assert list(units.iterdir()) == []
