"""What the fuzzer plays, in families: conversations of one manner, pages, greetings, certificates.

The families of protocols are found, not listed: a protocol belongs to the reader that its file
imports, and else to its transport. So a new file is fuzzed from the day that it exists.
"""

import importlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType

from _noise import noisy

from recordings import ALL, NAMES, Recorded, replayed
from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import PeerError
from tojimari.core.service import Identification, Outcome, Service
from tojimari.report import services_document
from tojimari.report.services import plain
from tojimari.services import certificate, limits, versions
from tojimari.services.attempt import Attempt, connection, recognise, understood
from tojimari.services.bounds import bounded
from tojimari.services.catalogue import PROTOCOLS, over
from tojimari.services.dialogue import Peer
from tojimari.services.fingerprints.patience import Patience
from tojimari.services.fingerprints.ruby import UntranslatableError, compiled
from tojimari.services.grammar import names
from tojimari.services.grammar.software import Software
from tojimari.services.http import Response
from tojimari.services.octets import DamagedError
from tojimari.services.page import pages
from tojimari.services.recording import SERVER, Replay, Turn
from tojimari.services.tls import HandshakeError, TlsLayer
from tojimari.services.tlsfacts import TlsFacts

GRAMMARS = "tojimari.services.grammar"
NO_GRAMMARS = frozenset({"names", "versions", "software"})
READERS = {
    "replies": "numbered replies",
    "http": "web",
    "headers": "web",
    "sipmessage": "web",
    "asn1": "encoded structures",
    "dnsmessage": "encoded structures",
    "sunrpc": "encoded structures",
    "bson": "encoded structures",
    "read_reply": "lines",
    "read_line": "lines",
}
LONGEST_IN_CHUNKS = 8192  # bytes; the replay itself grows slow, where a socket does not
NONCE = bytes(range(32))
PEER = Peer(Endpoint(Transport.TCP, "127.0.0.1", 4000), "lab.test", NONCE)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to try.

    Attributes:
        of: Whose code is tried, for the report.
        run: Tries it; whatever it raises is a finding, "damaged" and "peer error" excepted.
        shown: What repeats it.
    """

    of: str
    run: Callable[[], object]
    shown: str


Family = Callable[[random.Random], Case]


def families() -> Mapping[str, Family]:
    """Every family by name."""
    grouped: dict[str, list[str]] = {}
    for name in NAMES:
        grouped.setdefault(manner(name), []).append(name)
    found: dict[str, Family] = {
        group: partial(_conversation, [one for one in ALL if one.module in modules])
        for group, modules in sorted(grouped.items())
    }
    return {
        **found,
        "strangers": _stranger,
        "pages": _page,
        "greetings": _greeting,
        "tls": _hello,
        "certificates": _certificate,
        "patterns": _pattern,
    }


def manner(name: str) -> str:
    """The family of a protocol."""
    module = importlib.import_module(f"{PROTOCOLS}.{name}")
    for reader, family in READERS.items():
        if reader in vars(module) or _imports(module, reader):
            return family
    spoken = next(one for one in ALL if one.module == name).spoken
    return "datagrams" if spoken.transport is Transport.UDP else "frames"


def _imports(module: ModuleType, reader: str) -> bool:
    return any(
        getattr(one, "__module__", "") == f"tojimari.services.{reader}"
        for one in vars(module).values()
    )


def _conversation(recordings: Sequence[Recorded], chance: random.Random) -> Case:
    """A recording whose server says something else, played to its own protocol."""
    one = chance.choice(recordings)
    turns = _changed(chance, one)
    long = sum(len(turn.data) for turn in turns) > LONGEST_IN_CHUNKS
    chunk = None if long else chance.choice((None, None, 1, 7))
    return Case(
        one.module,
        lambda: _sound(replayed(one, one.spoken, turns, chunk)),
        f"{one.name} {chunk} {turns!r}",
    )


def _stranger(chance: random.Random) -> Case:
    """Words that were meant for another, as the first connection hears them."""
    one = chance.choice(ALL)
    turns = _changed(chance, one)
    transport = one.spoken.transport
    known = over(transport)
    peer = one.at(one.spoken)

    def run() -> None:
        heard = b"".join(turn.data for turn in turns if turn.who == SERVER)[: limits.HEARD]
        recognise(heard, known, peer)
        _sound(understood(heard, known, peer))
        if transport is Transport.TCP:
            greeters = tuple(each for each in known if each.server_speaks_first)
            attempt = Attempt(listen=limits.BANNER, listeners=greeters, speak=known[0])
            _sound(Replay(turns).follow(connection(attempt, peer)).service)

    return Case("connection", run, f"{one.name} {turns!r}")


def _page(chance: random.Random) -> Case:
    """A web page, shown to each product that is known by its pages."""
    chosen = chance.choice([each for each in ALL if each.protocol == "http"])
    body = noisy(chance, chance.choice(_bodies()))
    headers = {
        name: noisy(chance, value.encode()).decode("latin-1")
        for name, value in chance.choice(_heads()).items()
        if chance.random() < 0.9
    }
    response = Response("1.1", chance.choice((200, 401, 404)), "OK", headers, body)

    def run() -> None:
        len(response.title)
        for each in pages():
            for reading in (each.recognise, each.confirm):
                answer = reading(response) if reading else None
                if answer is not None:
                    _sound(Service("http", each.product, answer.version, details=_d(answer)))

    return Case(f"pages, {chosen.name}", run, f"{headers!r} {body!r}")


def _d(answer: object) -> dict[str, str | int]:
    details: dict[str, str | int] | None = getattr(answer, "details", None)
    return details or {}


def _greeting(chance: random.Random) -> Case:
    """A greeting made of names and what may stand beside them, given to one grammar."""
    grammar = chance.choice([each for each in catalog.names(GRAMMARS) if each not in NO_GRAMMARS])
    module = importlib.import_module(f"{GRAMMARS}.{grammar}")
    reading = getattr(module, "product", None)
    parts = [
        chance.choice((chance.choice(_words()), chance.choice(JOINED)))
        for _ in range(chance.randrange(1, 12))
    ]
    said = noisy(chance, "".join(parts).encode())[: limits.LINE].decode("utf-8", "replace")

    def run() -> None:
        found: Software | None = reading(said) if reading else None
        if found is not None:
            _sound(Service(grammar, found.product, found.version, details=found.details()))

    return Case(f"grammar {grammar}", run, repr(said))


JOINED: tuple[str, ...] = (
    *(" ", "/", "_", "-", " (", ")", ", ", " ready.", " server ", "1.2.3", "v4", "-rc1", "; "),
    *("[", "]", " version ", "Mon, 1 Jan 2024", "@", "\r\n", "~deb12u1", "FTP", ":", "<", ">"),
)


def _hello(chance: random.Random) -> Case:
    """A server's answer to a ClientHello, to ours by hand and to the library's."""
    said = noisy(chance, chance.choice(HELLOS))

    def run() -> None:
        for asked in versions.QUESTIONS:
            answer = Replay([Turn(SERVER, said)]).follow(asked.dialogue(PEER))
            if answer is not None:
                versions.details(versions.answered(asked, answer))
                _sound(answer)
        layer = TlsLayer("lab.test", ("http/1.1",))
        try:
            layer.handshake()
            layer.incoming(said)
            layer.handshake()
        except HandshakeError:
            layer.close()

    return Case("versions", run, repr(said))


HELLOS = (
    bytes.fromhex("15030100020228"),
    bytes.fromhex(
        "160303003d0200003903030000000000000000000000000000000000000000000000000000000000"
    )
    + bytes.fromhex("00000000c02f00001100000000ff0100010000100005000302683200"),
    bytes.fromhex("1603030004000000") + bytes(3),
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)


def _certificate(chance: random.Random) -> Case:
    """A certificate, in each of whose octets something else may stand."""
    der = noisy(chance, chance.choice(_certificates()))
    facts = TlsFacts("TLSv1.3", "X", "h2", (der,))
    return Case(
        "certificate",
        lambda: _sound(Service("tls", tls=True, details=dict(certificate.details(facts)))),
        der.hex(),
    )


def _pattern(chance: random.Random) -> Case:
    """A fingerprint's pattern, translated from Ruby's manner and matched."""
    pieces = [chance.choice(PIECES) for _ in range(chance.randrange(1, 30))]
    pattern = noisy(chance, "".join(pieces).encode()).decode("latin-1")
    said = noisy(chance, chance.choice(_words()).encode()).decode("latin-1")

    def run() -> None:
        try:
            found = compiled(pattern, chance.choice(("", "REG_ICASE", "REG_DOT_NEWLINE")))
        except UntranslatableError:
            return
        patience = Patience()
        with patience.timer():
            patience.search(found, said)

    return Case("patterns", run, repr((pattern, said)))


PIECES = (
    *("^", "$", "(", ")", "(?:", "(?i)", "(?m:", "(?<n>", "|", "[", "]", "[^", "[[:alpha:]]", "-"),
    *(r"\d", r"\w", r"\h", r"\z", r"\x4", r"\1", r"\.", ".", ".*", "+", "*", "?", "{2}", "{1,3}"),
    *("a", "1", "_", "/", "Lab", "([\\d.]+)", "(.*)+", "++", "&&", "(?>", r"\p{L}", "#", " "),
)


def _sound(service: Service | None) -> None:
    """What was found can be shown and written."""
    if service is None:
        return
    service = bounded(service)
    found = Identification(PEER.endpoint, Outcome.IDENTIFIED, service)
    line = plain(found)
    assert line.isascii(), "no ASCII"
    assert line.replace("\t", "").isprintable(), "not printable"
    document = services_document.document([found], [])
    _encoded(document)


def _encoded(document: object) -> bytes:
    import msgspec  # noqa: PLC0415 - slow to import, and only here

    return msgspec.json.encode(document)


def _changed(chance: random.Random, one: Recorded) -> tuple[Turn, ...]:
    """The recording with some of the server's words changed."""
    return tuple(
        Turn(SERVER, noisy(chance, turn.data)) if turn.who == SERVER else turn
        for turn in _shuffled(chance, one.turns)
    )


def _shuffled(chance: random.Random, turns: Sequence[Turn]) -> list[Turn]:
    """The turns, now and then with one left out, doubled, or taken from another recording."""
    kept = list(turns)
    match chance.randrange(8):
        case 0:
            del kept[chance.randrange(len(kept)) :]
        case 1:
            kept.insert(chance.randrange(len(kept) + 1), chance.choice(kept))
        case 2:
            kept.insert(chance.randrange(len(kept) + 1), chance.choice(chance.choice(ALL).turns))
        case _:
            pass
    return kept


@cache
def _words() -> tuple[str, ...]:
    """Every name of the table, and every first line of the recordings."""
    named = [name.words for family in names.table().values() for name in family]
    first = [one.said[:200].decode("latin-1") for one in ALL if one.said]
    return (*named, *first)


@cache
def _heads() -> tuple[dict[str, str], ...]:
    """The heads of the recorded answers."""
    return tuple(dict(one.headers) for one in _answers())


@cache
def _bodies() -> tuple[bytes, ...]:
    """The pages of the recorded answers."""
    made = (b"", b'{"version": "1.2.3"}', b"<html><title>x</title>", b'{"version": {"number": 1}}')
    return (*made, *(one.body for one in _answers()))


@cache
def _answers() -> tuple[Response, ...]:
    from tojimari.services import http  # noqa: PLC0415 - its name is a word of this file

    found: list[Response] = []
    for one in ALL:
        for turn in one.turns if one.protocol == "http" else ():
            if turn.who == SERVER and turn.data.startswith(b"HTTP/"):
                rest = one.turns[one.turns.index(turn) :]
                answer = Replay(rest).follow(http.response())
                if answer is not None:
                    found.append(answer)
    return tuple(found)


@cache
def _certificates() -> tuple[bytes, ...]:
    """One certificate of each kind of key."""
    import datetime as dt  # noqa: PLC0415 - only for these
    import ipaddress  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415

    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab.test"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "戸締まり"),
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "JP"),
        ]
    )
    alternatives = x509.SubjectAlternativeName(
        [x509.DNSName("lab.test"), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]
    )
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - as the library compares it
    made: list[bytes] = []
    for key in (
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ):
        algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        built = (
            x509.CertificateBuilder(name, name, key.public_key(), 7, start)
            .not_valid_after(start + dt.timedelta(days=90))
            .add_extension(alternatives, critical=False)
            .sign(key, algorithm)
        )
        made.append(built.public_bytes(serialization.Encoding.DER))
    return tuple(made)


ALLOWED = (PeerError, DamagedError)
