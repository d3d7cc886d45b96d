"""What a TLS handshake told, apart from the library that made it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a handshake told.

    Attributes:
        version: ``TLSv1.3``.
        cipher: The cipher suite, as OpenSSL calls it.
        alpn: What ALPN chose; empty where it chose nothing.
        chain: The certificates in DER, the server's own first.
    """

    version: str
    cipher: str
    alpn: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
