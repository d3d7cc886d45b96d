"""How identifications are shown to people and to programs."""

import base64
import json

import msgspec
import pytest

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.message import Message
from tojimari.core.service import Confidence, Identification, Outcome, Service
from tojimari.core.socket import Unseen
from tojimari.report import services
from tojimari.report.language import Language
from tojimari.report.services_document import document
from tojimari.report.view import View

DOOR = Endpoint(Transport.TCP, "192.0.2.1", 22)
SSH = Service(
    "ssh", "OpenSSH", "9.2p1", evidence="SSH-2.0-OpenSSH_9.2p1", details={"host-key": "ed25519"}
)


def shown(
    found: Identification, language: Language = Language.ENGLISH, *, whole: bool = False
) -> str:
    return "\n".join(services.line(found, View(language, 1000, whole=whole)))


def test_a_known_door_names_protocol_software_and_words() -> None:
    line = shown(Identification(DOOR, Outcome.IDENTIFIED, SSH))
    assert line.split() == ["192.0.2.1", "22/tcp", "ssh", "OpenSSH", "9.2p1", SSH.evidence]


def test_with_all_it_told_the_details_follow() -> None:
    assert shown(Identification(DOOR, Outcome.IDENTIFIED, SSH), whole=True).endswith(
        "    host-key: ed25519"
    )


@pytest.mark.parametrize(
    ("service", "protocol", "software"),
    [
        (
            Service("http", "IIS", "10.0", vendor="Microsoft", tls=True),
            "https",
            "Microsoft IIS 10.0",
        ),
        (Service("imap", "Dovecot", tls=True, vendor="Dovecot"), "imap+tls", "Dovecot"),
        (Service("ftp", confidence=Confidence.LIKELY), "ftp?", ""),
        (Service("http", "nginx", "1.22.1", vendor="nginx"), "http", "nginx 1.22.1"),
    ],
)
def test_tls_doubt_and_makers_are_said(service: Service, protocol: str, software: str) -> None:
    line = shown(Identification(DOOR, Outcome.IDENTIFIED, service))
    assert f"  {protocol}" in line
    assert services.software(service) == software


def test_a_title_stands_beside_the_status() -> None:
    page = Service("http", evidence="HTTP/1.1 200 OK", details={"title": "戸"})
    assert shown(Identification(DOOR, Outcome.IDENTIFIED, page)).endswith("HTTP/1.1 200 OK “戸”")


def test_nothing_from_a_peer_acts_on_the_terminal() -> None:
    evil = Service("http", "\x1b[2J", "\r\n", evidence="\x1b]0;x\x07", details={"title": "\u202ex"})
    assert "\x1b" not in shown(Identification(DOOR, Outcome.IDENTIFIED, evil), whole=True)
    unknown = Identification(DOOR, Outcome.UNKNOWN, heard=b"\x1b[2J\xff")
    assert shown(unknown).endswith(r"spoke, but in words that nobody here knows: \x1b[2Jÿ")


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("language", list(Language))
def test_every_outcome_has_its_words(outcome: Outcome, language: Language) -> None:
    assert len(shown(Identification(DOOR, outcome), language).split()) >= 3


def test_silence_over_udp_is_not_called_a_connection() -> None:
    endpoint = Endpoint(Transport.UDP, "192.0.2.1", 68)
    because = Message("mute", "because of {x}", {"x": "this"})
    line = shown(Identification(endpoint, Outcome.SILENT, because=because))
    assert line.endswith("no answer: it may be open or filtered: because of this")


def test_a_row_for_programs_has_tabs() -> None:
    assert services.plain(Identification(DOOR, Outcome.IDENTIFIED, SSH)).split("\t") == [
        "192.0.2.1",
        "22/tcp",
        "identified",
        "ssh",
        "-",
        "OpenSSH",
        "9.2p1",
        "-",
        "certain",
        "SSH-2.0-OpenSSH_9.2p1",
    ]
    assert services.plain(Identification(DOOR, Outcome.REFUSED)).count("-") == 7


def test_the_end_counts() -> None:
    counts = {Outcome.IDENTIFIED: 3, Outcome.REFUSED: 2, Outcome.UNREACHABLE: 1}
    assert services.summary(counts, Language.ENGLISH) == (
        "Doors spoken with: 6; identified: 3; shut or out of reach: 3."
    )
    assert services.progress(1, 2, Language.JAPANESE) == "扉 1/2"
    assert "Software" in services.heading(View(Language.ENGLISH))


def test_the_document_holds_everything() -> None:
    half = Service("minecraft", "Minecraft", "1\ud800", details={"motd": "\ud800", "players": 3})
    found = [
        Identification(DOOR, Outcome.IDENTIFIED, half, connections=2, tried=("minecraft",)),
        Identification(
            Endpoint(Transport.TCP, "192.0.2.1", 21),
            Outcome.UNKNOWN,
            heard=b"\xff",
            because=Message("x", "why {y}", {"y": 1}),
            seconds=0.123456,
        ),
    ]
    unseen = (Unseen(Message("other-namespaces", "{count} more", {"count": 2}), 2),)
    told = json.loads(msgspec.json.encode(document(found, unseen)))
    assert told["schema"] == "tojimari.identify/1"
    first, second = told["doors"]
    assert (first["port"], first["because"], first["seconds"]) == (21, "why 1", 0.1235)
    assert base64.b64decode(first["heard"]) == b"\xff"
    assert second["version"] == r"1\ud800"
    assert second["details"] == {"motd": r"\ud800", "players": 3}
    assert told["unseen"] == [{"code": "other-namespaces", "text": "2 more", "count": 2}]
