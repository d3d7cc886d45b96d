import http.client
import json
import threading
from collections.abc import Generator
from http.server import ThreadingHTTPServer

import pytest

from tojimari.lab.imitations import docker


@pytest.fixture
def server(network: None) -> Generator[http.client.HTTPConnection]:
    """A connection to the imitation."""
    del network
    with ThreadingHTTPServer(("127.0.0.1", 0), docker.Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.server_port)
        yield connection
        connection.close()
        listening.shutdown()
        thread.join()


def test_it_is_a_docker_engine(server: http.client.HTTPConnection) -> None:
    server.request("GET", "/_ping")
    answer = server.getresponse()
    assert (answer.status, answer.read()) == (200, b"OK")
    assert answer.getheader("Api-Version") == docker.API
    assert answer.getheader("Server") == f"Docker/{docker.VERSION} (linux)"


def test_version_and_containers_are_told(server: http.client.HTTPConnection) -> None:
    server.request("GET", "/version")
    assert json.loads(server.getresponse().read())["Version"] == docker.VERSION
    server.request("GET", "/containers/json")
    assert json.loads(server.getresponse().read()) == []


def test_other_paths_are_not_found(server: http.client.HTTPConnection) -> None:
    server.request("HEAD", "/x")
    answer = server.getresponse()
    assert (answer.status, answer.read()) == (404, b"")


def test_it_listens_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    class Server:
        def __init__(self, address: tuple[str, int], handler: object) -> None:
            told.extend((address, handler))

        def serve_forever(self) -> None:
            told.append("served")

    monkeypatch.setattr(docker, "ThreadingHTTPServer", Server)
    monkeypatch.setattr("sys.argv", ["docker", "--port", "2376"])
    docker.main()
    assert told == [("", 2376), docker.Handler, "served"]
