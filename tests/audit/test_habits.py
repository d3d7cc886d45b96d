import pytest

from tojimari.audit import habits
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.service import Confidence, Service


def strangers(
    port: int, protocol: str, product: str | None = None, transport: Transport = Transport.TCP
) -> tuple[str, ...]:
    return habits.strangers(Endpoint(transport, "0.0.0.0", port), Service(protocol, product))


@pytest.mark.parametrize(
    ("port", "protocol", "usual"),
    [
        (22, "http", ("ssh",)),
        (80, "ssh", ("http",)),
        (80, "postgresql", ("http",)),
        (443, "vnc", ("http",)),
        (21, "imap", ("ftp",)),
        (5432, "mysql", ("postgresql",)),
    ],
)
def test_a_stranger_at_somebody_s_home_is_named_beside_whose_home_it_is(
    port: int, protocol: str, usual: tuple[str, ...]
) -> None:
    assert strangers(port, protocol) == usual


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        (80, "http"),
        (8080, "http"),
        (8888, "http"),
        (2222, "ssh"),
        (40022, "ssh"),
        (587, "smtp"),
        (24, "smtp"),
        (443, "h2"),
        (631, "http"),
        (40001, "redis"),
        (9000, "clickhouse"),
        (9000, "fastcgi"),
        (22, "tls"),
    ],
)
def test_many_numbers_have_several_users(port: int, protocol: str) -> None:
    assert strangers(port, protocol) == ()


def test_a_product_whose_number_it_is_is_no_stranger() -> None:
    assert strangers(9000, "http", "MinIO") == ()


def test_udp_has_homes_of_its_own() -> None:
    assert strangers(53, "ntp", transport=Transport.UDP) == ("dns",)
    assert strangers(443, "quic", transport=Transport.UDP) == ()


def test_a_guess_accuses_nobody() -> None:
    service = Service("http", confidence=Confidence.LIKELY)
    assert habits.strangers(Endpoint(Transport.TCP, "0.0.0.0", 22), service) == ()
    assert habits.strangers(Endpoint(Transport.TCP, "0.0.0.0", 22), None) == ()


@pytest.mark.parametrize(
    ("meant", "service"),
    [
        ("ssh", Service("ssh")),
        ("domain", Service("dns")),
        ("https", Service("http", tls=True)),
        ("pop3s", Service("pop3", tls=True)),
        ("submission", Service("smtp")),
        ("grafana", Service("http", "Grafana")),
        ("prometheus", Service("http")),
        ("OpenSSH", Service("ssh", "OpenSSH")),
        ("postgresql", Service("postgresql")),
    ],
)
def test_a_service_has_several_names(meant: str, service: Service) -> None:
    assert habits.agrees(meant, service)


@pytest.mark.parametrize(
    ("meant", "service"),
    [
        ("ssh", Service("http")),
        ("https", Service("http")),
        ("redis", Service("nats")),
        ("postgresql", Service("mysql")),
        ("nobody-knows-this", Service("ssh")),
    ],
)
def test_what_is_another_service_is_no_other_name(meant: str, service: Service) -> None:
    assert not habits.agrees(meant, service)
