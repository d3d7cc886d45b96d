"""Every page of the catalogue against answers as its product gives them, and against others'."""

import time

import pytest

from tojimari.core import catalog
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Service
from tojimari.services import limits
from tojimari.services.dialogue import Peer
from tojimari.services.http import Response
from tojimari.services.page import PAGES, Answer, Page, pages
from tojimari.services.protocols.http import PROTOCOL
from tojimari.services.recording import AGAIN, CLIENT, SERVER, Replay, Turn

NONCE = bytes(range(32))
SAID = Turn(CLIENT, b"")


def page(status: int, headers: str, body: str) -> Turn:
    """One answer of a web server."""
    head = f"HTTP/1.1 {status} x\r\n{headers}Content-Length: {len(body.encode())}\r\n\r\n"
    return Turn(SERVER, (head + body).encode())


OK = page(200, "Content-Type: text/plain\r\n", "")
NOT_FOUND = page(404, "Content-Type: text/plain\r\n", "404 page not found\n")

# Name of the page: the answers to / and to the path that is asked next, the number, the version.
ANSWERS: dict[str, tuple[list[Turn], int, str | None]] = {
    "docker": (
        [
            page(404, "", '{"message":"page not found"}'),
            page(200, "", '{"Version":"24.0.7","ApiVersion":"1.43"}'),
        ],
        2375,
        "24.0.7",
    ),
    "haproxy": (
        [
            page(
                200,
                "",
                "<title>Statistics Report for HAProxy</title><h1><a>"
                "HAProxy version 2.6.12-1+deb12u3, released 2025/10/03</a></h1>",
            )
        ],
        8404,
        "2.6.12-1+deb12u3",
    ),
    "radicale": (
        [page(302, "Server: WSGIServer/0.2 CPython/3.11.2\r\nLocation: /.web\r\n", "")],
        5232,
        None,
    ),
    "kubelet": ([NOT_FOUND, page(401, "", "Unauthorized")], 10255, None),
    "kubernetes": (
        [page(403, "Audit-Id: 1\r\n", "{}"), page(200, "", '{"gitVersion":"v1.29.1"}')],
        6443,
        "1.29.1",
    ),
    "prometheus": (
        [
            page(302, "Location: /graph\r\n", ""),
            page(200, "", '{"status":"success","data":{"version":"2.48.0"}}'),
        ],
        9090,
        "2.48.0",
    ),
    "exporter": (
        [
            page(200, "", "<title>Node Exporter</title><a href='/metrics'>Metrics</a>"),
            page(200, "", 'node_exporter_build_info{branch="x",version="1.7.0"} 1'),
        ],
        19100,
        "1.7.0",
    ),
    "grafana": (
        [
            page(200, "", "<title>Grafana</title>"),
            page(200, "", '{"database":"ok","version":"10.2.3"}'),
        ],
        3000,
        "10.2.3",
    ),
    "jupyter": (
        [
            page(302, "Server: TornadoServer/6.4\r\nLocation: /tree?\r\n", ""),
            page(200, "", '{"version":"2.12.1"}'),
        ],
        8888,
        "2.12.1",
    ),
    "ollama": (
        [page(200, "", "Ollama is running"), page(200, "", '{"version":"0.9.0"}')],
        11434,
        "0.9.0",
    ),
    "vllm": (
        [
            NOT_FOUND,
            NOT_FOUND,
            page(200, "", '{"object":"list","data":[{"id":"m","owned_by":"vllm"}]}'),
        ],
        8000,
        None,
    ),
    "minio": ([page(403, "Server: MinIO\r\n", "<Error/>")], 9000, None),
    "elasticsearch": (
        [
            page(
                200,
                "",
                '{"cluster_name":"c","version":{"number":"8"},"tagline":"You Know, for Search"}',
            )
        ],
        9200,
        "8",
    ),
    "etcd": (
        [NOT_FOUND, page(200, "", '{"etcdserver":"3.5.11","etcdcluster":"3.5.0"}')],
        2379,
        "3.5.11",
    ),
    "consul": (
        [page(301, "Location: /ui/\r\n", ""), page(200, "", '{"Config":{"Version":"1.17.0"}}')],
        8500,
        "1.17.0",
    ),
    "vault": (
        [
            page(200, "", "<title>Vault</title>"),
            page(200, "", '{"initialized":true,"sealed":false,"version":"1.15.4"}'),
        ],
        8200,
        "1.15.4",
    ),
    "influxdb": ([page(404, "X-Influxdb-Version: v2.7.5\r\n", "{}")], 8086, "2.7.5"),
    "neo4j": (
        [page(200, "", '{"neo4j_version":"5.15.0","neo4j_edition":"community"}')],
        7474,
        "5.15.0",
    ),
    "qdrant": (
        [page(200, "", '{"title":"qdrant - vector search engine","version":"1.7.3"}')],
        6333,
        "1.7.3",
    ),
    "weaviate": ([NOT_FOUND, page(200, "", '{"modules":{},"version":"1.23.0"}')], 8080, "1.23.0"),
    "node_inspector": (
        [
            page(400, "", "WebSockets request was expected"),
            page(200, "", '{"Browser":"node.js/v20.11.0","Protocol-Version":"1.1"}'),
        ],
        9229,
        "20.11.0",
    ),
    "clickhouse": (
        [page(200, "X-ClickHouse-Server-Display-Name: lab\r\n", "Ok.\n")],
        8123,
        None,
    ),
    "rabbitmq": ([page(200, "", "<title>RabbitMQ Management</title>")], 15672, None),
    "nats_monitor": (
        [
            page(200, "", "<a href=/varz>varz</a> connz NATS nats.io"),
            page(200, "", '{"server_id":"N","version":"2.10.7"}'),
        ],
        8222,
        "2.10.7",
    ),
    "couchdb": ([page(200, "", '{"couchdb":"Welcome","version":"3.3.3"}')], 5984, "3.3.3"),
    "kibana": ([page(302, "kbn-name: kibana\r\nLocation: /login\r\n", "")], 5601, None),
    "jenkins": ([page(403, "X-Jenkins: 2.426.2\r\n", "")], 8080, "2.426.2"),
    "gitea": (
        [page(200, "Set-Cookie: i_like_gitea=1\r\n", ""), page(200, "", '{"version":"1.21.3"}')],
        3000,
        "1.21.3",
    ),
    "gitlab": ([page(302, "Set-Cookie: _gitlab_session=1\r\n", "")], 80, None),
    "home_assistant": ([page(200, "", "<title>Home Assistant</title>")], 8123, None),
    "portainer": (
        [
            page(200, "", "<title>Portainer</title>"),
            page(200, "", '{"Version":"2.19.4","InstanceID":"i"}'),
        ],
        9000,
        "2.19.4",
    ),
    "traefik": (
        [
            page(302, "Location: /dashboard/\r\n", ""),
            page(200, "", '{"Version":"2.10.7","Codename":"saintmarcelin"}'),
        ],
        8080,
        "2.10.7",
    ),
    "chroma": ([NOT_FOUND, page(200, "", '{"nanosecond heartbeat":1}')], 8000, None),
    "comfyui": (
        [
            page(200, "", "<title>ComfyUI</title>"),
            page(200, "", '{"system":{"comfyui_version":"0.3.10"}}'),
        ],
        8188,
        "0.3.10",
    ),
    "squid": (
        [page(400, "X-Squid-Error: ERR_INVALID_URL 0\r\nVia: 1.1 lab (squid/5.7)\r\n", "")],
        3128,
        "5.7",
    ),
}
NAMES = catalog.names(PAGES)


def met(turns: list[Turn], port: int) -> Service:
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", port), "lab.test", NONCE)
    spoken = [one for turn in turns for one in (SAID, turn)]
    service = Replay(spoken).follow(PROTOCOL.dialogue(peer))
    assert service is not None
    return service


def entry(name: str) -> Page:
    return catalog.entry(PAGES, name, "PAGE", Page)


@pytest.mark.parametrize("name", NAMES)
def test_the_product_is_known_by_its_pages(name: str) -> None:
    turns, port, version = ANSWERS[name]
    service = met(turns, port)
    assert (service.product, service.version) == (entry(name).product, version)


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_page_is_no_product(name: str) -> None:
    assert met([OK], 80).product is None
    assert met([NOT_FOUND, NOT_FOUND, NOT_FOUND], 80).product is None
    assert entry(name).product


@pytest.mark.parametrize("name", NAMES)
def test_no_other_page_claims_it_first(name: str) -> None:
    turns, _, _ = ANSWERS[name]
    service = met(turns[:1], 80)
    assert service.product in {None, entry(name).product, "TornadoServer"} or (
        service.product == "Tornado"
    ), service


@pytest.mark.parametrize("page", pages(), ids=lambda one: one.name)
def test_every_page_names_its_source(page: Page) -> None:
    assert page.source.startswith("https://")


def test_the_next_path_is_asked_on_a_new_connection_where_the_old_one_is_gone() -> None:
    gone = Turn(SERVER, b"HTTP/1.0 200 OK\r\n\r\nOllama is running")
    version = page(200, "", '{"version":"0.9.0"}')
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", 11434), "lab.test", NONCE)
    turns = [SAID, gone, Turn(AGAIN, b"yes"), SAID, version]
    service = Replay(turns).follow(PROTOCOL.dialogue(peer))
    assert service is not None
    assert service.version == "0.9.0"


def test_the_next_path_is_asked_anew_where_the_server_hung_up_in_spite_of_what_it_said() -> None:
    page_of_ollama = page(200, "", "Ollama is running")
    version = page(200, "", '{"version":"0.9.0"}')
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", 4711), "lab.test", NONCE, expected=False)
    turns = [SAID, page_of_ollama, SAID, Turn(AGAIN, b"yes"), SAID, version]
    service = Replay(turns).follow(PROTOCOL.dialogue(peer))
    assert service is not None
    assert (service.product, service.version) == ("Ollama", "0.9.0")


def test_a_server_without_a_page_and_a_name_is_asked_where_programs_ask() -> None:
    etcd = page(200, "", '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}')
    assert (met([NOT_FOUND, etcd], 110).product, met([NOT_FOUND, OK], 110).product) == (
        "etcd",
        None,
    )


def test_where_nothing_points_to_the_web_no_header_is_sent() -> None:
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", 4711), "lab.test", NONCE, expected=False)
    replay = Replay([SAID, OK])
    replay.follow(PROTOCOL.dialogue(peer))
    assert replay.said == [b"GET / HTTP/1.0\r\n\r\n"]


def test_after_a_request_without_headers_the_next_path_is_asked_on_a_new_connection() -> None:
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", 5900), "lab.test", NONCE, expected=False)
    first = page(200, "", "Ollama is running")
    turns = [SAID, first, Turn(AGAIN, b"yes"), SAID, page(200, "", '{"version":"0.9.0"}')]
    service = Replay(turns).follow(PROTOCOL.dialogue(peer))
    assert service is not None
    assert service.version == "0.9.0"
    gone = Replay(turns[:2]).follow(PROTOCOL.dialogue(peer))
    assert gone is not None
    assert gone.version is None


def test_a_server_that_wants_a_host_is_asked_again_with_one() -> None:
    peer = Peer(Endpoint(Transport.TCP, "127.0.0.1", 4711), "lab.test", NONCE, expected=False)
    refused = page(400, "", "")
    replay = Replay([SAID, refused, Turn(AGAIN, b"yes"), SAID, page(200, "Server: a/1\r\n", "")])
    service = replay.follow(PROTOCOL.dialogue(peer))
    assert service is not None
    assert service.product == "a"
    assert b"Host: lab.test:4711" in replay.said[1]


@pytest.mark.parametrize(
    ("name", "turns", "port", "details"),
    [
        (
            "docker",
            [page(404, "Api-Version: 1.43\r\nServer: Docker/24.0.7 (linux)\r\n", "")],
            80,
            {"api-version": "1.43"},
        ),
        ("docker", [NOT_FOUND, page(200, "", "[]")], 2376, {}),
        (
            "kubelet",
            [NOT_FOUND, page(200, "", '{"kind":"PodList","items":[]}')],
            10255,
            {"authentication": "no"},
        ),
        ("kubelet", [NOT_FOUND, page(200, "", "hello")], 10255, {}),
        (
            "elasticsearch",
            [page(401, "", '{"error":{"type":"security_exception"}}')],
            9200,
            {"authentication": "yes"},
        ),
        (
            "elasticsearch",
            [
                page(
                    200,
                    "",
                    '{"version":{"distribution":"opensearch"},"tagline":"The OpenSearch Project: https://opensearch.org/"}',
                )
            ],
            9200,
            {"distribution": "opensearch"},
        ),
        ("jupyter", [page(200, "", "<title>Jupyter Server</title>"), page(403, "", "")], 8888, {}),
        ("node_inspector", [NOT_FOUND, page(200, "", "{}")], 9229, {}),
        ("vault", [NOT_FOUND, page(200, "", "{}")], 8200, {}),
        ("vllm", [NOT_FOUND, NOT_FOUND, page(200, "", '{"object":"list","data":[]}')], 8000, {}),
    ],
)
def test_other_answers_of_the_same_products(
    name: str, turns: list[Turn], port: int, details: dict[str, str]
) -> None:
    service = met(turns, port)
    assert service.product in {entry(name).product, None}
    assert details.items() <= service.details.items()


def test_metrics_without_end_take_no_time() -> None:
    exporter = catalog.entry(PAGES, "exporter", "PAGE", Page)
    assert exporter.confirm is not None
    began = time.process_time()
    answer = exporter.confirm(Response("1.1", 200, "OK", body=b"# HELP " + b"a" * limits.BODY))
    assert time.process_time() - began < 0.1
    assert answer == Answer(None, {"metrics": "yes"})
