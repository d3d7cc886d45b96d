import json
from dataclasses import replace

import msgspec

from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Element, Kind, Target
from tojimari.core.record import Record, State
from tojimari.report import journal, journal_document
from tojimari.report.language import Language
from tojimari.report.view import View

OLD, NEW = b"a\nbind *\n", b"a\nbind ::1\n"
RECORD = Record(
    id="3fa2c1",
    at=1_700_000_000.0,
    boot="x",
    command="tojimari close 6379 \x1b[2J",
    operator="taro",
    targets=(Target(Transport.TCP, 6379),),
    move="config",
    deeds=(
        Deed(Kind.RUN, reverse=("systemctl", "restart", "redis-server.service")),
        Deed(Kind.WRITE, path="/etc/redis/redis.conf", before=OLD, after=NEW),
        Deed(Kind.RUN, ("systemctl", "restart", "redis-server.service")),
        Deed(Kind.SHUT, elements=(Element("closed", "tcp . 6379"),), seconds=60),
        Deed(Kind.SIGNAL, pid=12, signal=15),
    ),
    state=State.PENDING,
    notes=(Message("x", "cut off at step {begun} of {all}; everything was undone",
                   {"begun": 1, "all": 2}),),
)  # fmt: skip


def test_a_change_in_full_shows_what_is_done_and_how_it_is_undone() -> None:
    lines = list(journal.whole(RECORD, View(Language.ENGLISH)))
    assert lines[0] == "3fa2c1  not confirmed  6379/tcp"
    assert lines[2:] == [
        "      undone by: systemctl restart redis-server.service",
        "  --- /etc/redis/redis.conf",
        "  +++ /etc/redis/redis.conf",
        "  @@ -1,2 +1,2 @@",
        "   a",
        "  -bind *",
        "  +bind ::1",
        "  $ systemctl restart redis-server.service",
        "  $ nft add element inet tojimari closed '{ tcp . 6379 timeout 60s }'",
        "  $ kill -15 12",
        "  cut off at step 1 of 2; everything was undone",
    ]


def test_no_escape_of_a_command_line_reaches_the_terminal() -> None:
    for lines in (
        journal.rows([RECORD], View(Language.JAPANESE)),
        journal.plain([RECORD]),
        journal.whole(RECORD, View(Language.ENGLISH)),
    ):
        assert "\x1b" not in "".join(lines)


def test_an_empty_journal_says_so() -> None:
    assert list(journal.rows([], View(Language.JAPANESE))) == [
        "この機械の扉が tojimari で変更されたことはありません。"
    ]


def test_a_row_says_how_each_change_is() -> None:
    (row,) = journal.rows([replace(RECORD, state=State.STUCK)], View(Language.ENGLISH))
    assert row.startswith("3fa2c1  2023-11-")
    assert "not wholly undone  6379/tcp  config" in row


def test_the_document_has_every_deed() -> None:
    found = json.loads(msgspec.json.encode(journal_document.document([RECORD])))
    (change,) = found["changes"]
    assert (found["schema"], change["state"]) == ("tojimari.journal/1", "pending")
    assert [one["kind"] for one in change["deeds"]] == ["run", "write", "run", "shut", "signal"]
    assert change["deeds"][0]["reverse"] == ["systemctl", "restart", "redis-server.service"]
