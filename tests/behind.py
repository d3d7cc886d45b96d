"""Somebody behind a door: small real servers in threads, for conversations with them."""

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = Callable[[socket.socket], None]
LOOPBACK = "127.0.0.1"


class Door:
    """A listening TCP socket, and what was said to it.

    Attributes:
        port: Its number.
        heard: What each connection said, in order.
    """

    def __init__(self, handler: Handler | None, *, port: int = 0, backlog: int = 100) -> None:
        self._socket = socket.create_server((LOOPBACK, port), backlog=backlog)
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[bytes] = []
        self.errors: list[Exception] = []
        self._handler = handler
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        position = len(self.heard)
        self.heard.append(b"")
        with connection, contextlib.suppress(OSError):
            if self._handler is not None:
                self._handler(connection)
            while data := connection.recv(4096):
                self.heard[position] += data

    def close(self) -> None:
        """Shut the door; whoever waits in ``accept`` is woken."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@contextlib.contextmanager
def door(
    handler: Handler | None = None, *, port: int = 0, backlog: int = 100
) -> Generator[Door, None, None]:
    """A door, open for a while; without a handler it listens and says nothing."""
    opened = Door(handler, port=port, backlog=backlog)
    try:
        yield opened
    finally:
        opened.close()


def says(data: bytes) -> Handler:
    """A server that greets with this and then only listens."""
    return lambda connection: connection.sendall(data)


def answers(*pairs: tuple[bytes, bytes]) -> Handler:
    """A server that answers what begins so with that; an empty beginning answers everything."""

    def handler(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            for begins, answer in pairs:
                if data.startswith(begins):
                    connection.sendall(answer)
                    break

    return handler


def certificate(
    folder: Path,
    *,
    names: tuple[str, ...] = ("lab.test", "www.lab.test"),
    days: int = 90,
    other_names: bool = True,
) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key, as two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Practice"),
            x509.NameAttribute(NameOID.COMMON_NAME, names[0]),
        ]
    )
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=days))
    )
    if other_names:
        listed = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(listed, critical=False)
    made = builder.sign(key, hashes.SHA256())
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


def inside_tls(
    folder: Path,
    handler: Handler,
    *,
    alpn: tuple[str, ...] = (),
    highest: ssl.TLSVersion | None = None,
    strict_alpn: bool = False,
) -> Handler:
    """The same server inside TLS.

    Args:
        folder: Where the certificate is put.
        handler: What is spoken inside.
        alpn: What the server chooses from.
        highest: The newest version that it takes; None for whatever there is.
        strict_alpn: Whether it leaves where nothing was agreed on, as gRPC's servers do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if highest is not None:
        context.maximum_version = highest

    def secured(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            connection.settimeout(5)
            inner = context.wrap_socket(connection, server_side=True)
            if strict_alpn and inner.selected_alpn_protocol() is None:
                inner.close()
                return
            with inner:
                handler(inner)
                while inner.recv(4096):
                    pass

    return secured


@contextlib.contextmanager
def datagrams(
    answer: Callable[[bytes], bytes | None], *, port: int = 0, from_new_port: bool = False
) -> Generator[tuple[int, list[bytes]], None, None]:
    """A UDP server: its number, and what it was sent.

    Args:
        answer: What is answered; None for nothing.
        port: Its number; 0 for any.
        from_new_port: Whether the answer comes from another one.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((LOOPBACK, port))
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                data, sender = opened.recvfrom(65535)
            except OSError:
                return
            if data == b"end":
                return
            heard.append(data)
            reply = answer(data)
            if reply is None:
                continue
            if from_new_port:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.bind((LOOPBACK, 0))
                    other.sendto(reply, sender)
            else:
                opened.sendto(reply, sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    number: int = opened.getsockname()[1]
    try:
        yield number, heard
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", (LOOPBACK, number))
        thread.join()
        opened.close()


def shut_port() -> int:
    """The number of a door behind which nobody is."""
    with socket.create_server((LOOPBACK, 0)) as opened:
        number: int = opened.getsockname()[1]
    return number
