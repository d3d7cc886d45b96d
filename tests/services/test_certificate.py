"""Certificates that no library likes: the door is told of, and nothing breaks."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from tojimari.services.certificate import details
from tojimari.services.tlsfacts import TlsFacts

VERSION_3 = bytes.fromhex("a003020102")  # [0] INTEGER 2 (RFC 5280, section 4.1)
COMMON_NAME = bytes.fromhex("0603550403")


NAME = "name.test"


def made() -> bytes:
    """A certificate of one's own in DER."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab.test")])
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - as the library compares it
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, start)
        .not_valid_after(start + dt.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, None)
    )
    return built.public_bytes(Encoding.DER)


def told(der: bytes) -> dict[str, str | int]:
    return details(TlsFacts("TLSv1.3", "TLS_AES_128_GCM_SHA256", "", (der,)))


def test_a_certificate_tells_whose_it_is() -> None:
    found = told(made())
    assert found["certificate-subject"] == "CN=lab.test"
    assert found["certificate-names"] == NAME


def test_names_of_a_kind_that_nobody_uses_are_left_out() -> None:
    dns_name, x400_address = b"\x82\x09" + NAME.encode(), b"\xa3\x09" + NAME.encode()

    found = told(made().replace(dns_name, x400_address))

    assert found["certificate-subject"] == "CN=lab.test"
    assert "certificate-names" not in found


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (VERSION_3, bytes.fromhex("a003020122")),  # version 35
        (COMMON_NAME + b"\x0c", COMMON_NAME + b"\x03"),  # a bit string for a name
        (b"lab.test", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"),
    ],
    ids=["version", "bits for a name", "no UTF-8"],
)
def test_a_certificate_that_is_broken_is_said_to_be_so(there: bytes, instead: bytes) -> None:
    der = made()
    assert there in der

    found = told(der.replace(there, instead))

    assert found["tls-version"] == "TLSv1.3"
    assert "certificate-unreadable" in found


def test_a_certificate_that_is_none_is_said_to_be_so() -> None:
    assert "certificate-unreadable" in told(b"\x30\x03\x02\x01")
