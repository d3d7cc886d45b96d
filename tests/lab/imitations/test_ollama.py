import http.client
import json
import threading
from collections.abc import Generator
from http.server import ThreadingHTTPServer

import pytest

from tojimari.lab.imitations import ollama


@pytest.fixture
def server(network: None) -> Generator[http.client.HTTPConnection]:
    """A connection to the imitation."""
    del network
    with ThreadingHTTPServer(("127.0.0.1", 0), ollama.Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.server_port)
        yield connection
        connection.close()
        listening.shutdown()
        thread.join()


def test_the_front_door_says_that_it_runs(server: http.client.HTTPConnection) -> None:
    server.request("GET", "/")
    answer = server.getresponse()
    assert (answer.status, answer.read()) == (200, b"Ollama is running")
    assert answer.getheader("Server") is None


def test_version_and_models_are_told(server: http.client.HTTPConnection) -> None:
    server.request("GET", "/api/version")
    assert json.loads(server.getresponse().read()) == {"version": ollama.VERSION}
    server.request("GET", "/api/tags")
    assert json.loads(server.getresponse().read())["models"][0]["name"] == "practice:latest"


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

    monkeypatch.setattr(ollama, "ThreadingHTTPServer", Server)
    monkeypatch.setattr("sys.argv", ["ollama", "--port", "5900"])
    ollama.main()
    assert told == [("", 5900), ollama.Handler, "served"]
