import os
from dataclasses import replace
from pathlib import Path

import pytest

from tojimari.close.journal import Journal, boot, folder
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, RefusedError, UsageError
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Element, Kind, Target
from tojimari.core.record import Record, State

RECORD = Record(
    id="0a1b2c",
    at=1.0,
    boot="x",
    command="tojimari close 6379",
    operator="root",
    targets=(Target(Transport.TCP, 6379),),
    move="firewall",
    deeds=(
        Deed(Kind.WRITE, path="/etc/x", before=b"\xff\r\n", after=b"\x00"),
        Deed(Kind.SHUT, elements=(Element("closed", "tcp . 6379"),), seconds=60),
    ),
    notes=(Message("code", "said of {port}", {"port": 6379}),),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "state")
    made.prepare()
    return made


def test_what_is_written_is_read_back_byte_for_byte(journal: Journal) -> None:
    journal.write(RECORD)
    assert Journal(journal.path).all() == [RECORD]


def test_a_record_is_replaced_and_nothing_else_is_left(journal: Journal) -> None:
    journal.write(RECORD)
    journal.write(replace(RECORD, state=State.CONFIRMED))
    assert [one.name for one in journal.records.iterdir()] == ["0a1b2c.json"]
    assert journal.get("0a").state is State.CONFIRMED


def test_records_come_the_oldest_first(journal: Journal) -> None:
    journal.write(replace(RECORD, id="000000", at=3.0))
    journal.write(replace(RECORD, id="ffffff", at=2.0))
    assert [one.id for one in journal.all()] == ["ffffff", "000000"]


def test_an_identifier_that_fits_none_or_several_is_refused(journal: Journal) -> None:
    journal.write(replace(RECORD, id="aa0000"))
    journal.write(replace(RECORD, id="aa0001"))
    for start in ("aa", "bb"):
        with pytest.raises(UsageError):
            journal.get(start)
    assert journal.get("aa0001").id == "aa0001"


def test_the_second_at_once_is_told_who_is_first(journal: Journal) -> None:
    with journal.alone(), pytest.raises(RefusedError) as refused, Journal(journal.path).alone():
        pass
    assert refused.value.message.values["pid"] == str(os.getpid())
    with journal.alone():
        pass


def test_a_folder_that_others_can_write_into_is_not_believed(journal: Journal) -> None:
    journal.records.chmod(0o777)
    with pytest.raises(RefusedError):
        journal.prepare()


def test_a_record_that_is_damaged_is_said_and_not_passed_over(journal: Journal) -> None:
    journal.write(RECORD)
    (journal.records / "0a1b2c.json").write_bytes(b"{")
    with pytest.raises(HostError):
        journal.all()


def test_the_folder_is_the_usual_one_or_that_of_the_environment() -> None:
    assert folder({}) == Path("/var/lib/tojimari")
    assert folder({"TOJIMARI_STATE": "/tmp/x"}) == Path("/tmp/x")


def test_the_kernel_names_each_boot() -> None:
    assert len(boot()) == 36
