"""The order of speaking over UDP, without anybody to speak with."""

from searching import said, searched, silence
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message
from tojimari.core.service import Outcome, Service
from tojimari.services import dnsmessage
from tojimari.services.attempt import Attempt, Ending
from tojimari.services.contact import Contact, Ended
from tojimari.services.dialogue import Peer
from tojimari.services.protocols import dns_udp, quic
from tojimari.services.recording import heard as replayed

UDP = Transport.UDP


def test_what_the_number_says_is_asked_before_the_likeliest() -> None:
    told = searched(161, [], transport=Transport.UDP)
    assert told.spoken == ["snmp", "dns", "stun", "quic"]
    assert [one.expected for one in told.attempts] == [True, False, False, False]
    assert told.found.outcome is Outcome.SILENT


def test_where_the_program_is_known_no_stranger_is_asked() -> None:
    told = searched(4711, [], transport=Transport.UDP, executable="/usr/sbin/snmpd")
    assert told.spoken == ["snmp"]


def test_elsewhere_the_likeliest_are() -> None:
    told = searched(4711, [], transport=Transport.UDP)
    assert told.spoken == ["dns", "snmp", "stun", "quic"]


def test_a_name_server_and_a_time_server_are_woken_by_one_question() -> None:
    peer = Peer(Endpoint(UDP, "192.0.2.1", 4711), "x", bytes(range(32)), expected=False)
    question = dns_udp.first_words(peer)
    assert (len(question), question[0]) == (48, 0x23)  # NTP: version 4, mode 3
    assert dnsmessage.parsed(question[:2] + b"\x80" + question[3:], None) is not None
    time = bytes([0x24]) + bytes(23) + question[40:48] + bytes(16)
    heard = Contact(Ending(spoke=("dns",)), Ended.OPEN, heard=time)
    told = searched(4711, [heard, said(Service("ntp"))], transport=UDP)
    assert told.spoken == ["dns", "ntp"]


def test_a_call_to_a_portmapper_wakes_quic_as_well() -> None:
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


def test_where_the_budget_is_spent_an_answer_is_understood_as_it_is() -> None:
    refused = b"\0\5\0\4Missing mode\0"
    heard = Contact(Ending(spoke=("stun",)), Ended.OPEN, heard=refused)
    silent = Contact(Ending(spoke=("snmp",)), Ended.OPEN)
    told = searched(161, [silent, heard], transport=UDP, budget=2)
    assert told.found.service is not None
    assert told.found.service.protocol == "tftp"


def test_an_answer_to_another_question_is_followed() -> None:
    sip = b"SIP/2.0 200 OK\r\nServer: kamailio (5.6.3)\r\n\r\n"
    heard = Contact(Ending(spoke=("dns",)), Ended.OPEN, heard=sip)
    told = searched(4711, [heard, said(Service("sip"))], transport=Transport.UDP)
    assert told.spoken == ["dns", "sip"]
    assert told.found.outcome is Outcome.IDENTIFIED


def test_a_shut_door_is_asked_once() -> None:
    shut = Contact(Ending(spoke=("dns",)), Ended.REFUSED)
    told = searched(4711, [shut], transport=Transport.UDP)
    assert told.found.outcome is Outcome.REFUSED
    assert len(told.attempts) == 1


def test_a_broken_peer_is_said_so() -> None:
    broken = Contact(Ending(error=Message("peer", "broken")), Ended.OPEN, heard=b"x")
    told = searched(161, [broken], transport=Transport.UDP)
    assert told.found.outcome is Outcome.PEER_ERROR


def test_nothing_is_sent_where_nobody_answers() -> None:
    told = searched(51820, [], transport=Transport.UDP)
    assert told.attempts == []
    assert told.found.because is not None
