"""What a TLS handshake told, as details that a person wants to know."""

import warnings
from typing import TYPE_CHECKING

from tojimari.services.tlsfacts import TlsFacts

if TYPE_CHECKING:
    from cryptography import x509

NAMES_SHOWN = 20  # of the names in a certificate; some hold hundreds


def details(facts: TlsFacts) -> dict[str, str | int]:
    """Version, cipher, ALPN, and the server's certificate: whose, from whom, until when."""
    told: dict[str, str | int] = {"tls-version": facts.version, "tls-cipher": facts.cipher}
    if facts.alpn:
        told["tls-alpn"] = facts.alpn
    if facts.chain:
        told["certificate-chain"] = len(facts.chain)
        told |= _certificate(facts.chain[0])
    return told


def _certificate(der: bytes) -> dict[str, str | int]:
    """The fields of one certificate; those that cannot be read are left out."""
    # Imported here: 40 ms, and only those who met a certificate need it.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of what we report: odd serials, old ways
            certificate = x509.load_der_x509_certificate(der)
            told: dict[str, str | int] = {
                "certificate-subject": certificate.subject.rfc4514_string(),
                "certificate-issuer": certificate.issuer.rfc4514_string(),
                "certificate-not-before": certificate.not_valid_before_utc.isoformat(),
                "certificate-not-after": certificate.not_valid_after_utc.isoformat(),
                "certificate-sha256": certificate.fingerprint(SHA256()).hex(),
            }
            told["certificate-self-signed"] = (
                "yes" if certificate.subject == certificate.issuer else "no"
            )
            told |= _names(certificate) | _key(certificate)
    except Exception as error:  # noqa: BLE001 - the library has many errors without a common name
        return {"certificate-unreadable": str(error)}
    return told


def _names(certificate: "x509.Certificate") -> dict[str, str | int]:
    from cryptography import x509  # noqa: PLC0415 - see _certificate

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except Exception:  # noqa: BLE001 - see _certificate; one broken extension hides all
        return {}
    listed = extension.value
    names = [
        *listed.get_values_for_type(x509.DNSName),
        *(str(address) for address in listed.get_values_for_type(x509.IPAddress)),
    ]
    return {"certificate-names": " ".join(names[:NAMES_SHOWN])} if names else {}


def _key(certificate: "x509.Certificate") -> dict[str, str | int]:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see _certificate

    told: dict[str, str | int] = {}
    try:
        key = certificate.public_key()
        kind = type(key).__name__.removesuffix("PublicKey").lstrip("_")
        size = getattr(key, "key_size", None)
        told["certificate-key"] = f"{kind} {size}" if size else kind
        algorithm = certificate.signature_hash_algorithm
        if algorithm is not None:
            told["certificate-signature"] = algorithm.name
    except (UnsupportedAlgorithm, ValueError):
        told["certificate-key"] = "unknown"
    return told
