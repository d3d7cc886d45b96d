import os
import socket
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from house import HOUSE, doors
from nobody import become_nobody, become_root_again
from tojimari.app import look
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.look import Look
from tojimari.core.socket import Evidence
from tojimari.sockets import portable

OURS = str(Path("/proc/self/ns/net").stat().st_ino)  # other namespaces may have such doors, too


def ports(found: Look) -> list[int]:
    return [door.endpoint.port for door in found.doors]


def asked(*queries: str, clients: bool = False, namespace: str | None = None) -> Look:
    questions = [look.question(one) for one in queries]
    return look.select(HOUSE, doors(), questions, clients=clients, namespace=namespace)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("22", [22, 22]),
        ("53", [53, 53]),
        ("53/udp", [53]),
        ("5000-6999", [5353, 5432, 6379, 6666]),
        ("81", []),
        ("nginx", [80]),
        ("nginx.service", [80]),
        ("ssh", [22, 22]),
        ("taro", [5353, 41000]),
        ("shop-cache", [6379]),
        ("postgres", [5432]),
        ("postgresql/udp", []),
        ("redis", [6379]),
        ("OpenSSH", [22, 22]),
        ("挨拶", [5353, 41000]),
    ],
)
def test_doors_are_asked_for_by_number_and_by_name(query: str, expected: list[int]) -> None:
    assert ports(asked(query)) == expected


def test_several_questions_are_answered_together() -> None:
    assert ports(asked("80", "53/udp")) == [53, 80]


def test_clients_are_counted_and_left_out() -> None:
    found = asked()
    assert (40123 in ports(found), found.clients) == (False, 1)


def test_clients_are_listed_on_request() -> None:
    found = asked(clients=True)
    assert (40123 in ports(found), found.clients) == (True, 0)


def test_a_client_is_listed_where_its_number_is_asked_for() -> None:
    assert ports(asked("40123")) == [40123]


@pytest.mark.parametrize("name", ["shop", "4026532200"])
def test_a_namespace_is_chosen_by_name_or_inode(name: str) -> None:
    assert ports(asked(namespace=name)) == [6379]


def test_a_namespace_that_is_not_there_is_an_error_that_names_the_others() -> None:
    with pytest.raises(UsageError) as caught:
        asked(namespace="nowhere")
    assert caught.value.hint.values["known"] == "host, shop"


@pytest.mark.parametrize("text", ["70000", "9-1", "53/quic", ""])
def test_a_mistaken_question_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        look.question(text)
    assert "tojimari look 53/udp" in caught.value.hint.text


def test_what_a_number_usually_is_comes_from_the_registry() -> None:
    said = look.usually(look.question("22"))
    words = look.words(said)
    assert (said.service, words and words.name) == ("ssh", "ssh")


def test_a_name_has_no_usual_thing() -> None:
    said = look.usually(look.question("nginx"))
    assert (said.service, look.words(said)) == (None, None)


def test_udp_has_its_own_usual_thing() -> None:
    assert look.usually(look.question("53/udp")).assignment == "domain"


def test_where_a_door_may_have_been_missed_a_look_is_not_whole() -> None:
    hidden = replace(HOUSE.unseen[0], hides_doors=True)
    found = look.select(replace(HOUSE, unseen=(hidden,)), doors())
    assert (asked().is_whole, found.is_whole) == (True, False)


@pytest.mark.usefixtures("network")
def test_a_door_of_our_own_is_seen_with_its_meaning() -> None:
    with closing(socket.create_server(("127.0.0.1", 5432))):
        (door,) = look.look([look.question("5432")], namespace=OURS).doors
    assert door.endpoint.transport is Transport.TCP
    assert door.meaning.assignment == "postgresql"


@pytest.mark.usefixtures("network")
def test_our_own_process_is_inspected() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        asked = look.question(str(server.getsockname()[1]))
        (door,) = look.look([asked], namespace=OURS).doors
        (seen,) = look.inspections(door)
    assert (seen.pid, bool(seen.ancestry.parents)) == (door.owners[0].pid, True)


SERVER = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


@pytest.mark.usefixtures("root")
def test_an_unprivileged_user_sees_the_door_and_is_told_what_is_missing() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        asked = [look.question(server.stdout.readline().decode())]
        look.look(asked)  # whatever it needs is loaded while the files may be read
        groups = become_nobody()
        try:
            found = look.look(asked, namespace=OURS)
        finally:
            become_root_again()
            os.setgroups(groups)
            server.kill()
    (door,) = found.doors
    assert door.endpoint.address == "127.0.0.1"
    assert all(owner.evidence is Evidence.CGROUP for owner in door.owners)
    assert found.unseen


def test_a_door_that_no_kernel_holds_has_nobody_to_inspect() -> None:
    assert look.inspections(replace(doors()[0], listener=None)) == ()


@pytest.mark.usefixtures("network")
def test_off_linux_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert portable.METHOD == "psutil"  # psutil itself must have been imported on Linux
    monkeypatch.setattr(sys, "platform", "darwin")
    assert look.view().method == "psutil"
