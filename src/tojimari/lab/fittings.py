"""What several scenes fit into their houses: units for daemons that Debian starts otherwise, keys.

Pure: texts of files.
"""

from tojimari.core.message import mark
from tojimari.lab.house import CODE
from tojimari.lab.scene import File, House, Segment

TLS = "/etc/lab/tls"  # made with the root tree: ca, lab, expired; .crt, .key, and both as .pem
CERTIFICATE = f"{TLS}/lab.crt"
KEY = f"{TLS}/lab.key"

# Without a user who may come from elsewhere, MariaDB turns everybody away before its greeting.
MARIADB_GUEST = "CREATE USER IF NOT EXISTS clerk@'%' IDENTIFIED BY 'practice';\n"

# PostgreSQL: everybody may knock, and must then prove who they are.
POSTGRESQL_DOORS = "local all all peer\nhost all all all scram-sha-256\n"

MARIADB = "[mariadbd]\nbind-address = *\nskip-name-resolve\ninit-file = /etc/mysql/lab.sql\n"

# Redis for everybody; a password or another number may follow.
REDIS = "bind * -::*\nprotected-mode no\n"

VISITOR = House(
    name="visitor",
    purpose=mark("nobody's server: the place to look from"),
    segment=Segment.OUTSIDE,
    number=10,
)


def etcd_environment(name: str, number: int, port: int = 2379) -> str:
    """The settings of an etcd that serves the street, alone in its cluster.

    Args:
        name: Of the member: its house's.
        number: The house's in the street.
        port: Where clients come.
    """
    peers = "http://127.0.0.1:2380"
    return (
        f"ETCD_NAME={name}\n"
        "ETCD_DATA_DIR=/var/lib/etcd/practice\n"
        f"ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:{port}\n"
        f"ETCD_ADVERTISE_CLIENT_URLS=http://{Segment.STREET.ipv4}{number}:{port}\n"
        f"ETCD_LISTEN_PEER_URLS={peers}\n"
        f"ETCD_INITIAL_ADVERTISE_PEER_URLS={peers}\n"
        f"ETCD_INITIAL_CLUSTER={name}={peers}\n"
    )


def unit(name: str, line: str, *, user: str = "root", settings: tuple[str, ...] = ()) -> File:
    """A systemd service of our own, for a daemon whose package has none that fits.

    Args:
        name: Without ``.service``.
        line: What is started; it stays in the foreground.
        user: As whom.
        settings: Further lines of the ``[Service]`` section.
    """
    text = "\n".join(
        (
            "[Unit]",
            f"Description={name} of the practice network",
            "After=network.target",
            "[Service]",
            "Type=exec",
            f"ExecStart={line}",
            f"User={user}",
            *settings,
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        )
    )
    return File(f"/etc/systemd/system/{name}.service", text)


def drop_in(name: str, *lines: str) -> File:
    """Lines laid over a unit of a package.

    Args:
        name: With its ending: ``chrony.service``.
        lines: Section headings included.
    """
    return File(f"/etc/systemd/system/{name}.d/lab.conf", "".join(f"{line}\n" for line in lines))


def imitation(name: str, module: str, *arguments: str, settings: tuple[str, ...] = ()) -> File:
    """A unit that runs one of ``lab.imitations`` as nobody.

    Args:
        name: The unit's name, without ``.service``.
        module: File name of the imitation.
        arguments: Its command line.
        settings: Further lines of the ``[Service]`` section.
    """
    words = " ".join(arguments)
    return unit(
        name,
        f"/usr/bin/python3 -P -m tojimari.lab.imitations.{module} {words}",
        user="nobody",
        settings=(
            f"Environment=PYTHONPATH={CODE}",
            "Environment=PYTHONDONTWRITEBYTECODE=1",
            "AmbientCapabilities=CAP_NET_BIND_SERVICE",
            *settings,
        ),
    )
