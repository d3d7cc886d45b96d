"""What single protocols say and understand beyond their recordings."""

import struct

import pytest

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services.catalogue import PROTOCOLS
from tojimari.services.dialogue import Peer, Protocol
from tojimari.services.http import Response, response
from tojimari.services.recording import AGAIN, CLIENT, SERVER, TLS, Replay, Turn, heard

NONCE = bytes(range(32))
ME = Turn(CLIENT, b"")


def it(data: bytes) -> Turn:
    return Turn(SERVER, data)


def met(name: str, *turns: Turn, port: int | None = None, tls: bool = False) -> Service | None:
    protocol = catalog.entry(PROTOCOLS, name, "PROTOCOL", Protocol)
    number = port if port is not None else min(protocol.ports)
    peer = Peer(Endpoint(protocol.transport, "192.0.2.1", number), "lab.test", NONCE, tls=tls)
    datagrams = protocol.transport is Transport.UDP
    return Replay(turns, datagrams=datagrams).follow(protocol.dialogue(peer))


def known(name: str, *turns: Turn, port: int | None = None, tls: bool = False) -> Service:
    found = met(name, *turns, port=port, tls=tls)
    assert found is not None
    return found


def test_mysql_that_does_not_like_us_is_mysql_all_the_same() -> None:
    said = b"\xff\x6a\x04Host '192.0.2.9' is not allowed to connect to this MariaDB server"
    service = known("mysql", it(struct.pack("<I", len(said))[:3] + b"\0" + said))
    assert (service.product, service.details["error"]) == ("MariaDB", 1130)
    assert met("mysql", it(b"\x04\0\0\0\xff\x01\x00x")) is None
    assert met("mysql", it(b"\x05\0\0\0\x08\x35\0\0\0")) is None
    assert met("mysql", it(b"\x05\0\0\0\x0axyz\0")) is None


def test_redis_behind_a_password_tells_no_version() -> None:
    service = known("redis", ME, it(b"-NOAUTH Authentication required.\r\n"))
    assert (service.version, service.details["authentication"]) == (None, "yes")
    denied = known("redis", ME, it(b"-DENIED Redis is running in protected mode\r\n"))
    assert denied.details["protected-mode"] == "yes"
    assert met("redis", ME, it(b"-ERR no such mailbox\r\n")) is None
    valkey = b"$42\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\n\r\n"
    assert known("redis", ME, it(b"+PONG\r\n"), ME, it(valkey)).product == "Valkey"
    assert known("redis", ME, it(b"+PONG\r\n"), ME, it(b"+what\r\n")).version is None


def test_printers_are_named_by_ipp() -> None:
    body = b"\2\0\0\0\0\1\2\3\4\x42\0\x0cprinter-name\0\3lab\x42\0\1x\0\xff"
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    service = known("ipp", ME, it(head.encode() + body))
    assert service.details["printer-name"] == "lab"
    ended = body[:29] + b"\3"
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: {len(ended)}\r\n\r\n"
    )
    assert known("ipp", ME, it(head.encode() + ended)).details["printer-name"] == "lab"
    assert met("ipp", ME, it(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) is None


def test_old_smb_is_told() -> None:
    reply = b"\xffSMB\x72" + bytes(35)
    service = known("smb", ME, it(struct.pack(">I", len(reply)) + reply), port=445)
    assert service.details["smb1"] == "yes"


def test_a_netbios_session_comes_before_smb() -> None:
    assert met("smb", ME, it(b"\x83\0\0\1\x82"), port=139) is None


def test_vnc_says_why_not() -> None:
    why = b"Too many security failures"
    service = known("vnc", it(b"RFB 003.008\n"), ME, it(b"\0" + struct.pack(">I", len(why)) + why))
    assert service.details["refusal"] == why.decode()
    assert known("vnc", it(b"RFB 003.003\n")).details == {"rfb-version": "3.3"}


def test_rdp_takes_leave_in_its_own_way() -> None:
    assert known("rdp", ME, it(b"\3\0\0\x09\2\xf0\x80\x21\x80")).protocol == "rdp"
    refused = b"\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\3\0\x08\0\2\0\0\0"
    assert known("rdp", ME, it(refused)).details["refusal"] == 2


def test_amqp_of_another_version_names_it() -> None:
    service = known("amqp", ME, it(b"AMQP\0\1\0\0"))
    assert service.details["wanted-version"] == "0.1.0.0"


def test_cassandra_complains_in_its_own_way() -> None:
    said = struct.pack(">I", 10) + b"\0\x0bbad version"
    frame = struct.pack(">BBHBI", 0x84, 0, 0x0001, 0, len(said)) + said
    assert known("cassandra", ME, it(frame)).evidence == "bad version"
    assert met("cassandra", ME, it(struct.pack(">BBHBI", 0x84, 0, 0x0001, 9, 0))) is None


def test_memcached_of_old_knows_no_version() -> None:
    assert known("memcached", ME, it(b"ERROR\r\n")).version is None


def test_a_mail_server_may_be_in_tls_already() -> None:
    service = known(
        "smtp",
        it(b"220 lab.test ESMTP Postfix\r\n"),
        ME,
        it(b"250-lab.test\r\n250 AUTH PLAIN\r\n"),
        tls=True,
    )
    assert "starttls" not in service.details
    assert service.details["auth"] == "PLAIN"


def test_a_mail_server_that_turns_us_away_is_one() -> None:
    assert known("smtp", it(b"554 lab.test ESMTP not now\r\n")).protocol == "smtp"
    assert met("smtp", it(b"554 go away\r\n")) is None
    assert met("smtp", it(b"220 Welcome\r\n"), ME, it(b"530 Please login\r\n")) is None


def test_ftp_may_turn_us_away() -> None:
    assert known("ftp", it(b"421 FTP: too many users\r\n")).protocol == "ftp"
    assert met("ftp", it(b"421 busy\r\n")) is None
    assert met("ftp", it(b"220 hello\r\n"), ME, it(b"500 5.5.1 what\r\n")) is None


def test_starttls_that_fails_ends_the_talk() -> None:
    service = known(
        "pop3",
        it(b"+OK Dovecot ready.\r\n"),
        ME,
        it(b"+OK\r\nSTLS\r\nIMPLEMENTATION Frob\r\n.\r\n"),
        ME,
        it(b"+OK begin\r\n"),
    )
    assert service.details["implementation"] == "Frob"
    assert service.details["starttls"] == "yes"


def test_telnet_without_options_is_known_by_its_prompt() -> None:
    service = known("telnet", it(b"Debian GNU/Linux 12\r\nlab login: "))
    assert service.details["system"] == "Debian GNU/Linux 12"
    assert met("telnet", it(b"220 login:")) is None
    assert met("telnet", it(b"hello there\r\n")) is None
    assert met("telnet", it(b"\xff\xfd\x18" + bytes(range(1, 7)) * 20)) is None


def test_ntp_tells_its_variables() -> None:
    reply = bytes([0x24, 2, 6, 0xE9]) + bytes(20) + NONCE[:8] + bytes(16)
    said = b'version="ntpd 4.2.8p15", system="Linux", leap=0, stratum=2'
    control = b"\x16\x82\0\1" + bytes(6) + struct.pack(">H", len(said)) + said
    service = known("ntp", ME, it(reply), ME, it(control))
    assert (service.version, service.details["reference"]) == ("4.2.8p15", "0.0.0.0")
    first = reply[:1] + b"\1" + reply[2:12] + b"GPS\0" + reply[16:]
    assert known("ntp", ME, it(first)).details["reference"] == "GPS"


def test_ldap_that_only_answers_is_ldap() -> None:
    done = b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
    assert known("ldap", ME, it(done)).evidence == "search result"
    assert met("ldap", ME, it(b"\x30\x85\0\0\0\0\1")) is None
    assert met("ldap", ME, it(b"\x30\x00")) is None
    assert met("ldap", ME, it(b"\x30\x03\x02\x01\x09")) is None


def test_postgresql_without_tls_is_asked_at_once() -> None:
    said = b"SFATAL\0C0A000\0Munsupported\0\0"
    error = b"E" + struct.pack(">I", len(said) + 4) + said
    assert known("postgresql", ME, it(b"N"), ME, it(error)).details["starttls"] == "no"
    secured = known("postgresql", ME, it(b"S"), Turn(TLS, b"TLSv1.3"), ME, it(error))
    assert secured.details["starttls"] == "yes"
    assert known("postgresql", ME, it(error), tls=True).details["error"] == "0A000"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_a_whole_page_leaves_the_connection_usable(answer: bytes) -> None:
    found = heard(answer, response())
    assert isinstance(found, Response)
    assert found.body == b"hello"
    assert found.reusable


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-5\r\n",
    ],
)
def test_half_a_page_does_not(answer: bytes) -> None:
    found = heard(answer, response())
    assert isinstance(found, Response)
    assert found.body == b"hello"
    assert not found.reusable


def test_no_page_is_too_long_and_no_waiting_too_often() -> None:
    long = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + b"x" * 65000
    found = heard(long, response())
    assert isinstance(found, Response)
    assert not found.whole
    assert heard(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, response()) is None
    empty = heard(b"HTTP/1.1 204 No Content\r\n\r\n", response())
    assert isinstance(empty, Response)
    assert empty.whole


def test_cookies_are_joined_and_a_broken_title_is_none() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n<title>x"
    found = heard(answer, response())
    assert isinstance(found, Response)
    assert found.header("set-cookie") == "a=1; b=2"
    assert found.title == ""


def test_the_first_rtmp_answer_must_echo() -> None:
    noise = b"\3" + bytes(1536) + b"x" * 1536
    assert met("rtmp", ME, it(noise)) is None


def test_smb_over_netbios_asks_again_for_the_old_version() -> None:
    dialect = b"\xfeSMB" + bytes(60) + b"\x41\0\1\0\2\3\0\0" + b"labbox".ljust(16, b"\0")
    framed = struct.pack(">I", len(dialect)) + dialect
    accepted = b"\x82\0\0\0"
    service = known(
        "smb", ME, it(accepted), ME, it(framed), Turn(AGAIN, b"yes"), ME, it(accepted), port=139
    )
    assert (service.details["dialect"], service.details["smb1"]) == ("3.0.2", "no")


def test_telnet_options_without_end_are_not_refused_one_by_one() -> None:
    protocol = catalog.entry(PROTOCOLS, "telnet", "PROTOCOL", Protocol)
    peer = Peer(Endpoint(protocol.transport, "192.0.2.1", 23), "lab.test", NONCE)
    replay = Replay([it(b"\xff\xfb\x01" * 20_000)])
    service = replay.follow(protocol.dialogue(peer))
    assert service is not None
    assert service.details["options"] == "echo"
    assert len(b"".join(replay.said)) < 10_000
