"""Every protocol of the catalogue against every recording, whole and damaged."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings import ALL, NAMES, Recorded, replayed
from tojimari.core import catalog
from tojimari.core.endpoint import Transport
from tojimari.core.errors import PeerError
from tojimari.core.service import Confidence, Service
from tojimari.services import limits
from tojimari.services.catalogue import PROTOCOLS, protocols
from tojimari.services.dialogue import Peer, Protocol, first_datagram
from tojimari.services.octets import DamagedError
from tojimari.services.order import LEFT_ALONE
from tojimari.services.recording import SERVER, Turn

# Protocols that are told apart by their number alone, because they speak the same tongue.
KIN = {frozenset({"lmtp", "smtp"}), frozenset({"ipp", "http"}), frozenset({"ssdp", "http"})}

CERTAIN = Confidence.CERTAIN

by_name = pytest.mark.parametrize("name", NAMES)
by_recording = pytest.mark.parametrize("recorded", ALL, ids=lambda one: one.name)


def protocol(name: str) -> Protocol:
    return catalog.entry(PROTOCOLS, name, "PROTOCOL", Protocol)


def outcome(recorded: Recorded, spoken: Protocol, turns: tuple[Turn, ...]) -> Service | None:
    """What a dialogue makes of it, where "broken" is as good as "not mine"."""
    try:
        return replayed(recorded, spoken, turns)
    except (DamagedError, PeerError):
        return None


@by_name
def test_every_protocol_has_a_recording(name: str) -> None:
    assert name in {one.module for one in ALL}


@by_name
def test_every_protocol_names_its_source(name: str) -> None:
    assert len(protocol(name).source) > 5


@by_name
def test_no_protocol_is_usual_where_nothing_may_be_written(name: str) -> None:
    assert not LEFT_ALONE & (protocol(name).ports | protocol(name).tls_ports)


def test_there_are_at_least_seventy_protocols() -> None:
    assert len({one.name for one in protocols()}) >= 70


@by_recording
def test_it_recognises_its_own_recording(recorded: Recorded) -> None:
    service = recorded.replayed(recorded.spoken)
    assert service is not None
    assert (service.protocol, service.product, service.version) == (
        recorded.protocol,
        recorded.product,
        recorded.version,
    )


@by_recording
def test_it_recognises_its_own_one_byte_at_a_time(recorded: Recorded) -> None:
    slow = recorded.replayed(recorded.spoken, chunk=1)
    assert slow is not None
    assert (slow.product, slow.version) == (recorded.product, recorded.version)


@by_recording
def test_nobody_else_recognises_it(recorded: Recorded) -> None:
    claims = [
        other.name
        for other in protocols()
        if other.transport is recorded.spoken.transport
        and other.name != recorded.protocol
        and frozenset({other.name, recorded.protocol}) not in KIN
        and outcome(recorded, other, recorded.turns) is not None
    ]
    assert claims == []


@by_recording
def test_a_peer_that_leaves_early_breaks_nothing(recorded: Recorded) -> None:
    for kept in range(len(recorded.turns)):
        turn = recorded.turns[kept]
        half = Turn(turn.who, turn.data[: len(turn.data) // 2])
        for turns in (recorded.turns[:kept], (*recorded.turns[:kept], half)):
            found = outcome(recorded, recorded.spoken, turns)
            assert found is None or found.protocol == recorded.protocol


@by_recording
def test_noise_in_it_breaks_nothing(recorded: Recorded) -> None:
    chance = random.Random(recorded.name)  # noqa: S311 - noise, the same in each run
    for _ in range(150):
        turns = damaged(recorded.turns, chance)
        found = outcome(recorded, recorded.spoken, turns)
        assert found is None or found.protocol == recorded.protocol


@by_recording
def test_a_peer_that_never_stops_is_left(recorded: Recorded) -> None:
    endless = recorded.said + (recorded.said or b"x") * (2 * limits.HEARD // len(recorded.said))
    turns = (Turn(SERVER, endless),)
    found = outcome(recorded, recorded.spoken, turns)
    assert found is None or len(found.evidence) <= limits.SNIPPET


@by_name
@given(data=st.binary(max_size=200))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nothing_is_surely_recognised_in_noise(name: str, data: bytes) -> None:
    spoken = protocol(name)
    recorded = next(one for one in ALL if one.module == name)
    found = outcome(recorded, spoken, (Turn(SERVER, data),))
    assert found is None or found.confidence is not CERTAIN or data[:2] in recorded.said


@by_recording
def test_nothing_is_said_to_a_server_that_greets_before_it_greeted(recorded: Recorded) -> None:
    spoken = recorded.spoken
    if spoken.server_speaks_first:
        command = next(spoken.dialogue(recorded.at(spoken)))
        assert type(command).__name__ == "Read"


@by_name
def test_the_first_datagram_is_known_without_a_peer(name: str) -> None:
    spoken = protocol(name)
    recorded = next(one for one in ALL if one.module == name)
    peer: Peer = recorded.at(spoken)
    sent = first_datagram(spoken, peer)
    assert (sent is not None) == (spoken.transport is Transport.UDP)


def damaged(turns: tuple[Turn, ...], chance: random.Random) -> tuple[Turn, ...]:
    """The same turns, a slice of one of the server's replaced by noise."""
    spoken = [at for at, turn in enumerate(turns) if turn.who == SERVER and turn.data]
    at = chance.choice(spoken)
    data = turns[at].data
    start = chance.randrange(len(data))
    size = chance.randrange(1, 12)
    noise = chance.randbytes(chance.choice((0, size, 3 * size)))
    hurt = Turn(SERVER, data[:start] + noise + data[start + size :])
    return (*turns[:at], hurt, *turns[at + 1 :])
