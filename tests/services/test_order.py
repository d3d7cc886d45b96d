"""The order of speaking over TCP, without anybody to speak with."""

import pytest

from searching import hung_up, said, searched
from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.core.service import Confidence, Outcome, Service
from tojimari.services import limits
from tojimari.services.attempt import Ending
from tojimari.services.catalogue import expected, over, protocols
from tojimari.services.contact import Contact, Ended
from tojimari.services.tlsfacts import TlsFacts

TLS13 = TlsFacts("TLSv1.3", "X")
HTTP = Service("http", details={"status": 200})
BAD = Service("http", details={"status": 400})


def test_the_program_comes_before_the_number() -> None:
    names = [one.name for one in expected(80, "/usr/sbin/sshd", over(Transport.TCP))]
    assert names == ["ssh"]
    assert expected(80, "/usr/bin/python3", over(Transport.TCP))[0].name == "http"
    assert expected(4711, None, over(Transport.TCP)) == ()


def test_a_program_that_speaks_several_speaks_first_what_the_number_says() -> None:
    names = [one.name for one in expected(110, "/usr/sbin/dovecot", over(Transport.TCP))]
    assert names[0] == "pop3"
    assert "imap" in names


def test_a_number_is_spoken_to_at_once() -> None:
    told = searched(80, [said(HTTP)])
    assert told.spoken == ["http"]
    assert told.attempts[0].listen == 0.0
    assert told.attempts[0].expected


def test_a_number_of_tls_begins_with_a_handshake() -> None:
    told = searched(443, [])
    assert told.attempts[0].tls
    assert told.attempts[0].alpn == ("http/1.1",)


def test_a_number_where_the_server_greets_is_listened_to() -> None:
    first = searched(22, []).attempts[0]
    assert first.listen == limits.GREETING
    assert first.listeners[0].name == "ssh"
    assert searched(993, []).attempts[0].listen == limits.GREETING


def test_an_unknown_number_is_listened_to_then_asked_for_tls_then_for_a_page() -> None:
    told = searched(4711, [])
    assert told.attempts[0].listen == limits.BANNER
    assert told.attempts[0].inside is not None
    assert told.spoken[:2] == [None, "http"]
    assert told.found.outcome is Outcome.SILENT
    assert len(told.attempts) == 4


def test_the_rest_is_chosen_by_how_strangers_were_taken() -> None:
    waits = searched(4711, [])
    assert waits.spoken[2:] == ["dns", "smb"]
    drops = searched(4711, [hung_up("tls"), hung_up("http")])
    assert drops.spoken[2:] == ["postgresql", "mqtt"]
    half = searched(4711, [hung_up("tls")])
    assert half.spoken[2] == "ldap"


@pytest.mark.parametrize(
    ("at", "spoken"),
    [
        (1, ["socks"]),
        (2, ["epmd", "openvpn"]),
        (4, ["postgresql", "rpcbind", "git"]),
        (5, ["mqtt", "ldap"]),
        (8, ["mssql", "fastcgi", "oracle"]),
        (12, ["x11"]),
        (16, ["mongodb"]),
        (24, ["adb"]),
    ],
)
def test_the_byte_at_which_it_hangs_up_tells_what_it_may_be(at: int, spoken: list[str]) -> None:
    told = searched(4711, [hung_up("tls", at=at)])
    assert told.spoken[1 : 1 + len(spoken)] == spoken
    assert len(told.attempts) == 4


@pytest.mark.parametrize(
    ("result", "ended"),
    [
        (None, Ended.REFUSED),
        (Ending(spoke=("iperf3",)), Ended.RESET),
        (Ending(spoke=("iperf3",)), Ended.OPEN),
    ],
)
def test_who_shuts_the_door_after_an_answer_is_known_by_the_answer(
    result: Ending | None, ended: Ended
) -> None:
    asked = Contact(Ending(spoke=("tls",)), Ended.OPEN, heard=b"\t")
    told = searched(4711, [asked, Contact(result, ended)])
    assert told.found.service is not None
    assert told.found.service.protocol == "iperf3"


def test_hanging_up_may_be_noticed_late() -> None:
    assert searched(4711, [hung_up("tls", at=14)]).spoken[1:] == ["jdwp", "x11", "http"]


def test_an_answer_in_its_own_tongue_decides() -> None:
    mail = Contact(Ending(spoke=("http",)), Ended.OPEN, heard=b"220 lab.test ESMTP Postfix\r\n")
    told = searched(80, [mail, said(Service("smtp"))])
    assert told.attempts[1].listeners[0].name == "smtp"
    assert told.found.outcome is Outcome.IDENTIFIED


def test_a_complaint_of_http_is_believed_only_where_tls_is_not_spoken() -> None:
    told = searched(8080, [Contact(Ending(service=BAD, spoke=("http",)), Ended.OPEN)])
    assert told.attempts[1].tls
    assert told.found.service == BAD


def test_an_alert_asks_for_a_handshake() -> None:
    alert = Contact(Ending(spoke=("http",)), Ended.OPEN, heard=b"\x15\x03\x01\x00\x02\x02\x46")
    told = searched(8080, [alert])
    assert told.attempts[1].tls
    assert told.found.outcome is Outcome.TLS_ONLY
    assert told.found.because is not None


def test_the_versions_of_tls_are_asked_with_what_is_left() -> None:
    inside = Contact(
        Ending(service=HTTP, spoke=("tls", "http"), secured=True), Ended.OPEN, tls=TLS13
    )
    answer = said(Service("tls", details={"accepted": "TLSv1.2", "alpn": "h2"}))
    told = searched(443, [inside, answer])
    assert told.spoken == ["http", "TLSv1.2", "TLSv1.1"]
    assert told.found.service is not None
    assert told.found.service.details["tls-versions"] == "TLSv1.3 TLSv1.2"
    assert told.found.service.details["tls-alpn"] == "h2"
    assert told.found.service.tls


def test_the_budget_ends_the_questions_about_versions() -> None:
    inside = Contact(
        Ending(service=HTTP, spoke=("tls", "http"), secured=True), Ended.OPEN, tls=TLS13
    )
    assert searched(443, [inside], budget=1).spoken == ["http"]


def test_tls_with_nothing_known_inside() -> None:
    inside = Contact(Ending(spoke=("tls", "http"), secured=True), Ended.OPEN, tls=TLS13)
    told = searched(443, [inside])
    assert told.spoken[1] == "h2"
    assert told.found.outcome is Outcome.TLS_ONLY


def test_a_broken_peer_is_spoken_to_no_more() -> None:
    ssh = next(one for one in protocols() if one.name == "ssh")
    broken = Contact(
        Ending(protocol=ssh, error=Message("peer", "broken"), banner=b"SSH-\n"),
        Ended.OPEN,
        heard=b"SSH-\n",
    )
    told = searched(22, [broken])
    assert len(told.attempts) == 1
    assert told.found.outcome is Outcome.PEER_ERROR
    assert told.found.service is not None
    assert told.found.service.confidence is Confidence.LIKELY


def test_a_greeting_that_nobody_knows_ends_the_search() -> None:
    strange = Contact(Ending(banner=b"HUH\n"), Ended.OPEN, heard=b"HUH\n")
    told = searched(4711, [strange])
    assert len(told.attempts) == 1
    assert told.found.outcome is Outcome.UNKNOWN
    assert told.found.heard == b"HUH\n"


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (Ended.REFUSED, Outcome.REFUSED),
        (Ended.UNREACHABLE, Outcome.UNREACHABLE),
        (Ended.RESET, Outcome.RESET),
    ],
)
def test_how_it_never_began(ended: Ended, outcome: Outcome) -> None:
    told = searched(4711, [Contact(None, ended)])
    assert told.found.outcome is outcome


def test_several_at_one_number_are_tried_in_turn() -> None:
    told = searched(9000, [hung_up("http")])
    assert told.spoken[:3] == ["http", "fastcgi", "clickhouse"]


def test_a_second_silence_is_listened_to_with_tls_in_mind() -> None:
    told = searched(6379, [hung_up("redis")])
    assert told.attempts[1].inside is not None
