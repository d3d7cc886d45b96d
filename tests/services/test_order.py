"""The order of speaking, without anybody to speak with."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message
from tojimari.core.service import Confidence, Outcome, Service
from tojimari.services import dnsmessage, limits
from tojimari.services.attempt import Attempt, Ending
from tojimari.services.catalogue import expected, over, protocols
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import Peer
from tojimari.services.order import Found, search, search_datagrams
from tojimari.services.protocols import dns_udp, quic
from tojimari.services.recording import heard as replayed
from tojimari.services.tlsfacts import TlsFacts

TLS13 = TlsFacts("TLSv1.3", "X")
HTTP = Service("http", details={"status": 200})
BAD = Service("http", details={"status": 400})


@dataclass
class Told:
    """What the search did, and what it found."""

    attempts: list[Attempt]
    found: Found

    @property
    def spoken(self) -> list[str | None]:
        return [one.speak.name if one.speak else None for one in self.attempts]


def searched(
    port: int,
    contacts: Sequence[Contact[Ending]],
    *,
    executable: str | None = None,
    transport: Transport = Transport.TCP,
    budget: int = 4,
) -> Told:
    """Run a search; after the contacts that are given, nobody says anything."""
    peer = Peer(Endpoint(transport, "192.0.2.1", port), "lab.test", bytes(range(32)))
    ways = {Transport.TCP: search, Transport.UDP: search_datagrams}
    running = ways[transport](peer, over(transport), executable=executable, budget=budget)
    attempts: list[Attempt] = []
    left = list(contacts)
    try:
        attempt = next(running)
        while True:
            attempts.append(attempt)
            contact = left.pop(0) if left else silence(attempt)
            attempt = running.send(contact)
    except StopIteration as end:
        return Told(attempts, end.value)


def silence(attempt: Attempt, ended: Ended = Ended.OPEN) -> Contact[Ending]:
    spoke = ("tls",) if attempt.inside else (attempt.speak.name,) if attempt.speak else ()
    return Contact(Ending(spoke=spoke), ended)


def said(service: Service | None, **more: object) -> Contact[Ending]:
    return Contact(Ending(service=service, **more), Ended.OPEN)  # type: ignore[arg-type]  # a row


def hung_up(*spoke: str, at: int | None = None) -> Contact[Ending]:
    return Contact(Ending(spoke=spoke), Ended.CLOSED, hung_up_at=at)


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


def test_who_shuts_the_door_after_an_answer_is_known_by_the_answer() -> None:
    asked = Contact(Ending(spoke=("tls",)), Ended.OPEN, heard=b"\t")
    told = searched(4711, [asked, Contact(None, Ended.REFUSED)])
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


UDP = Transport.UDP


class TestOverUdp:
    def test_what_the_number_says_is_asked_before_the_likeliest(self) -> None:
        told = searched(161, [], transport=Transport.UDP)
        assert told.spoken == ["snmp", "dns", "stun", "quic"]
        assert [one.expected for one in told.attempts] == [True, False, False, False]
        assert told.found.outcome is Outcome.SILENT

    def test_where_the_program_is_known_no_stranger_is_asked(self) -> None:
        told = searched(4711, [], transport=Transport.UDP, executable="/usr/sbin/snmpd")
        assert told.spoken == ["snmp"]

    def test_elsewhere_the_likeliest_are(self) -> None:
        told = searched(4711, [], transport=Transport.UDP)
        assert told.spoken == ["dns", "snmp", "stun", "quic"]

    def test_a_name_server_and_a_time_server_are_woken_by_one_question(self) -> None:
        peer = Peer(Endpoint(UDP, "192.0.2.1", 4711), "x", bytes(range(32)), expected=False)
        question = dns_udp.first_words(peer)
        assert (len(question), question[0]) == (48, 0x23)  # NTP: version 4, mode 3
        assert dnsmessage.parsed(question[:2] + b"\x80" + question[3:], None) is not None
        time = bytes([0x24]) + bytes(23) + question[40:48] + bytes(16)
        heard = Contact(Ending(spoke=("dns",)), Ended.OPEN, heard=time)
        told = searched(4711, [heard, said(Service("ntp"))], transport=UDP)
        assert told.spoken == ["dns", "ntp"]

    def test_a_call_to_a_portmapper_wakes_quic_as_well(self) -> None:
        peer = Peer(Endpoint(UDP, "192.0.2.1", 4711), "x", bytes(range(32)), expected=False)
        question = quic.also_rpc(peer)
        assert question[0] & 0xC0 == 0xC0  # RFC 9000, section 17.2
        assert question[5:7] == b"\0\0"  # both connection identifiers are empty
        chosen = b"\x80" + bytes(4) + b"\0\0" + b"\0\0\0\1"
        assert replayed(chosen, quic.PROTOCOL.dialogue(peer), datagrams=True) is not None
        reply = question[:4] + (1).to_bytes(4, "big") + bytes(16) + bytes(4)
        heard = Contact(Ending(spoke=("quic",)), Ended.OPEN, heard=reply)
        told = searched(4711, [silence(Attempt()), heard, said(Service("rpcbind"))], transport=UDP)
        assert told.spoken == ["dns", "snmp", "rpcbind"]

    def test_where_the_budget_is_spent_an_answer_is_understood_as_it_is(self) -> None:
        refused = b"\0\5\0\4Missing mode\0"
        heard = Contact(Ending(spoke=("stun",)), Ended.OPEN, heard=refused)
        silent = Contact(Ending(spoke=("snmp",)), Ended.OPEN)
        told = searched(161, [silent, heard], transport=UDP, budget=2)
        assert told.found.service is not None
        assert told.found.service.protocol == "tftp"

    def test_an_answer_to_another_question_is_followed(self) -> None:
        sip = b"SIP/2.0 200 OK\r\nServer: kamailio (5.6.3)\r\n\r\n"
        heard = Contact(Ending(spoke=("dns",)), Ended.OPEN, heard=sip)
        told = searched(4711, [heard, said(Service("sip"))], transport=Transport.UDP)
        assert told.spoken == ["dns", "sip"]
        assert told.found.outcome is Outcome.IDENTIFIED

    def test_a_shut_door_is_asked_once(self) -> None:
        shut = Contact(Ending(spoke=("dns",)), Ended.REFUSED)
        told = searched(4711, [shut], transport=Transport.UDP)
        assert told.found.outcome is Outcome.REFUSED
        assert len(told.attempts) == 1

    def test_a_broken_peer_is_said_so(self) -> None:
        broken = Contact(Ending(error=Message("peer", "broken")), Ended.OPEN, heard=b"x")
        told = searched(161, [broken], transport=Transport.UDP)
        assert told.found.outcome is Outcome.PEER_ERROR

    def test_nothing_is_sent_where_nobody_answers(self) -> None:
        told = searched(51820, [], transport=Transport.UDP)
        assert told.attempts == []
        assert told.found.because is not None
