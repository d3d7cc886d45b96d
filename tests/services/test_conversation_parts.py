"""The parts between a dialogue and the wire: names, recordings, certificates, messages."""

import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

import behind
from behind import door, says
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services import asn1, bson, certificate, limits, versions
from tojimari.services.contact import Contact, Ended, Terms
from tojimari.services.dialogue import (
    Dialogue,
    Peer,
    Read,
    Reconnect,
    Rewind,
    Send,
    StartTls,
    Talk,
    first_datagram,
    read_line,
    read_reply,
)
from tojimari.services.inbox import Inbox
from tojimari.services.loop import READ, Job, Loop, Wait
from tojimari.services.octets import Cursor, DamagedError, ascii_word, snippet, text
from tojimari.services.protocols import dns, dns_udp
from tojimari.services.recording import (
    AGAIN,
    CLIENT,
    SERVER,
    TLS,
    Replay,
    Turn,
    heard,
    recorded,
)
from tojimari.services.servername import server_name
from tojimari.services.stream import talk
from tojimari.services.tls import HandshakeError, TlsLayer
from tojimari.services.tlsfacts import TlsFacts

PEER = Peer(Endpoint(Transport.TCP, "127.0.0.1", 1), "lab.test", bytes(range(32)))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("lab.test", "lab.test"),
        ("lab.test.", "lab.test"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("fe80::1%eth0", ""),
        ("a..b", ""),
        ("x" * 300, ""),
    ],
)
def test_only_names_are_asked_for_in_tls(name: str, asked: str) -> None:
    assert server_name(name) == asked


@given(st.text(max_size=80))
def test_no_name_breaks_a_handshake(name: str) -> None:
    layer = TlsLayer(name)
    assert not layer.handshake()
    assert layer.outgoing().startswith(b"\x16\x03")
    assert versions.client_hello(0x0302, bytes(32), name).startswith(b"\x16\x03\x01")


def test_what_is_no_tls_fails_with_a_reason() -> None:
    layer = TlsLayer("lab.test")
    layer.handshake()
    layer.incoming(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(HandshakeError, match="wrong version number"):
        layer.handshake()
    with pytest.raises(HandshakeError):
        layer.write(b"x")
    layer.close()


class TestInbox:
    def test_a_line_waits_for_its_end(self) -> None:
        inbox = Inbox()
        inbox.feed(b"half")
        assert inbox.take(Read(until=b"\n")) is None
        inbox.feed(b" a line\nmore")
        assert inbox.take(Read(until=b"\n")) == b"half a line\n"
        assert inbox.take(Read()) == b"more"

    def test_a_line_without_end_is_cut(self) -> None:
        inbox = Inbox()
        inbox.feed(b"x" * 100)
        assert inbox.take(Read(until=b"\n", limit=10)) == b"x" * 10

    def test_the_end_gives_what_is_there(self) -> None:
        inbox = Inbox()
        inbox.feed(b"abc")
        inbox.end()
        assert inbox.take(Read(exactly=10)) == b"abc"
        assert inbox.take(Read()) == b""

    def test_no_more_is_kept_than_the_cap(self) -> None:
        inbox = Inbox()
        inbox.feed(b"x" * (limits.HEARD + 5))
        assert inbox.over
        assert len(inbox.heard) == limits.HEARD
        assert not inbox.empty

    def test_it_can_be_heard_again(self) -> None:
        inbox = Inbox()
        inbox.feed(b"once")
        inbox.take(Read())
        inbox.rewind()
        assert inbox.take(Read()) == b"once"


class TestRecording:
    def test_a_conversation_writes_itself_down_and_plays_back(self) -> None:
        def conversation(peer: Peer) -> Dialogue:
            del peer
            yield Rewind()
            line = yield from read_line()
            yield Send(b"hello\n")
            version = yield StartTls()
            again = yield Reconnect()
            return Service("x", evidence=(line + version + again).decode())

        turns: list[Turn] = []
        played = Replay(
            [
                Turn(SERVER, b"hi\n"),
                Turn(CLIENT, b""),
                Turn(TLS, b"TLSv1.3"),
                Turn(AGAIN, b"yes"),
            ]
        ).follow(recorded(conversation, turns)(PEER))
        assert played == Service("x", evidence="hi\nTLSv1.3yes")
        assert [turn.who for turn in turns] == [SERVER, CLIENT, TLS, AGAIN]
        assert Replay(turns).follow(conversation(PEER)) == played

    def test_what_was_not_recorded_fails(self) -> None:
        def secured() -> Talk[bytes]:
            return (yield StartTls())

        assert Replay([Turn(SERVER, b"x")]).follow(secured()) == b""

    def test_bytes_that_were_heard_answer_anything(self) -> None:
        def asked() -> Talk[bytes]:
            yield Send(b"question")
            return (yield from read_line())

        assert heard(b"answer\n", asked()) == b"answer\n"


def test_a_reply_ends_with_its_last_line_or_with_patience() -> None:
    def reply() -> Talk[list[bytes]]:
        return (yield from read_reply(lambda line: line.startswith(b"-")))

    assert heard(b"-a\r\n-b\r\nc\r\nd\r\n", reply()) == [b"-a", b"-b", b"c"]
    assert len(heard(b"-a\r\n" * 500, reply())) == limits.LINES


def test_the_first_datagram_can_be_had_for_a_scan() -> None:
    peer = Peer(Endpoint(Transport.UDP, "192.0.2.1", 53), "192.0.2.1", bytes(range(32)))
    sent = first_datagram(dns_udp.PROTOCOL, peer)
    assert sent is not None
    assert b"\x07version\x04bind" in sent
    assert first_datagram(dns.PROTOCOL, peer) is None


class TestCursor:
    def test_numbers_and_strings(self) -> None:
        cursor = Cursor(b"\x01\x02\x03\x00\x02hi\x00rest")
        assert cursor.big(2) == 0x0102
        assert cursor.little(2) == 3
        assert cursor.prefixed(1) == b"hi"
        cursor.skip(1)
        assert cursor.rest() == b"rest"
        assert not cursor

    def test_nothing_is_read_past_the_end(self) -> None:
        with pytest.raises(DamagedError):
            Cursor(b"ab").take(3)
        with pytest.raises(DamagedError):
            Cursor(b"ab").take(-1)
        with pytest.raises(DamagedError):
            Cursor(b"ab").until(b"c")
        assert Cursor(b"a\0b").until(b"\0") == b"a"

    def test_text_is_what_it_is(self) -> None:
        assert text("戸".encode()) == "戸"
        assert text(b"\xff") == "ÿ"
        assert snippet(b"  \x1b[31m" + b"x" * 500).startswith(r"\x1b[31mx")
        assert not ascii_word(b"")


def test_bson_is_read_and_broken_bson_is_refused() -> None:
    body = b"\x02a\0" + struct.pack("<i", 2) + b"x\0" + b"\x12b\0" + struct.pack("<q", 7)
    body += b"\x08c\0\x01" + b"\x03d\0" + struct.pack("<i", 5) + b"\0"
    body += b"\x05e\0" + struct.pack("<i", 1) + b"\0z" + b"\x09f\0" + bytes(8) + b"\x0ag\0"
    whole = struct.pack("<i", len(body) + 5) + body + b"\0"
    assert bson.parsed(whole) == {"a": "x", "b": 7, "c": 1}
    with pytest.raises(DamagedError):
        bson.parsed(struct.pack("<i", 100) + b"\0")
    with pytest.raises(DamagedError):
        bson.parsed(struct.pack("<i", 8) + b"\x7fa\0\0")


def test_ber_lengths() -> None:
    long = asn1.element(asn1.OCTETS, b"x" * 300)
    assert long[:4] == b"\x04\x82\x01\x2c"
    assert asn1.octets(Cursor(long)) == b"x" * 300
    assert asn1.oid("1.3.6.1.4.1.8072")[2:] == bytes.fromhex("2b06010401bf08")
    with pytest.raises(DamagedError):
        asn1.header(Cursor(b"\x04\x80"))
    with pytest.raises(DamagedError):
        asn1.enter(Cursor(b"\x04\x00"), asn1.SEQUENCE)


class TestCertificate:
    def test_it_is_told_in_words(self, tmp_path: Path) -> None:
        chain, _ = behind.certificate(tmp_path)
        der = der_of(chain)
        told = certificate.details(TlsFacts("TLSv1.3", "X", "h2", (der,)))
        assert told["certificate-names"] == "lab.test www.lab.test"
        assert told["certificate-key"] == "EC 256"
        assert told["certificate-signature"] == "sha256"
        assert told["tls-alpn"] == "h2"

    def test_what_cannot_be_read_is_said(self) -> None:
        told = certificate.details(TlsFacts("TLSv1.3", "X", "", (b"\x30\x00",)))
        assert "certificate-unreadable" in told

    def test_a_certificate_is_not_needed(self) -> None:
        assert certificate.details(TlsFacts("TLSv1.3", "X")) == {
            "tls-version": "TLSv1.3",
            "tls-cipher": "X",
        }


def der_of(chain: Path) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - here alone

    return x509.load_pem_x509_certificate(chain.read_bytes()).public_bytes(Encoding.DER)


class TestVersions:
    def test_what_a_server_hello_says(self) -> None:
        body = b"\x03\x02" + bytes(32) + b"\0" + b"\xc0\x14" + b"\0"
        hello = b"\x02\0\0" + bytes([len(body)]) + body
        record = b"\x16\x03\x02" + struct.pack(">H", len(hello)) + hello
        answer = heard(record, versions.QUESTIONS[1].dialogue(PEER))
        assert answer is not None
        assert versions.answered(versions.QUESTIONS[1], answer) == {"TLSv1.1": True}

    def test_an_alert_refuses_all_that_was_offered(self) -> None:
        answer = heard(b"\x15\x03\x01\0\x02\x02\x46", versions.QUESTIONS[1].dialogue(PEER))
        assert answer is not None
        assert versions.answered(versions.QUESTIONS[1], answer) == {
            "TLSv1.1": False,
            "TLSv1": False,
        }

    def test_the_newest_comes_first(self) -> None:
        assert versions.details({"TLSv1.2": True, "TLSv1.3": True, "TLSv1.1": False}) == {
            "tls-versions": "TLSv1.3 TLSv1.2",
            "tls-versions-refused": "TLSv1.1",
        }

    def test_only_older_versions_are_asked_for(self) -> None:
        assert [one.name for one in versions.questions("TLSv1.2")] == ["TLSv1.1"]


class TestLoop:
    def test_time_passes_for_who_waits_in_vain(self) -> None:
        one, other = socket.socketpair()

        def job() -> Job[bool]:
            return (yield Wait(one, READ, 0.0))

        assert list(Loop[bool]().results(iter([job()]), 1)) == [False]
        one.close()
        other.close()

    def test_who_leaves_early_closes_what_was_open(self) -> None:
        one, other = socket.socketpair()
        closed: list[bool] = []

        def waits() -> Job[str]:
            try:
                yield Wait(one, READ, 1e9)
            finally:
                closed.append(True)
            return "never"

        def ends() -> Job[str]:
            yield from ()
            return "first"

        results = Loop[str]().results(iter([waits(), ends()]), 2)
        assert next(results) == "first"
        results.close()  # type: ignore[attr-defined]  # it is a generator
        assert closed == [True]
        one.close()
        other.close()

    def test_no_more_run_than_are_allowed(self) -> None:
        running = 0
        most = 0

        def job() -> Job[int]:
            nonlocal running, most
            running += 1
            most = max(most, running)
            one, other = socket.socketpair()
            other.send(b"x")
            yield Wait(one, READ, 1e9)
            one.close()
            other.close()
            running -= 1
            return most

        list(Loop[int]().results((job() for _ in range(9)), 3))
        assert most == 3


@pytest.mark.usefixtures("network")
class TestStream:
    def test_a_second_connection_counts(self) -> None:
        def conversation(peer: Peer) -> Talk[bytes]:
            del peer
            first = yield Read()
            again = yield Reconnect()
            second = yield Read()
            refused = yield Reconnect()
            return first + again + second + refused

        with door(says(b"hi")) as opened:
            contact = met(opened.port, conversation, allowed=2)
        assert contact.result == b"hiyeshi"
        assert contact.connections == 2

    def test_a_second_connection_inside_tls_is_inside_tls(self, tmp_path: Path) -> None:
        def conversation(peer: Peer) -> Talk[bytes]:
            del peer
            yield StartTls(("http/1.1",))
            again = yield Reconnect()
            return again + (yield Read())

        inside = behind.inside_tls(tmp_path, says(b"hi"), alpn=("http/1.1",))
        with door(inside) as opened:
            contact = met(opened.port, conversation, allowed=2)
        assert contact.result == b"yeshi"
        assert contact.tls is not None
        assert contact.tls.alpn == "http/1.1"

    def test_a_door_that_was_shut_meanwhile_is_no_second_connection(self) -> None:
        opened = behind.Door(says(b"hi"))

        def conversation(peer: Peer) -> Talk[bytes]:
            del peer
            yield Read()
            opened.close()
            again = yield Reconnect()
            return again + (yield Read())

        assert met(opened.port, conversation, allowed=2).result == b""

    def test_a_handshake_that_is_not_answered_is_given_up(self) -> None:
        def conversation(peer: Peer) -> Talk[bytes]:
            del peer
            return (yield StartTls(seconds=0.05))

        with door() as opened:
            contact = met(opened.port, conversation)
        assert contact.result == b""
        assert contact.trouble == "no answer"

    def test_the_other_end_may_close_its_half_first(self) -> None:
        def half(connection: socket.socket) -> None:
            connection.sendall(b"bye")
            connection.shutdown(socket.SHUT_WR)

        def conversation(peer: Peer) -> Talk[bytes]:
            del peer
            first = yield Read(exactly=10)
            yield Send(b"still here")
            return first + (yield Read())

        with door(half) as opened:
            contact = met(opened.port, conversation)
        assert contact.result == b"bye"
        assert contact.ended is Ended.CLOSED


def met(
    port: int, conversation: Callable[[Peer], Talk[bytes]], *, allowed: int = 1
) -> "Contact[bytes]":
    """One conversation with a door of ours."""
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", port), "lab.test", os.urandom(32))
    job = talk(peer, conversation, Terms(time.monotonic() + 5, 2.0, allowed))
    (contact,) = Loop["Contact[bytes]"]().results(iter([job]), 1)
    return contact


def test_a_session_that_the_peer_ends_is_over(tmp_path: Path) -> None:
    import ssl  # noqa: PLC0415 - for this server alone

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*behind.certificate(tmp_path))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    client = TlsLayer("lab.test")
    client.handshake()
    incoming.write(client.outgoing())
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    client.incoming(outgoing.read())
    assert client.handshake()
    incoming.write(client.outgoing())
    server.do_handshake()
    server.write(b"last words")
    with pytest.raises(ssl.SSLWantReadError):
        server.unwrap()
    client.incoming(outgoing.read())
    assert client.read() == b"last words"
    with pytest.raises(HandshakeError):
        client.read()
    client.incoming(b"")
    with pytest.raises(HandshakeError):
        client.read()


def test_a_certificate_without_other_names_has_none(tmp_path: Path) -> None:
    chain, _ = behind.certificate(tmp_path, names=("lab.test",), other_names=False)
    told = certificate.details(TlsFacts("TLSv1.3", "X", "", (der_of(chain),)))
    assert "certificate-names" not in told
