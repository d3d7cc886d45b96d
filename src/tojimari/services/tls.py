"""TLS without input or output: bytes of the wire on one side, plain bytes on the other.

Nothing is verified here. To know what speaks behind a door one has to get in, whatever the
certificate says; what it says is reported, and judged elsewhere. For the same reason the oldest
versions and the weakest ciphers that the library still knows are offered.
"""

import ssl
from functools import cache
from typing import Protocol as Shape
from typing import cast

from tojimari.services.servername import server_name
from tojimari.services.tlsfacts import TlsFacts

CHUNK = 1 << 14  # bytes; the largest TLS record holds as many (RFC 8446, section 5.1)


class HandshakeError(Exception):
    """The peer does not speak TLS, or not with us; the text says which, as the library puts it."""


class _Chained(Shape):
    """The part of the standard library's TLS object that Python 3.13 made public."""

    def get_unverified_chain(self) -> list[object] | None: ...


class _Certificate(Shape):
    def public_bytes(self, encoding: int) -> bytes: ...


DER = 2  # _ssl.ENCODING_DER
LEGACY_SERVER_CONNECT = 0x4  # openssl/ssl.h: SSL_OP_LEGACY_SERVER_CONNECT; Python 3.12 names it


class TlsLayer:
    """One TLS client."""

    def __init__(self, name: str, alpn: tuple[str, ...] = ()) -> None:
        """Prepare; nothing is said yet.

        Args:
            name: The server's name for SNI (RFC 6066, section 3); an IP address sends none.
            alpn: Offered protocols, the best first.
        """
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        context = _context(alpn)
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=server_name(name) or None)

    def outgoing(self) -> bytes:
        """What must go to the wire now."""
        return self._out.read()

    def incoming(self, data: bytes) -> None:
        """What came from the wire; nothing says that the peer ended."""
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    def handshake(self) -> bool:
        """Go on with the handshake; whether it is done.

        Raises:
            HandshakeError: It failed.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLError, OSError) as error:
            raise HandshakeError(reason(error)) from error
        return True

    def read(self) -> bytes:
        """Plain bytes that have arrived; empty where there are none.

        Raises:
            HandshakeError: The peer ended the session, with an alert or without a word.
        """
        parts: list[bytes] = []
        while True:
            try:
                part = self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                return b"".join(parts)
            except (ssl.SSLError, OSError) as error:
                if parts:
                    return b"".join(parts)
                raise HandshakeError(reason(error)) from error
            if not part:
                if parts:
                    return b"".join(parts)
                msg = "the peer closed the session"
                raise HandshakeError(msg)
            parts.append(part)

    def write(self, data: bytes) -> None:
        """Say something inside; ``outgoing`` then has it for the wire."""
        try:
            self._tls.write(data)
        except (ssl.SSLError, OSError) as error:
            raise HandshakeError(reason(error)) from error

    def close(self) -> None:
        """Say goodbye (close_notify); the answer is not waited for."""
        try:
            self._tls.unwrap()
        except (ssl.SSLError, OSError, ValueError):
            return

    def facts(self) -> TlsFacts:
        """What the finished handshake told."""
        cipher = self._tls.cipher()
        return TlsFacts(
            version=self._tls.version() or "",
            cipher=cipher[0] if cipher else "",
            alpn=self._tls.selected_alpn_protocol() or "",
            chain=self._chain(),
        )

    def _chain(self) -> tuple[bytes, ...]:
        holder = cast(
            "_Chained",
            self._tls
            if hasattr(self._tls, "get_unverified_chain")
            else getattr(self._tls, "_sslobj", None),
        )
        if hasattr(holder, "get_unverified_chain"):
            found = holder.get_unverified_chain() or []
            return tuple(
                one if isinstance(one, bytes) else cast("_Certificate", one).public_bytes(DER)
                for one in found
            )
        leaf = self._tls.getpeercert(binary_form=True)
        return (leaf,) if leaf else ()


def reason(error: Exception) -> str:
    """The library's word for what went wrong: ``wrong version number``."""
    word = getattr(error, "reason", None)
    return str(word).lower().replace("_", " ") if word else str(error)


@cache
def _context(alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.options |= LEGACY_SERVER_CONNECT
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
