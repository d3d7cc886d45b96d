"""HTTP: the first page, what serves it, and which product is behind."""

from collections.abc import Sequence
from dataclasses import replace

from tojimari.core.endpoint import Transport
from tojimari.services import http, website
from tojimari.services.dialogue import Dialogue, Peer, Protocol, Reconnect, Talk
from tojimari.services.http import Response
from tojimari.services.page import Answer, Page, pages

ASKED_PATHS = 2  # beside the first page
NOT_FOR_BARE = frozenset({400, 421, 426, 431, 505})  # complaints about a request without Host
NOT_FOUND = 404  # RFC 9110, section 15.5.5
HABIT = "/version"  # where etcd, Docker and Kubernetes tell theirs, at whatever number


def greet(peer: Peer) -> Dialogue:
    """GET /, and for some products one more path."""
    host = website.host(peer.name, peer.endpoint.port, tls=peer.tls)
    asked = http.request("/", host) if peer.expected else http.BARE
    response = yield from http.exchange(asked)
    if response is None:
        return None
    if not peer.expected:
        # Asked in HTTP/1.0, it ends the connection behind its answer (RFC 9112, section 9.3).
        response = replace(response, whole=False)
    if not peer.expected and response.status in NOT_FOR_BARE and (yield Reconnect()):
        again = yield from http.exchange(http.request("/", host))
        response = again or response
    page, answer = yield from _product(peer, response, host)
    return website.service("http", response, page, answer)


def _product(peer: Peer, first: Response, host: str) -> Talk[tuple[Page | None, Answer | None]]:
    """The product behind the first page."""
    known = pages()
    for page in known:
        answer = page.recognise(first)
        if answer is None:
            continue
        if answer.version is None and page.path and page.confirm is not None:
            reply = yield from _asked(first, page.path, host)
            told = page.confirm(reply) if reply is not None else None
            answer = told or answer
        return page, answer
    return (yield from _by_number(peer, first, host, known))


def _by_number(
    peer: Peer, first: Response, host: str, known: Sequence[Page]
) -> Talk[tuple[Page | None, Answer | None]]:
    """Ask what is usual at this number, where the first page told nothing."""
    candidates = [
        one for one in known if peer.endpoint.port in one.ports and one.confirm and one.path
    ]
    if not candidates and first.status == NOT_FOUND and not first.header("server"):
        return (yield from _by_habit(first, host, known))
    before = first
    for page in candidates[:ASKED_PATHS]:
        reply = yield from _asked(before, page.path, host)
        if reply is None:
            return None, None
        before = reply
        answer = page.confirm(reply) if page.confirm else None
        if answer is not None:
            return page, answer
    return None, None


def _by_habit(
    first: Response, host: str, known: Sequence[Page]
) -> Talk[tuple[Page | None, Answer | None]]:
    """A server without a front page and without a name is an interface for programs."""
    reply = yield from _asked(first, HABIT, host)
    for page in known if reply is not None else ():
        answer = page.confirm(reply) if page.path == HABIT and page.confirm and reply else None
        if answer is not None:
            return page, answer
    return None, None


def _asked(before: Response, path: str, host: str) -> Talk[Response | None]:
    """One more path, on the same connection where the server keeps it."""
    asked = http.request(path, host)
    reply = (yield from http.exchange(asked)) if before.reusable else None
    if reply is None and (yield Reconnect()):
        reply = yield from http.exchange(asked)
    return reply


PROTOCOL = Protocol(
    name="http",
    transport=Transport.TCP,
    ports=frozenset(
        {80, 81, 591, 2375, 2379, 2381, 3000, 3001, 3128, 4040, 4200, 5000, 5601, 5984, 5985, 6333}
        | {7474, 8000, 8001, 8008, 8069, 8080, 8081, 8082, 8086, 8088, 8090, 8091, 8123, 8161, 8200}
        | {8222, 8300, 8500, 8529, 8888, 8983, 9000, 9001, 9090, 9091, 9093, 9180, 9200, 9411, 9929}
        | {10000, 10255, 11434, 15672, 16686, 28017, 49152}
    ),
    tls_ports=frozenset(
        {443, 832, 981, 2376, 4443, 5986, 6443, 8443, 8834, 9443, 10250, 10257, 10259, 16443}
    ),
    server_speaks_first=False,
    source="RFC 9110; RFC 9112, section 4",
    dialogue=greet,
    executables=frozenset(
        {
            "nginx",
            "apache2",
            "httpd",
            "lighttpd",
            "caddy",
            "traefik",
            "haproxy",
            "varnishd",
            "envoy",
        }
        | {"dockerd", "kubelet", "kube-apiserver", "etcd", "consul", "vault", "prometheus"}
        | {"node_exporter", "prometheus-node-exporter", "grafana", "grafana-server", "ollama"}
        | {"jupyter", "jupyter-lab", "minio", "influxd", "qdrant", "gitea", "cupsd", "squid"}
    ),
    likelihood=100,
)
