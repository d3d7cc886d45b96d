import json
from dataclasses import replace
from typing import Any

import msgspec

from house import HOUSE
from tojimari.app.connections import select
from tojimari.core.socket import InsideView
from tojimari.report.connections_document import document


def read(view: InsideView = HOUSE) -> Any:  # noqa: ANN401 - JSON, looked at by key
    return json.loads(msgspec.json.encode(document(select(view))))


def test_conversations_are_rows() -> None:
    found = read()
    assert (found["schema"], len(found["connections"])) == ("tojimari.connections/1", 10)
    assert found["connections"][3] == {
        "transport": "tcp",
        "state": "established",
        "direction": "outgoing",
        "local_address": "::1",
        "local_port": 45000,
        "remote_address": "::1",
        "remote_port": 80,
        "netns": 4026531840,
        "pid": 4242,
        "program": "curl",
        "user": "taro",
        "unit": None,
        "container": None,
        "holders": 1,
        "peer_pid": 813,
        "peer_program": "nginx",
        "peer_unit": "nginx.service",
        "peer_container": None,
        "inode": 45000,
    }


def test_a_conversation_of_nobody_has_no_names() -> None:
    last = read()["connections"][-1]
    assert (last["pid"], last["program"], last["holders"]) == (None, None, 0)


def test_a_container_in_a_conversation_is_its_name() -> None:
    inside = replace(HOUSE.listeners[-1].owners[0])
    one = replace(HOUSE.connections[0], owners=(inside,))
    view = replace(HOUSE, connections=(one,))
    (row,) = read(view)["connections"]
    assert row["container"] == "shop-cache"
