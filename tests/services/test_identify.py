"""Whole identifications of real servers on loopback."""

import functools
import http.server
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import behind
from behind import answers, datagrams, door, says, shut_port
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Confidence, Identification, Outcome, Service
from tojimari.services.dialogue import Peer
from tojimari.services.identify import identify
from tojimari.services.loop import Loop
from tojimari.services.octets import text

SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"
PAGE = b"HTTP/1.0 200 OK\r\nServer: Probe/1.0\r\nContent-Length: 21\r\n\r\n<title>A room</title>\n"


def run(
    *ports: int,
    transport: Transport = Transport.TCP,
    executable: str | None = None,
    seconds: float = 4.6,
    budget: int = 4,
) -> list[Identification]:
    jobs = (
        identify(
            Peer(Endpoint(transport, "127.0.0.1", port), "lab.test", os.urandom(32)),
            executable=executable,
            seconds=seconds,
            budget=budget,
        )
        for port in ports
    )
    return list(Loop[Identification]().results(jobs, 3000))


def only(*ports: int, executable: str | None = None, **rest: float) -> Identification:
    (found,) = run(*ports, executable=executable, seconds=rest.get("seconds", 4.6))
    return found


def known(found: Identification) -> Service:
    assert found.outcome is Outcome.IDENTIFIED, found
    assert found.service is not None
    return found.service


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        del format, args


@pytest.fixture
def web(network: None, tmp_path: Path) -> Iterator[int]:
    """Python's own web server."""
    del network
    (tmp_path / "index.html").write_text("<html><title>A room &amp; a door</title></html>")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("network")
class TestOverTcp:
    def test_a_greeting_at_any_number_costs_one_connection(self) -> None:
        with door(says(SSH)) as opened:
            found = only(opened.port)
        service = known(found)
        assert (service.protocol, service.product, service.version) == ("ssh", "OpenSSH", "9.2p1")
        assert service.details["distribution"] == "Debian-2+deb12u3"
        assert found.connections == 1

    def test_a_web_server_is_known_with_its_title(self, web: int) -> None:
        service = known(only(web))
        assert service.product == "SimpleHTTP"
        assert service.details["title"] == "A room & a door"

    def test_a_web_server_in_tls_tells_its_certificate_and_its_versions(
        self, tmp_path: Path
    ) -> None:
        inside = behind.inside_tls(tmp_path, answers((b"GET /", PAGE)), alpn=("http/1.1",))
        with door(inside) as opened:
            found = only(opened.port)
        service = known(found)
        assert service.protocol == "http"
        assert service.tls
        assert service.details["tls-alpn"] == "http/1.1"
        assert service.details["certificate-names"] == "lab.test www.lab.test"
        assert service.details["certificate-not-after"] == "2026-04-01T00:00:00+00:00"
        assert service.details["certificate-self-signed"] == "yes"
        assert text(str(service.details["tls-versions"]).encode()).startswith("TLSv1.3 TLSv1.2")
        assert "TLSv1.1" in str(service.details["tls-versions-refused"])
        assert found.connections <= 4

    def test_a_server_without_the_newest_tls_is_told_so(self, tmp_path: Path) -> None:
        inside = behind.inside_tls(
            tmp_path, answers((b"GET /", PAGE)), highest=ssl.TLSVersion.TLSv1_2
        )
        with door(inside) as opened:
            service = known(only(opened.port))
        assert service.details["tls-version"] == "TLSv1.2"
        assert "TLSv1.3" in str(service.details["tls-versions-refused"])

    def test_a_server_that_takes_http2_only_is_asked_again(self, tmp_path: Path) -> None:
        settings = bytes.fromhex("000006040000000000000300000064")
        inside = behind.inside_tls(
            tmp_path, answers((b"PRI", settings)), alpn=("h2",), strict_alpn=True
        )
        with door(inside) as opened:
            service = known(only(opened.port))
        assert service.protocol == "h2"
        assert service.details["max-concurrent-streams"] == 100

    def test_tls_with_something_unknown_inside_is_said_so(self, tmp_path: Path) -> None:
        inside = behind.inside_tls(tmp_path, says(b"\x00\x01strange"))
        with door(inside) as opened:
            found = only(opened.port)
        assert found.outcome is Outcome.TLS_ONLY
        assert found.service is not None
        assert found.service.details["certificate-subject"] == "CN=lab.test,O=Practice"

    def test_a_handshake_outranks_a_complaint_of_http(self, tmp_path: Path) -> None:
        inside = behind.inside_tls(tmp_path, answers((b"GET /", PAGE)), alpn=("http/1.1",))

        def both(connection: socket.socket) -> None:
            if connection.recv(1, socket.MSG_PEEK) == b"\x16":
                inside(connection)
                return
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        with door(both, port=8080) as opened:
            service = known(only(opened.port))
        assert service.tls
        assert service.product == "Probe"

    def test_ssh_at_a_web_number_answers_in_its_own_tongue(self) -> None:
        with door(says(SSH), port=8081) as opened:
            found = only(opened.port)
        assert known(found).protocol == "ssh"
        assert found.connections == 2

    def test_a_web_server_at_sshs_number_is_found(self) -> None:
        with door(answers((b"GET /", PAGE)), port=2222) as opened:
            assert known(only(opened.port)).product == "Probe"

    def test_the_program_outweighs_the_number(self) -> None:
        with door(says(SSH), port=8000) as opened:
            found = only(opened.port, executable="/usr/sbin/sshd")
        assert known(found).protocol == "ssh"
        assert found.connections == 1
        assert b"GET" not in opened.heard[0]

    def test_nobody_is_there(self) -> None:
        assert only(shut_port()).outcome is Outcome.REFUSED

    def test_nobody_waits_at_ftps_other_number_and_why_is_said(self) -> None:
        found = only(20)
        assert found.outcome is Outcome.REFUSED
        assert found.because is not None
        assert found.because.code == "mute-ftp-data"

    def test_silence_ends_in_time_within_the_budget(self) -> None:
        with door() as opened:
            began = time.monotonic()
            found = only(opened.port)
        assert found.outcome is Outcome.SILENT
        assert found.connections == 4
        assert time.monotonic() - began < 5.0

    def test_a_cut_without_a_word_is_no_silence(self) -> None:
        def cut(connection: socket.socket) -> None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        with door(cut) as opened:
            assert only(opened.port).outcome is Outcome.RESET

    def test_words_that_nobody_knows_are_kept(self) -> None:
        with door(says(b"WOTCHA 1.0 mate\r\n")) as opened:
            found = only(opened.port)
        assert found.outcome is Outcome.UNKNOWN
        assert found.heard == b"WOTCHA 1.0 mate\r\n"

    def test_a_broken_identification_is_the_peers_error(self) -> None:
        with door(says(b"SSH-\r\n")) as opened:
            found = only(opened.port)
        assert found.outcome is Outcome.PEER_ERROR
        assert found.service is not None
        assert found.service.protocol == "ssh"
        assert found.because is not None

    def test_starttls_shows_the_certificate(self, tmp_path: Path) -> None:
        inside = behind.inside_tls(tmp_path, answers((b"QUIT", b"221 bye\r\n")))

        def mail(connection: socket.socket) -> None:
            connection.sendall(b"220 lab.test ESMTP Postfix (Debian/GNU)\r\n")
            connection.recv(4096)
            connection.sendall(b"250-lab.test\r\n250 STARTTLS\r\n")
            connection.recv(4096)
            connection.sendall(b"220 go on\r\n")
            inside(connection)

        with door(mail) as opened:
            service = known(only(opened.port))
        assert (service.protocol, service.product) == ("smtp", "Postfix")
        assert service.details["starttls"] == "yes"
        assert service.details["certificate-names"] == "lab.test www.lab.test"
        assert not service.tls

    def test_a_greeting_that_could_be_two_is_asked(self) -> None:
        def files(connection: socket.socket) -> None:
            connection.sendall(b"220 Welcome\r\n")
            while connection.recv(4096):
                connection.sendall(b"530 Please login with USER and PASS.\r\n")

        with door(files) as opened:
            service = known(only(opened.port))
        assert service.protocol == "ftp"
        assert service.confidence is Confidence.LIKELY

    @pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::1"])
    def test_an_unreachable_network_is_no_shut_door(self, address: str) -> None:
        peer = Peer(Endpoint(Transport.TCP, address, 22), "far", os.urandom(32))
        (found,) = Loop[Identification]().results(iter([identify(peer)]), 1)
        assert found.outcome is Outcome.UNREACHABLE


@pytest.mark.usefixtures("network")
class TestDoingNoHarm:
    @pytest.mark.parametrize("port", [515, 9100, 9107])
    def test_a_printer_hears_nothing(self, port: int) -> None:
        with door(port=port) as opened:
            found = only(opened.port)
        assert found.outcome is Outcome.LEFT_ALONE
        assert b"".join(opened.heard) == b""

    def test_a_printer_is_not_written_to_though_a_web_server_holds_it(self) -> None:
        with door(port=9101) as opened:
            found = only(opened.port, executable="/usr/sbin/nginx")
        assert found.outcome is Outcome.LEFT_ALONE
        assert b"".join(opened.heard) == b""

    def test_who_greets_at_a_printers_number_is_understood_without_an_answer(self) -> None:
        with door(says(SSH), port=9102) as opened:
            service = known(only(opened.port))
        assert service.protocol == "ssh"
        assert b"".join(opened.heard) == b""

    def test_redis_at_any_number_hears_no_word_that_it_takes_for_an_attack(self) -> None:
        wrong = b"-ERR wrong number of arguments for 'get' command\r\n"
        redis = answers(
            (b"*1\r\n$4\r\nPING", b"+PONG\r\n"),
            (b"*2\r\n$4\r\nINFO", b"$23\r\nredis_version:7.0.15\r\n\r\n\r\n"),
            (b"GET ", wrong),
        )
        with door(redis) as opened:
            service = known(only(opened.port))
        assert (service.product, service.version) == ("Redis", "7.0.15")
        said = b"".join(opened.heard).lower()
        assert b"host:" not in said
        assert b"post" not in said

    def test_vnc_is_met_once(self) -> None:
        def screen(connection: socket.socket) -> None:
            connection.sendall(b"RFB 003.008\n")
            connection.recv(12)
            connection.sendall(b"\x01\x02")

        with door(screen) as opened:
            found = only(opened.port)
        assert known(found).details["security"] == "vnc"
        assert len(opened.heard) == 1

    def test_a_door_gets_no_more_connections_than_its_budget(self) -> None:
        with door() as opened:
            (found,) = run(opened.port, budget=2)
        assert found.connections == 2
        assert len(opened.heard) == 2

    def test_one_connection_at_a_time_to_the_same_door(self) -> None:
        ended: list[threading.Event] = []
        waited: list[bool] = []

        def meet(connection: socket.socket) -> None:
            # The one before has ended, or ends while this one waits: it is not kept open meanwhile.
            before = list(ended)
            mine = threading.Event()
            ended.append(mine)
            waited.extend(one.wait(1.0) for one in before)
            while connection.recv(4096):
                pass
            mine.set()

        with door(meet) as opened:
            found = only(opened.port)
        assert found.connections == 4
        assert waited == [True] * 6


@pytest.mark.usefixtures("network")
class TestOverUdp:
    def test_an_answer_from_a_new_port_is_heard(self) -> None:
        refusal = b"\x00\x05\x00\x01File not found\x00"
        with datagrams(lambda _: refusal, port=69, from_new_port=True):
            (found,) = run(69, transport=Transport.UDP)
        service = known(found)
        assert service.protocol == "tftp"
        assert isinstance(service.details["answered-from-port"], int)

    def test_port_unreachable_is_heard(self) -> None:
        (found,) = run(shut_port(), transport=Transport.UDP)
        assert found.outcome is Outcome.REFUSED

    def test_silence_is_open_or_filtered(self) -> None:
        with datagrams(lambda _: None) as (port, heard):
            (found,) = run(port, transport=Transport.UDP)
        assert found.outcome is Outcome.SILENT
        assert len(heard) == found.connections == 4

    def test_a_dhcp_server_answers_at_port_68(self) -> None:
        def offer(question: bytes) -> None:
            head = b"\x02" + question[1:240]
            reply = head + bytes((53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 255))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind(("127.0.0.1", 67))
                server.sendto(reply, ("127.0.0.1", 68))

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", 67))

            def serve() -> None:
                data, _ = listening.recvfrom(2048)
                offer(data)

            thread = threading.Thread(target=serve)
            thread.start()
            (found,) = run(67, transport=Transport.UDP)
            thread.join()
        service = known(found)
        assert service.details["server-id"] == "192.0.2.1"
        assert service.details["lease-seconds"] == 3600

    def test_a_dhcp_server_cannot_be_asked_where_the_answers_port_is_taken(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", 68))
            (found,) = run(67, transport=Transport.UDP)
        assert found.outcome is Outcome.UNREACHABLE

    def test_who_is_not_asked_is_not_heard(self) -> None:
        def both(question: bytes) -> bytes:
            del question
            return b"\x00\x05\x00\x01no\x00"

        with datagrams(both) as (port, _):
            peer = Peer(Endpoint(Transport.UDP, "127.0.0.2", port), "lab.test", os.urandom(32))
            (found,) = Loop[Identification]().results(iter([identify(peer, budget=1)]), 1)
        assert found.outcome in {Outcome.REFUSED, Outcome.SILENT}

    def test_a_door_that_never_answers_is_sent_nothing(self) -> None:
        with datagrams(lambda _: None, port=51820) as (port, heard):
            (found,) = run(port, transport=Transport.UDP)
        assert found.service is not None
        assert found.service.protocol == "wireguard"
        assert found.service.confidence is Confidence.GUESS
        assert heard == []


@dataclass
class HangsUp:
    """A server that reads the head of a message, and hangs up unless it is one of its own."""

    head: int
    own: bytes
    answer: bytes
    met: int = 0

    def __call__(self, connection: socket.socket) -> None:
        self.met += 1
        read = b""
        while len(read) < self.head and (more := connection.recv(self.head - len(read))):
            read += more
        if read.startswith(self.own):
            connection.sendall(self.answer)
        connection.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(
    ("server", "protocol", "connections"),
    [
        (HangsUp(1, b"\5", b"\5\2"), "socks", 2),
        (
            HangsUp(8, b"\1\x09", b"\1\x0a\0\0\0\x12\6\0\x0f\1FCGI_MPXS_CONNS0" + bytes(6)),
            "fastcgi",
            3,
        ),
        (HangsUp(14, b"JDWP-Handshake", b"JDWP-Handshake"), "jdwp", 2),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_who_hangs_up_at_a_byte_is_spoken_to_in_what_has_such_heads(
    network: None, server: HangsUp, protocol: str, connections: int
) -> None:
    del network
    with door(server) as opened:
        found = only(opened.port)
    assert known(found).protocol == protocol
    assert (found.connections, server.met) == (connections, connections)


def test_who_hangs_up_at_the_end_of_the_greeting_is_still_asked_for_a_page(network: None) -> None:
    del network

    def picky(connection: socket.socket) -> None:
        if connection.recv(3) == b"GET":
            connection.sendall(PAGE)
            return
        while len(connection.recv(4096)) < 300:  # the last piece of a TLS greeting is long
            pass
        connection.shutdown(socket.SHUT_WR)

    with door(picky) as opened:
        assert known(only(opened.port)).protocol == "http"
