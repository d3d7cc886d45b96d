"""Conversations with real small servers, joined into the doors of this machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from behind import answers, datagrams, door, says
from guarded import machine
from tojimari.app import check, look
from tojimari.core.door import Door
from tojimari.core.meaning import Advice
from tojimari.core.observation import State, Witness
from tojimari.core.service import Outcome
from tojimari.core.verdict import Verdict
from tojimari.registry.query import parse

OURS = str(Path("/proc/self/ns/net").stat().st_ino)
SSH = says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
HTTP = answers((b"", b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"))

pytestmark = pytest.mark.usefixtures("network")


def looked(port: int, transport: str = "tcp") -> Door:
    asked = parse(f"{port}/{transport}")
    (found,) = look.look([asked], namespace=OURS, identify=True).doors
    return found


def test_what_speaks_is_joined_into_the_door() -> None:
    with door(SSH) as opened:
        found = looked(opened.port)
    assert found.service is not None
    assert (found.service.protocol, found.service.product, found.service.version) == (
        "ssh",
        "OpenSSH",
        "9.2p1",
    )
    said = found.observations[-1]
    assert (said.witness, said.state, said.vantage) == (Witness.CONVERSATION, State.OPEN, "inside")
    assert said.evidence.startswith("ssh: SSH-2.0-OpenSSH_9.2p1")


def test_a_door_that_says_nothing_is_silent_and_open() -> None:
    with door() as opened:
        found = looked(opened.port)
    assert found.service is None
    assert found.conversation is not None
    assert found.conversation.outcome is Outcome.SILENT
    assert (found.observations[-1].state, found.observations[-1].evidence) == (State.OPEN, "silent")


def test_a_udp_door_that_says_nothing_may_be_filtered() -> None:
    with datagrams(lambda _: None) as (port, _):
        found = looked(port, "udp")
    assert found.observations[-1].state is State.OPEN_OR_FILTERED


def test_nobody_speaks_with_a_door_unasked() -> None:
    with door(SSH) as opened:
        (found,) = look.look([parse(str(opened.port))], namespace=OURS).doors
        assert (found.service, found.conversation, opened.heard) == (None, None, [])


def test_what_speaks_far_from_home_says_what_the_door_is() -> None:
    redis = answers((b"", b"-NOAUTH Authentication required.\r\n"))
    with door(redis, port=40379) as opened:
        found = looked(opened.port)
    assert (found.meaning.service, found.meaning.internet) == ("redis", Advice.NEVER)


@pytest.fixture
def judged() -> Iterator[Verdict]:
    with door(HTTP, port=22), door(SSH, port=80), door(HTTP, port=8080), door(SSH, port=2222):
        yield check.check(None, identify=True)


def findings(verdict: Verdict) -> dict[int, str]:
    own = int(OURS)
    return {
        one.door.endpoint.port: one.message.code
        for one in verdict.findings
        if one.door is not None
        and one.door.namespace.inode == own
        and one.check in {"moved-service", "wrong-service"}
    }


@pytest.mark.usefixtures("root")
def test_http_at_22_and_ssh_at_80_are_found_and_usual_places_are_not(judged: Verdict) -> None:
    assert findings(judged) == {22: "moved-service", 80: "moved-service"}
    values = {
        one.door.endpoint.port: one.message.values
        for one in judged.findings
        if one.door is not None and one.check == "moved-service"
    }
    assert values[22] == {"usual": "ssh", "spoken": "http"}
    assert values[80] == {"usual": "http", "spoken": "ssh"}


@pytest.mark.usefixtures("root")
def test_a_container_s_doors_are_counted_and_not_spoken_with() -> None:
    with machine("0.0.0.0:22") as made:
        document = json.loads(made.tojimari("check", "--identify", "--json"))
    assert [one["conversation"] is None for one in document["doors"]] == [False, True]
    assert [(one["code"], one["count"]) for one in document["unseen"]] == [("other-namespaces", 1)]


def test_progress_is_told_after_each_door() -> None:
    told: list[tuple[int, int]] = []
    with door(SSH) as opened:
        asked = [parse(str(opened.port))]
        look.look(
            asked,
            namespace=OURS,
            identify=True,
            progress=lambda done, total: told.append((done, total)),
        )
    assert told == [(1, 1)]
