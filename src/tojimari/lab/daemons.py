"""The daemons that stand in several scenes: what is right to say of each, wherever its door is."""

from functools import partial

from tojimari.core.endpoint import Transport
from tojimari.lab.scene import Audience, Expected


def telling(
    daemon: str, port: int, protocol: str, product: str, package: str, *, tls: bool = False
) -> Expected:
    """A daemon that says its version to everybody who asks."""
    return Expected(
        daemon,
        port,
        protocol,
        product=product,
        tells_version=True,
        tls=tls,
        package=package,
    )


def udp(
    daemon: str,
    port: int,
    protocol: str,
    *,
    product: str | None = None,
    tells_version: bool = False,
    package: str | None = None,
    answers: Audience = Audience.EVERYBODY,
) -> Expected:
    """A door of datagrams."""
    return Expected(
        daemon,
        port,
        protocol,
        transport=Transport.UDP,
        product=product,
        tells_version=tells_version,
        package=package,
        answers=answers,
    )


def sshd(port: int = 22) -> Expected:
    """OpenSSH's server (RFC 4253, section 4.2: the identification string)."""
    return telling("sshd", port, "ssh", "OpenSSH", "openssh-server")


def dropbear(port: int = 22) -> Expected:
    """Dropbear, the small SSH server."""
    return telling("dropbear", port, "ssh", "Dropbear SSH", "dropbear-bin")


def vsftpd(port: int = 21) -> Expected:
    """Its version is in its greeting."""
    return telling("vsftpd", port, "ftp", "vsFTPd", "vsftpd")


def nginx(port: int, *, tls: bool = False) -> Expected:
    """Its version is in the line ``Server``."""
    return telling("nginx", port, "http", "nginx", "nginx", tls=tls)


def postfix(port: int = 25) -> Expected:
    """Its greeting keeps the version to itself."""
    return Expected("postfix", port, "smtp", product="Postfix", package="postfix")


def dovecot(port: int, protocol: str, *, tls: bool = False) -> Expected:
    """Its greeting keeps the version to itself."""
    return Expected("dovecot", port, protocol, product="Dovecot", tls=tls, package="dovecot-core")


def bind(port: int = 53) -> tuple[Expected, Expected]:
    """BIND answers ``version.bind``, by TCP and by UDP."""
    return (
        telling("named", port, "dns", "BIND", "bind9"),
        udp("named", port, "dns", product="BIND", tells_version=True, package="bind9"),
    )


def postgresql(port: int = 5432) -> Expected:
    """Its version comes after authentication."""
    return Expected("postgres", port, "postgresql", product="PostgreSQL", package="postgresql-15")


def mariadb(port: int = 3306) -> Expected:
    """Its version is in its greeting."""
    return telling("mariadbd", port, "mysql", "MariaDB", "mariadb-server")


def redis(port: int = 6379, *, password: bool = False) -> Expected:
    """Redis tells its version to whoever may ask for INFO."""
    return Expected(
        "redis-server",
        port,
        "redis",
        product="Redis",
        tells_version=not password,
        package="redis-server",
    )


def mosquitto(port: int = 1883, *, password: bool = False) -> Expected:
    """Mosquitto tells product and version by the topic ``$SYS/broker/version``."""
    return Expected(
        "mosquitto",
        port,
        "mqtt",
        product=None if password else "Mosquitto",
        tells_version=not password,
        package="mosquitto",
    )


def memcached(port: int = 11211) -> Expected:
    """It answers ``version``."""
    return telling("memcached", port, "memcached", "memcached", "memcached")


def nats(port: int = 4222) -> Expected:
    """Its version is in its greeting, INFO."""
    return telling("nats-server", port, "nats", "NATS Server", "nats-server")


def etcd(port: int = 2379) -> Expected:
    """It answers ``/version``."""
    return telling("etcd", port, "http", "etcd", "etcd-server")


def vnc(port: int) -> Expected:
    """TigerVNC tells the protocol's version, not its own."""
    return Expected("Xtigervnc", port, "vnc", package="tigervnc-standalone-server")


def imitated(daemon: str, port: int, product: str) -> Expected:
    """One of ``lab.imitations`` that speaks HTTP and tells a version."""
    return Expected(daemon, port, "http", product=product, tells_version=True, imitation=True)


ollama = partial(imitated, "ollama", product="Ollama")
docker = partial(imitated, "docker-api", product="Docker")
