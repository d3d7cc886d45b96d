"""Each service's files: the line is found, and only the value in it is changed."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import Papers, after_bind, after_move, changed, settings
from tojimari.close import configuration
from tojimari.close.service import Service
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Target

SERVICES = {one.name: one for one in configuration.services()}
NEW = 40999


@dataclass(frozen=True)
class Sample:
    """Files, and what is expected of them.

    Attributes:
        service: Name.
        files: By path.
        port: Whose door.
        line: ``path:line`` of each place.
        moved: The lines that are new after a move to ``NEW``.
        bound: The same after binding to loopback; None where that cannot be done.
        addresses: Those that the first place names.
        udp: Whether it is a door of datagrams.
        command: The process's command line.
    """

    service: str
    files: dict[str, str]
    port: int
    line: list[str]
    moved: dict[str, str] | None
    bound: dict[str, str] | None
    addresses: tuple[str, ...] = ()
    udp: bool = False
    command: tuple[str, ...] = field(default=())


SSH, SSH_D = "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/lab.conf"
APACHE, PORTS, SITE = (
    "/etc/apache2/apache2.conf",
    "/etc/apache2/ports.conf",
    "/etc/apache2/sites-enabled/000.conf",
)
NGINX, DEFAULT = "/etc/nginx/nginx.conf", "/etc/nginx/sites-enabled/default"
PG, PG_D = "/etc/postgresql/15/main/postgresql.conf", "/etc/postgresql/15/main/conf.d/lab.conf"
MY, MY_D = "/etc/mysql/my.cnf", "/etc/mysql/mariadb.conf.d/50-server.cnf"
REDIS, REDIS_LAB = "/etc/redis/redis.conf", "/etc/redis/lab.conf"
DOVE, DOVE_MASTER = "/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/10-master.conf"
BIND, BIND_OPTIONS = "/etc/bind/named.conf", "/etc/bind/named.conf.options"
UNIT, DROP_IN = "/usr/lib/systemd/system/ssh.socket", "/etc/systemd/system/ssh.socket.d"
COMPOSE = "/srv/shop/compose.yml"
CONTAINER = {
    "/var/lib/docker/containers/0f/config.v2.json": (
        '{"Config": {"Labels": {"com.docker.compose.project.config_files": "/srv/shop/compose.yml"'
        "}}}"
    )
}

SAMPLES = [
    Sample(
        "sshd",
        {SSH: "Include /etc/ssh/sshd_config.d/*.conf\n#Port 22\nUsePAM yes\n"},
        22,
        [f"{SSH}:0"],
        {SSH: f"Port {NEW}"},
        {SSH: "ListenAddress 127.0.0.1\nListenAddress ::1"},
    ),
    Sample(
        "sshd",
        {
            SSH: "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nMatch User x\nPort 99\n",
            SSH_D: "# the port\nport=2222\nListenAddress 0.0.0.0\nListenAddress ::\n",
        },
        2222,
        [f"{SSH_D}:2"],
        {SSH_D: f"port={NEW}"},
        {SSH_D: "ListenAddress 127.0.0.1\nListenAddress ::1"},
        addresses=("0.0.0.0", "::"),
    ),
    Sample(
        "sshd",
        {SSH: "Port 22\nListenAddress 192.0.2.1:2022\nListenAddress [::]:2022\n"},
        2022,
        [f"{SSH}:2", f"{SSH}:3"],
        {SSH: f"ListenAddress 192.0.2.1:{NEW}\nListenAddress [::]:{NEW}"},
        {SSH: "ListenAddress 127.0.0.1:2022\nListenAddress [::1]:2022"},
        addresses=("192.0.2.1",),
    ),
    Sample(
        "apache",
        {
            APACHE: "Include ports.conf\nIncludeOptional sites-enabled/*.conf\n",
            PORTS: "# If you just change the port\nListen 80\n<IfModule ssl_module>\n"
            "\tListen 443 https\n</IfModule>\n",
            SITE: "<VirtualHost *:80 *:443>\n</VirtualHost>\n",
        },
        80,
        [f"{PORTS}:2"],
        {PORTS: f"Listen {NEW}", SITE: f"<VirtualHost *:{NEW} *:443>"},
        {PORTS: "Listen 127.0.0.1:80"},
    ),
    Sample(
        "nginx",
        {
            NGINX: "http {\n    include /etc/nginx/sites-enabled/*;\n}\n",
            DEFAULT: "server {\n    # listen 80;\n    listen 80 default_server;"
            "\n    listen [::]:80; server_name _;\n}\n",
        },
        80,
        [f"{DEFAULT}:3", f"{DEFAULT}:4"],
        {DEFAULT: f"    listen {NEW} default_server;\n    listen [::]:{NEW}; server_name _;"},
        {DEFAULT: "    listen 127.0.0.1:80 default_server;\n    listen [::1]:80; server_name _;"},
    ),
    Sample(
        "nginx",
        {NGINX: "stream { server { listen 192.0.2.7:53 udp; proxy_pass x; } }\n"},
        53,
        [f"{NGINX}:1"],
        {NGINX: f"stream {{ server {{ listen 192.0.2.7:{NEW} udp; proxy_pass x; }} }}"},
        {NGINX: "stream { server { listen 127.0.0.1:53 udp; proxy_pass x; } }"},
        addresses=("192.0.2.7",),
        udp=True,
    ),
    Sample(
        "postgresql",
        {
            PG: "#listen_addresses = 'localhost'\nport = 5432   # (change requires restart)\n"
            "include_dir = 'conf.d'\n",
            PG_D: "listen_addresses = '*'\n",
        },
        5432,
        [f"{PG}:2"],
        {PG: f"port = {NEW}   # (change requires restart)"},
        {PG_D: "listen_addresses = '127.0.0.1, ::1'"},
    ),
    Sample(
        "postgresql",
        {PG: "port = 5432\ninclude_dir = 'conf.d'\n", PG_D: "Port '80'"},
        80,
        [f"{PG_D}:1"],
        {PG_D: f"Port '{NEW}'"},
        {PG: "listen_addresses = '127.0.0.1, ::1'"},
        addresses=("localhost",),
    ),
    Sample(
        "mariadb",
        {
            MY: "[client]\nport = 3306\n!includedir /etc/mysql/mariadb.conf.d/\n",
            MY_D: "[mysqld]\nbind-address = *  # all\n",
        },
        3306,
        [f"{MY}:0"],
        {MY: f"[mysqld]\nport = {NEW}"},
        {MY_D: "bind-address = 127.0.0.1  # all"},
    ),
    Sample(
        "mariadb",
        {MY: "[mysqld]\nport=3306\n[client]\nport=1\n[mariadb-10.11]\nport=3307\n"},
        3307,
        [f"{MY}:6"],
        {MY: f"port={NEW}"},
        {MY: "bind-address = 127.0.0.1"},
    ),
    Sample(
        "redis",
        {
            REDIS: "bind 127.0.0.1 -::1\nport 6379\ninclude /etc/redis/lab.conf\n",
            REDIS_LAB: "bind * -::*\n",
        },
        6379,
        [f"{REDIS}:2"],
        {REDIS: f"port {NEW}"},
        {REDIS_LAB: "bind 127.0.0.1 -::1"},
    ),
    Sample(
        "memcached",
        {"/etc/memcached.conf": "-d\n# -p 1\n-m 64\n-p 11211\n-l 0.0.0.0\n-l ::\n"},
        11211,
        ["/etc/memcached.conf:4"],
        {"/etc/memcached.conf": f"-p {NEW}"},
        {"/etc/memcached.conf": "-l 127.0.0.1\n-l ::1"},
    ),
    Sample(
        "memcached",
        {"/etc/sysconfig/memcached": 'PORT="11211"\nUSER="x"\n'},
        11211,
        ["/etc/sysconfig/memcached:1"],
        {"/etc/sysconfig/memcached": f'PORT="{NEW}"'},
        None,
    ),
    Sample(
        "vsftpd",
        {"/etc/vsftpd.conf": "listen=NO\nlisten_ipv6=YES\nanonymous_enable=NO"},
        21,
        ["/etc/vsftpd.conf:0"],
        {"/etc/vsftpd.conf": f"listen_port={NEW}"},
        {"/etc/vsftpd.conf": "listen_address6=::1"},
    ),
    Sample(
        "proftpd",
        {"/etc/proftpd/proftpd.conf": "# Port 1\nPort\t\t\t\t21\n<Global>\n</Global>\n"},
        21,
        ["/etc/proftpd/proftpd.conf:2"],
        {"/etc/proftpd/proftpd.conf": f"Port\t\t\t\t{NEW}"},
        {"/etc/proftpd/proftpd.conf": "DefaultAddress 127.0.0.1\nSocketBindTight on"},
    ),
    Sample(
        "postfix",
        {
            "/etc/postfix/master.cf": "# smtp inet\nsmtp      inet  n - y - - smtpd\n"
            "smtp      unix  - - y - - smtp\n127.0.0.1:10026 inet n - n - - smtpd\n"
        },
        25,
        ["/etc/postfix/master.cf:2"],
        {"/etc/postfix/master.cf": f"{NEW}      inet  n - y - - smtpd"},
        {"/etc/postfix/master.cf": "127.0.0.1:smtp      inet  n - y - - smtpd"},
    ),
    Sample(
        "dovecot",
        {
            DOVE: "!include conf.d/*.conf\nlisten = *, ::\n",
            DOVE_MASTER: "service imap-login {\n  inet_listener imap {\n    #port = 143\n  }\n}\n",
        },
        143,
        [f"{DOVE_MASTER}:0"],
        {DOVE_MASTER: f"    port = {NEW}"},
        {DOVE_MASTER: "    address = 127.0.0.1, ::1"},
    ),
    Sample(
        "dovecot",
        {
            DOVE: "service pop3-login {\n  inet_listener pop3 {\n    port = 53\n"
            "    address = *\n  }\n}\n"
        },
        53,
        [f"{DOVE}:3"],
        {DOVE: f"    port = {NEW}"},
        {DOVE: "    address = 127.0.0.1, ::1"},
        addresses=("*",),
    ),
    Sample(
        "bind",
        {
            BIND: 'include "/etc/bind/named.conf.options";\n',
            BIND_OPTIONS: "options {\n\tlisten-on { any; }; // all\n"
            "\t/* listen-on port 5 { any; }; */\n\tlisten-on-v6 port 53 { any; };\n};\n",
        },
        53,
        [f"{BIND_OPTIONS}:2", f"{BIND_OPTIONS}:4"],
        {
            BIND_OPTIONS: f"\tlisten-on port {NEW} {{ any; }}; // all\n"
            f"\tlisten-on-v6 port {NEW} {{ any; }};"
        },
        {BIND_OPTIONS: "\tlisten-on { 127.0.0.1; }; // all\n\tlisten-on-v6 port 53 { ::1; };"},
    ),
    Sample(
        "bind",
        {BIND: "options {\n\trecursion no;\n};\n"},
        53,
        [f"{BIND}:0", f"{BIND}:0"],
        {BIND: f"\tlisten-on port {NEW} {{ any; }};\n\tlisten-on-v6 port {NEW} {{ any; }};"},
        {BIND: "\tlisten-on port 53 { 127.0.0.1; };\n\tlisten-on-v6 port 53 { ::1; };"},
        udp=True,
    ),
    Sample(
        "dnsmasq",
        {"/etc/dnsmasq.conf": "interface=eth0\ndhcp-range=192.0.2.9,192.0.2.99,12h\n"},
        53,
        ["/etc/dnsmasq.conf:0"],
        {"/etc/dnsmasq.conf": f"port={NEW}"},
        {"/etc/dnsmasq.conf": "listen-address=127.0.0.1,::1\nbind-interfaces"},
        udp=True,
    ),
    Sample(
        "dnsmasq",
        {"/etc/dnsmasq.conf": "port=0\ndhcp-range=192.0.2.9,192.0.2.99,12h\n"},
        67,
        ["/etc/dnsmasq.conf:2"],
        None,
        None,
        udp=True,
    ),
    Sample(
        "chrony",
        {"/etc/chrony/chrony.conf": "! a remark\nport 123\nallow all\n"},
        123,
        ["/etc/chrony/chrony.conf:2"],
        {"/etc/chrony/chrony.conf": f"port {NEW}"},
        {"/etc/chrony/chrony.conf": "bindaddress 127.0.0.1\nbindaddress ::1"},
        udp=True,
    ),
    Sample(
        "mosquitto",
        {
            "/etc/mosquitto/mosquitto.conf": "include_dir /etc/mosquitto/conf.d\n",
            "/etc/mosquitto/conf.d/lab.conf": "listener 1883\nallow_anonymous true\n",
        },
        1883,
        ["/etc/mosquitto/conf.d/lab.conf:1"],
        {"/etc/mosquitto/conf.d/lab.conf": f"listener {NEW}"},
        {"/etc/mosquitto/conf.d/lab.conf": "listener 1883 127.0.0.1"},
    ),
    Sample(
        "rabbitmq",
        {"/etc/rabbitmq/rabbitmq.conf": "listeners.tcp.default = 5672\n"},
        5672,
        ["/etc/rabbitmq/rabbitmq.conf:1"],
        {"/etc/rabbitmq/rabbitmq.conf": f"listeners.tcp.default = {NEW}"},
        {"/etc/rabbitmq/rabbitmq.conf": "listeners.tcp.default = 127.0.0.1:5672"},
    ),
    Sample(
        "rabbitmq",
        {},
        5672,
        ["/etc/rabbitmq/rabbitmq.conf:0"],
        {"/etc/rabbitmq/rabbitmq.conf": f"listeners.tcp.default = {NEW}"},
        {"/etc/rabbitmq/rabbitmq.conf": "listeners.tcp.default = 127.0.0.1:5672"},
    ),
    Sample(
        "samba",
        {"/etc/samba/smb.conf": "[global]\n    workgroup = LAB\n[papers]\n    path = /srv\n"},
        445,
        ["/etc/samba/smb.conf:0"],
        {"/etc/samba/smb.conf": f"    smb ports = {NEW} 139"},
        {"/etc/samba/smb.conf": "    interfaces = 127.0.0.1 ::1\n    bind interfaces only = yes"},
    ),
    Sample(
        "samba",
        {"/etc/samba/smb.conf": "[global]\nsmb ports = 139 445\n[x]\nsmb ports = 9\n"},
        445,
        ["/etc/samba/smb.conf:2"],
        {"/etc/samba/smb.conf": f"smb ports = 139 {NEW}"},
        {"/etc/samba/smb.conf": "    interfaces = 127.0.0.1 ::1\n    bind interfaces only = yes"},
    ),
    Sample(
        "rsyncd",
        {"/etc/rsyncd.conf": "uid = nobody\nport = 873\n[papers]\n    port = 1\n"},
        873,
        ["/etc/rsyncd.conf:2"],
        {"/etc/rsyncd.conf": f"port = {NEW}"},
        {"/etc/rsyncd.conf": "address = 127.0.0.1"},
    ),
    Sample(
        "rsyncd",
        {"/etc/rsyncd.conf": "[papers]\n"},
        6000,
        ["/etc/rsyncd.conf:0"],
        None,
        {"/etc/rsyncd.conf": "address = 127.0.0.1"},
        command=("/usr/bin/rsync", "--daemon", "--port=6000"),
    ),
    Sample(
        "systemd_socket",
        {UNIT: "[Socket]\nListenStream=22\nListenStream=/run/x\nAccept=no\n"},
        22,
        [f"{UNIT}:2"],
        {
            f"{DROP_IN}/tojimari.conf": "[Socket]\nListenStream=\n"
            f"ListenStream={NEW}\nListenStream=/run/x"
        },
        {
            f"{DROP_IN}/tojimari.conf": "[Socket]\nListenStream=\n"
            "ListenStream=127.0.0.1:22\nListenStream=/run/x"
        },
    ),
    Sample(
        "systemd_socket",
        {
            UNIT: "[Socket]\nListenStream=22\n",
            f"{DROP_IN}/a.conf": "[Socket]\nListenStream=\nListenStream=[::]:2222\n",
        },
        2222,
        [f"{DROP_IN}/a.conf:3"],
        {f"{DROP_IN}/a.conf": f"ListenStream=[::]:{NEW}"},
        {f"{DROP_IN}/a.conf": "ListenStream=127.0.0.1:2222"},
        command=("ssh.socket",),
    ),
    Sample(
        "systemd_socket",
        {"/etc/systemd/system/telnet.socket": "[Socket]\nListenDatagram=192.0.2.1:69\n"},
        69,
        ["/etc/systemd/system/telnet.socket:2"],
        {"/etc/systemd/system/telnet.socket": f"ListenDatagram=192.0.2.1:{NEW}"},
        {"/etc/systemd/system/telnet.socket": "ListenDatagram=127.0.0.1:69"},
        addresses=("192.0.2.1",),
        udp=True,
    ),
    Sample(
        "compose",
        {
            **CONTAINER,
            COMPOSE: 'services:\n  web:\n    ports:\n      - "8080:80"\n    volumes:\n'
            '      - "8080:80"\n',
        },
        8080,
        [f"{COMPOSE}:4"],
        {COMPOSE: f'      - "{NEW}:80"'},
        {COMPOSE: '      - "127.0.0.1:8080:80"'},
    ),
    Sample(
        "compose",
        {
            **CONTAINER,
            COMPOSE: "services:\n  names:\n    ports:\n    - target: 53\n"
            '      published: "5300"\n      host_ip: 0.0.0.0\n      protocol: udp\n'
            "    - target: 80\n      published: 5301\n    image: x\n",
        },
        5300,
        [f"{COMPOSE}:5"],
        {COMPOSE: f'      published: "{NEW}"'},
        {COMPOSE: "      host_ip: 127.0.0.1"},
        addresses=("0.0.0.0",),
        udp=True,
    ),
]
IDS = [f"{one.service}-{at}" for at, one in enumerate(SAMPLES)]
MOVABLE = [one for one in SAMPLES if one.moved is not None]


def service(sample: Sample) -> Service:
    return SERVICES[sample.service.replace("_", "-")]


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_the_line_that_makes_a_door_is_found(sample: Sample) -> None:
    found = settings(service(sample), sample.files, sample.port, sample.command)
    assert [f"{one.path}:{one.line}" for one in found] == sample.line
    assert found[0].addresses == sample.addresses
    transport = Transport.UDP if sample.udp else Transport.TCP
    assert all(transport in one.transports for one in found)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_move_writes_the_number_and_nothing_else(sample: Sample) -> None:
    found = settings(service(sample), sample.files, sample.port, sample.command)
    after = after_move(sample.files, found, NEW)
    assert changed(sample.files, after) == (sample.moved or {})


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_door_for_this_machine_alone_is_written_as_its_server_reads_it(sample: Sample) -> None:
    found = settings(service(sample), sample.files, sample.port, sample.command)
    assert changed(sample.files, after_bind(sample.files, found)) == (sample.bound or {})


@pytest.mark.parametrize("sample", MOVABLE, ids=[one.service for one in MOVABLE])
def test_what_was_moved_is_found_at_its_new_number_and_moves_back(sample: Sample) -> None:
    found = settings(service(sample), sample.files, sample.port, sample.command)
    after = {**sample.files, **after_move(sample.files, found, NEW)}
    again = settings(service(sample), after, NEW, sample.command)
    assert again
    assert not settings(service(sample), after, sample.port, sample.command)
    back = {**after, **after_move(after, again, sample.port)}
    # Where a name stood, or nothing, the number stands now; all else is as it was.
    if sample.service not in {"postfix", "bind"} and 0 not in {one.line for one in found}:
        assert {path: back[path] for path in sample.files} == sample.files


@given(
    sample=st.sampled_from([one for one in MOVABLE if one.service != "compose"]),
    noise=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d"
                                         "\x1e\x85\u2028\u2029"), max_size=20), max_size=4),
    windows=st.booleans(),
)  # fmt: skip
def test_comments_and_line_ends_are_never_touched(
    sample: Sample, noise: list[str], windows: bool
) -> None:
    remark = "".join(f"# {one}\n" for one in noise)
    feed = "\r\n" if windows else "\n"
    files = {path: (remark + text).replace("\n", feed) for path, text in sample.files.items()}
    found = settings(service(sample), files, sample.port, sample.command)
    assert len(found) == len(sample.line)
    for path, text in after_move(files, found, NEW).items():
        start = text.find(remark.replace("\n", feed))
        assert start >= 0 or path not in files
        if 0 not in {one.line for one in found} and path in files:
            assert text.count(feed) == files[path].count(feed)
            assert text.count("\r") == files[path].count("\r")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_a_sample_and_says_where_its_language_is_described(name: str) -> None:
    assert name in {one.service.replace("_", "-") for one in SAMPLES}
    assert SERVICES[name].source
    assert SERVICES[name].programs


@given(st.sampled_from(sorted(SERVICES)), st.text(max_size=200))
def test_no_service_fails_on_any_text(name: str, text: str) -> None:
    sample = next(one for one in SAMPLES if one.service.replace("_", "-") == name)
    files = dict.fromkeys(sample.files, text)
    assert isinstance(list(SERVICES[name].find(Papers(files), ())), list)


def test_where_nobody_holds_a_door_any_file_may_say_who_would() -> None:
    papers = Papers({SSH: "Port 2222\n", REDIS: "port 2222\n"})
    found = configuration.found(papers, Target(Transport.TCP, 2222), ())
    assert [(one.service.name, one.owner) for one in found] == [("redis", None), ("sshd", None)]
