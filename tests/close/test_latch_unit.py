from pathlib import Path

from tojimari.close import latch_unit
from tojimari.close.journal import Journal


def test_the_unit_keeps_the_words_that_lead_to_this_code_and_this_journal() -> None:
    environment = {"PYTHONPATH": '/opt/a "b"%c\\d', "TOJIMARI_STATE": "", "HOME": "/root"}
    lines = latch_unit.text("/var/lib/tojimari", "/usr/bin/python3", environment).splitlines()
    assert "ExecStart=/usr/bin/python3 -P -m tojimari.app.latch" in lines
    assert 'Environment="PYTHONPATH=/opt/a \\"b\\"%%c\\\\d"' in lines
    assert len([one for one in lines if one.startswith("Environment=")]) == 1
    assert "Before=network-pre.target shutdown.target" in lines


def test_where_there_is_no_systemd_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    if latch_unit.is_possible():
        return  # a developer's own machine: it is not touched
    latch_unit.settle(journal)
    assert not (latch_unit.FOLDER / latch_unit.NAME).exists()
