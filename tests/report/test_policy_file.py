import datetime as dt
from dataclasses import replace

from scenery import door, owner
from tojimari.core.exposure import Zone
from tojimari.core.meaning import Meaning
from tojimari.core.socket import Evidence, Owner
from tojimari.policy.document import read
from tojimari.policy.draft import Proposal, proposals
from tojimari.policy.writing import Line
from tojimari.report import policy_file
from tojimari.report.language import Language

TODAY = dt.date(2026, 11, 20)
REDIS = proposals(
    [door(6379, "127.0.0.1", meaning=Meaning(service="redis"), widest=Zone.THIS_MACHINE)]
)[0]
SSH = proposals([door(22, "::", owner("sshd", 812, "ssh.service"))])[0]


def meant(proposal: Proposal, why: str = "x") -> tuple[Line, Proposal]:
    return replace(proposal.line, why=why), proposal


def test_the_file_has_what_is_meant_and_in_comments_what_is_not() -> None:
    shown = policy_file.text(
        "web1", TODAY, [meant(SSH, "Administrators log in.")], [REDIS], Language.ENGLISH
    )

    assert (
        shown
        == """\
# Which doors (ports) of web1 are meant to be open, to whom and why.
# Made on 2026-11-20 from what was open then. Keep it in git.
# "tojimari check" judges by it, "tojimari policy lint" looks it over.

schema = "tojimari.doors/1"

# 22/tcp: sshd ssh.service; address: any IPv6; reachable from: the local network (LAN)
[[door]]
port = 22
from = ["lan"]
unit = "ssh.service"
why = "Administrators log in."

# Open when this file was made and not meant to be. Close them, or write lines for them:
#   6379/tcp redis: redis-server redis.service; address: 127.0.0.1; reachable from: this machine
"""
    )
    assert read(shown.encode()).use().intents[0].why == "Administrators log in."


def test_the_comments_are_in_the_reader_s_language() -> None:
    shown = policy_file.text("web1", TODAY, [], [REDIS], Language.JAPANESE)

    assert (
        shown
        == """\
# web1 のどの扉 (ポート) を、誰のために、なぜ開けておくか。
# 2026-11-20 に開いていた扉から作りました。git に入れておきましょう。
# "tojimari check" がこれをもとに確かめ、"tojimari policy lint" が書き間違いを探します。

schema = "tojimari.doors/1"

# このファイルを作ったときに開いていて、予定にはない扉です。閉めるか、行を書いてください:
#   6379/tcp redis: redis-server redis.service、アドレス: 127.0.0.1、入れるところ: この機械
"""
    )


def test_nothing_open_makes_a_file_without_doors() -> None:
    shown = policy_file.text("web1", TODAY, [], [], Language.ENGLISH)

    assert read(shown.encode()).use().intents == ()


def test_no_name_of_a_program_gets_out_of_its_comment() -> None:
    evil = Owner(Evidence.DESCRIPTOR, pid=4, name="x\n[[door]]\nport = 23", exe="/x")
    proposal = proposals([door(80, "::", evil)])[0]

    shown = policy_file.text("a\nb", TODAY, [meant(proposal)], [proposal], Language.ENGLISH)

    assert [one.ports.first for one in read(shown.encode()).use().intents] == [80]


def test_a_door_of_nobody_known_says_so() -> None:
    found = door(80)
    assert found.listener is not None
    orphan = replace(found, listener=replace(found.listener, owners=()))

    assert policy_file.described(proposals([orphan])[0], Language.ENGLISH) == (
        "80/tcp: owner not seen; address: any IPv4; reachable from: the local network (LAN)"
    )


def test_the_widest_door_of_a_line_is_told() -> None:
    near, far = door(80, "127.0.0.1", widest=Zone.THIS_MACHINE), door(80, "::1")

    assert policy_file.widest(proposals([near, far])[0]) is Zone.LAN


def test_a_reason_that_nobody_gave_says_so() -> None:
    assert policy_file.unreviewed("web1", TODAY, Language.ENGLISH) == (
        "Was open on web1 on 2026-11-20; nobody has said yet what for. Say why, or close it."
    )
