"""HTTP/2 answers as servers send them, and as nobody should."""

import time

import pytest
from hpack import Encoder

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services import http2, limits
from tojimari.services.dialogue import Peer
from tojimari.services.http import Response
from tojimari.services.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    frame,
)
from tojimari.services.protocols.h2 import PROTOCOL
from tojimari.services.recording import SERVER, Replay, Turn

OK = ((":status", "200"), ("server", "h2o/2.2.5"), ("content-type", "text/html"))
PAGE = b"<html><title>A page</title></html>"
HERE = Endpoint(Transport.TCP, "127.0.0.1", 8443)


def folded(*fields: tuple[str, str], encoder: Encoder | None = None) -> bytes:
    return (encoder or Encoder()).encode(list(fields))


def heard(*frames: bytes) -> Response | None:
    return Replay([Turn(SERVER, b"".join(frames))]).follow(http2.answer())


def head(block: bytes, flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, block, flags=flags, stream=1)


def data(body: bytes, flags: int = END_STREAM) -> bytes:
    return frame(DATA, body, flags=flags, stream=1)


def test_an_answer_is_heard_among_the_connections_own_frames() -> None:
    found = heard(
        frame(SETTINGS, flags=1),
        frame(8, b"\0\0\xff\xff"),
        frame(PING, b"12345678"),
        head(folded(*OK)),
        data(PAGE[:10], flags=0),
        data(PAGE[10:]),
    )
    assert found is not None
    assert (found.status, found.header("server"), found.title) == (200, "h2o/2.2.5", "A page")


def test_a_ping_is_answered() -> None:
    replay = Replay([Turn(SERVER, frame(PING, b"12345678") + head(folded(*OK), 5))])
    replay.follow(http2.answer())
    assert replay.said == [frame(PING, b"12345678", flags=1)]


def test_an_interim_answer_is_passed_over_and_keeps_the_state() -> None:
    encoder = Encoder()
    early = folded((":status", "103"), ("x-lab", "kept in the table"), encoder=encoder)
    late = folded((":status", "404"), ("x-lab", "kept in the table"), encoder=encoder)
    found = heard(head(early), head(late, END_HEADERS | END_STREAM))
    assert found is not None
    assert (found.status, found.header("x-lab")) == (404, "kept in the table")


def test_padding_and_priority_are_taken_away() -> None:
    padded = b"\x04" + bytes(5) + folded(*OK) + bytes(4)
    found = heard(
        head(padded, END_HEADERS | PADDED | PRIORITY),
        frame(DATA, b"\x02" + PAGE + b"\0\0", flags=PADDED | END_STREAM, stream=1),
    )
    assert found is not None
    assert (found.header("server"), found.body) == ("h2o/2.2.5", PAGE)


def test_a_head_may_come_in_pieces() -> None:
    block = folded(*OK)
    found = heard(
        head(block[:3], END_STREAM),
        frame(CONTINUATION, block[3:6], stream=1),
        frame(CONTINUATION, block[6:], flags=END_HEADERS, stream=1),
    )
    assert found is not None
    assert found.header("server") == "h2o/2.2.5"


def bomb() -> bytes:
    """4,000 bytes that go into the table once, and 20,000 times out of it."""
    return folded((":status", "200"), ("x", "y" * 3000)) + b"\xbe" * 20_000


@pytest.mark.parametrize(
    "frames",
    [
        (),
        (frame(GOAWAY, bytes(8)),),
        (frame(RST_STREAM, bytes(4), stream=1),),
        (frame(PUSH_PROMISE, bytes(4) + folded(*OK), flags=END_HEADERS, stream=1),),
        (head(folded(*OK), 0), frame(CONTINUATION, b"", stream=1) * 1000),
        (head(folded(*OK), 0), frame(CONTINUATION, b"\x40" * 9000, stream=1) * 10),
        (head(folded(*OK), 0), frame(CONTINUATION, b"", flags=END_HEADERS, stream=3)),
        (head(folded(*OK), 0), data(PAGE)),
        (frame(PING, bytes(8)) * 1000, head(folded(*OK))),
        (frame(HEADERS, folded(*OK), flags=END_HEADERS, stream=3),),
        (b"\xff\xff\xff\x01\x04\0\0\0\x01", folded(*OK)),
        (head(b"\xff" * 100),),
        (head(b"\x3f" + b"\xff" * 16_000),),
        (head(b"\x80"),),
        (head(folded((":status", "20"))),),
        (head(folded((":status", "\u0662\u0660\u0660"))),),
        (head(folded(("server", "h2o"))),),
    ],
    ids=lambda frames: f"{len(b''.join(frames))} bytes",
)
def test_what_is_no_answer_ends_without_one(frames: tuple[bytes, ...]) -> None:
    began = time.process_time()
    assert heard(*frames) is None
    assert time.process_time() - began < 0.2


def test_a_few_bytes_that_unfold_to_many_are_not_unfolded() -> None:
    block = bomb()
    pieces = [block[at : at + 16_000] for at in range(0, len(block), 16_000)]
    frames = [frame(CONTINUATION, piece, stream=1) for piece in pieces[1:-1]]
    last = frame(CONTINUATION, pieces[-1], flags=END_HEADERS, stream=1)
    began = time.process_time()
    assert heard(head(pieces[0], 0), *frames, last) is None
    assert time.process_time() - began < 0.2


def test_a_page_without_end_is_read_up_to_a_cap() -> None:
    found = heard(head(folded(*OK)), data(b"x" * 16_000, flags=0) * 60)
    assert found is not None
    assert len(found.body) == limits.BODY


def test_padding_that_is_longer_than_its_frame_is_no_answer() -> None:
    service = spoken(frame(DATA, b"\xff", flags=PADDED, stream=1), first=(head(folded(*OK)),))
    assert service is not None
    assert service.product is None


def test_a_request_names_the_door_and_us() -> None:
    sent = http2.request("lab.test:8443", tls=True)
    assert sent[:9] == (len(sent) - 9).to_bytes(3, "big") + bytes([HEADERS, 5, 0, 0, 0, 1])
    assert b"lab.test:8443" in sent


def spoken(*frames: bytes, first: tuple[bytes, ...] = ()) -> Service | None:
    peer = Peer(HERE, "lab.test", bytes(32), tls=True)
    greeting = frame(SETTINGS, bytes.fromhex("000300000064"))
    said = b"".join((greeting, *first, *frames))
    return Replay([Turn(SERVER, said)]).follow(PROTOCOL.dialogue(peer))


def test_a_web_server_that_takes_nothing_older_is_named() -> None:
    service = spoken(head(folded(*OK)), data(PAGE))
    assert service is not None
    assert (service.protocol, service.product, service.version) == ("h2", "h2o", "2.2.5")
    assert service.details["title"] == "A page"
    assert service.details["max-concurrent-streams"] == 100


def test_a_server_of_grpc_says_what_it_is() -> None:
    fields = ((":status", "415"), ("content-type", "application/grpc"), ("grpc-status", "3"))
    service = spoken(head(folded(*fields), END_HEADERS | END_STREAM))
    assert service is not None
    assert service.details["grpc"] == "yes"


def test_a_product_that_is_known_by_its_page_is_known_in_http2_too() -> None:
    service = spoken(head(folded((":status", "200"))), data(b"Ollama is running"))
    assert service is not None
    assert service.product == "Ollama"


def test_settings_of_half_a_setting_are_none() -> None:
    assert http2.settings(bytes(5)) is None
    assert http2.settings(bytes.fromhex("000300000064")) == {3: 100}
