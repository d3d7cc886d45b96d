import json
import os
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from house import BOX_ID, HOUSE, SSHD, door, doors, inspections
from scenery import NOW
from sightings import sighted
from tojimari.app import look
from tojimari.core.door import Door
from tojimari.core.exposure import Certainty
from tojimari.core.observation import State
from tojimari.core.socket import Namespace
from tojimari.report import documents
from tojimari.report.encodable import text


def read(document: object) -> Any:  # noqa: ANN401 - JSON, looked at by key
    return json.loads(msgspec.json.encode(document))


def looked(*queries: str) -> Any:  # noqa: ANN401 - the same
    found = look.select(HOUSE, doors(), [look.question(one) for one in queries])
    return read(documents.look(found))


def test_the_document_names_its_schema_and_the_machine() -> None:
    document = looked()
    assert {key: document[key] for key in ("schema", "host", "at", "method", "clients")} == {
        "schema": "tojimari.look/1",
        "host": "house",
        "at": NOW,
        "method": "procfs",
        "clients": 1,
    }


def test_a_door_is_flat() -> None:
    (ssh, _) = looked("22")["doors"]
    owner = ssh.pop("owners")[0]
    assert ssh == {
        "transport": "tcp",
        "address": "0.0.0.0",
        "port": 22,
        "netns": 4026531840,
        "namespace": "host",
        "role": "server",
        "v6only": None,
        "interface": None,
        "multicast": False,
        "backlog": 128,
        "queued": 0,
        "inodes": [220],
        "uid": 0,
        "exposure": {
            "this-machine": "certainly",
            "containers": "certainly-not",
            "lan": "certainly",
            "internet": "maybe",
        },
        "widest": "lan",
        "assignment": "ssh",
        "usual": "OpenSSH",
        "service": "ssh",
        "kind": "remote-shell",
        "witnesses": ["kernel"],
        "farthest": "lan",
        "last": None,
        "forwarding": None,
        "conversation": None,
        "scan": None,
        "because": None,
        "reaches": None,
        "holders": None,
    }
    assert owner == {
        "pid": 700,
        "name": "sshd",
        "exe": "/usr/sbin/sshd",
        "user": "root",
        "unit": "ssh.service",
        "container": None,
        "evidence": "descriptor",
        "command": ["sshd: /usr/sbin/sshd -D [listener]"],
        "started": NOW - 3 * 86400,
        "deleted": False,
        "descriptors": [3],
        "cgroup": "/system.slice/ssh.service",
    }


def test_a_container_has_its_parts() -> None:
    (redis,) = looked("6379")["doors"]
    assert redis["namespace"] == "shop"
    assert redis["owners"][0]["container"] == {
        "runtime": "docker",
        "id": BOX_ID,
        "name": "shop-cache",
        "pod": None,
    }


def test_a_door_that_no_kernel_holds_has_no_owner() -> None:
    (seen,) = [one for one in doors() if one.endpoint.port == 9000]
    document = read(documents.door(replace(seen, listener=None)))
    assert (document["owners"], document["role"], document["inodes"]) == ([], "unsure", [])


def in_full(port: str) -> Any:  # noqa: ANN401 - the same
    found = look.select(HOUSE, doors(), [look.question(port)])
    return read(documents.look(found, [inspections(one) for one in found.doors]))["doors"][0]


def test_a_door_in_full_says_why_and_who_waits() -> None:
    web = in_full("80")
    assert web["because"]["lan"] == "10.0.0.5 on eth0 is in a private network."
    assert web["holders"][0] == {
        "pid": 812,
        "threads": 1,
        "waiting": [{"tid": 812, "name": "nginx", "call": "epoll_wait"}],
        "unreadable": 0,
        "parents": [
            {
                "pid": 1,
                "name": "systemd",
                "exe": "/usr/bin/systemd",
                "user": "root",
                "command": ["/usr/bin/systemd"],
                "started": NOW - 4 * 86400,
            }
        ],
        "login": None,
        "package": "nginx",
        "package_version": "1.22.1-9",
        "package_systems": ["dpkg"],
    }


def test_what_a_closer_look_did_not_find_is_null() -> None:
    holder = in_full("6379")["holders"][0]
    assert (holder["threads"], holder["package"], holder["package_systems"]) == (None, None, [])


def test_what_could_not_be_seen_is_in_it() -> None:
    assert looked()["unseen"] == [
        {
            "code": "by-the-test",
            "text": "Some of it: 3.",
            "count": 3,
            "next": "sudo tojimari look",
            "hides_doors": False,
        }
    ]


def test_namespaces_carry_their_interfaces() -> None:
    shop = looked()["namespaces"][1]
    assert (shop["name"], shop["interfaces"][1]["addresses"]) == ("shop", ["172.17.0.2/16"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sshd", "sshd"),
        ("挨拶", "挨拶"),
        ("\x1b[31m", "\x1b[31m"),
        (os.fsdecode(b"sl\xffp"), r"sl\xffp"),
        (os.fsdecode("扉".encode() + b"\xff"), r"扉\xff"),
    ],
)
def test_text_stays_unless_json_cannot_hold_it(value: str, expected: str) -> None:
    assert text(value) == expected


def odd_door() -> Door:
    odd = os.fsdecode(b"\xff")
    namespace = Namespace(HOUSE.namespaces[0].inode, odd, is_host=True)
    view = replace(
        HOUSE,
        namespaces=(namespace,),
        listeners=(door("::", 22, replace(SSHD, name=odd, exe=odd, command=(odd,), unit=odd)),),
    )
    return doors(view)[0]


def test_bytes_that_are_no_utf8_do_not_stop_a_document() -> None:
    document = read(documents.door(odd_door()))
    owner = document["owners"][0]
    assert (document["namespace"], owner["name"], owner["command"]) == (r"\xff", r"\xff", [r"\xff"])


def test_a_door_tells_how_it_looked_from_outside() -> None:
    (found,) = read(documents.door(sighted(State.FILTERED, Certainty.YES)))["scan"]
    assert found == {
        "address": "192.0.2.1",
        "interface": "eth0",
        "source": "198.18.0.1",
        "state": "filtered",
        "reason": "no-response",
        "expected": "certainly",
        "sent_on": False,
    }
