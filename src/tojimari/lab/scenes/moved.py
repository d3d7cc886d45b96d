"""The same daemons behind other numbers: a number is a promise that nobody keeps.

With riddles: a silent door, a printer, a tarpit, and a TLS server that wants HTTP/2 or nothing.
"""

from tojimari.core.message import mark
from tojimari.lab.daemons import (
    bind,
    dovecot,
    dropbear,
    etcd,
    mariadb,
    memcached,
    mosquitto,
    nats,
    nginx,
    ollama,
    postfix,
    postgresql,
    redis,
    sshd,
    telling,
    udp,
    vnc,
    vsftpd,
)
from tojimari.lab.fittings import (
    CERTIFICATE,
    KEY,
    MARIADB,
    MARIADB_GUEST,
    POSTGRESQL_DOORS,
    REDIS,
    VISITOR,
    drop_in,
    etcd_environment,
    imitation,
    unit,
)
from tojimari.lab.scene import Expected, File, House, Scene

_NGINX = f"""server {{ listen 22; listen [::]:22; root /var/www/html; }}
server {{
    listen 25 ssl http2;
    listen [::]:25 ssl http2;
    ssl_certificate {CERTIFICATE};
    ssl_certificate_key {KEY};
    root /var/www/html;
}}
"""
_VSFTPD = "listen=YES\nlisten_port=443\nsecure_chroot_dir=/var/run/vsftpd/empty\n"
_POSTFIX = "compatibility_level = 3.6\nmyhostname = mail.lab.example\ninet_interfaces = all\n"
_DOVECOT = f"""listen = *, ::
ssl = yes
ssl_cert = <{CERTIFICATE}
ssl_key = <{KEY}
service pop3-login {{
    inet_listener pop3 {{
        port = 53
    }}
    inet_listener pop3s {{
        port = 8443
    }}
}}
service imap-login {{
    inet_listener imap {{
        port = 21
    }}
    inet_listener imaps {{
        port = 22
    }}
}}
"""
_TELNET_SOCKET = """[Unit]
Description=Telnet where nobody looks for it
[Socket]
ListenStream=8080
Accept=yes
[Install]
WantedBy=sockets.target
"""
_TELNET = """[Service]
ExecStart=/usr/sbin/telnetd
StandardInput=socket
"""

_POSTGRESQL = "listen_addresses = '*'\nport = 80\n"
_MARIADB = f"{MARIADB}port = 5432\n"
_REDIS = f"{REDIS}port 40001\n"
_MEMCACHED = "-m 16\n-p 8080\n-u memcache\n-l 0.0.0.0\n"
_MOSQUITTO = "listener 3306\nallow_anonymous true\n"
_NATS = 'host: "0.0.0.0"\nport: 6379\n'
_ETCD = etcd_environment("data", 52, 110)

_BIND = """options {
    directory "/var/cache/bind";
    listen-on port 5300 { any; };
    listen-on-v6 { none; };
    recursion no;
    dnssec-validation no;
};
"""
_CHRONY = "port 53\nlocal stratum 10\nallow all\ncmdport 0\n"
_SNMPD = "sysDescr practice network\nagentaddress udp:123\nrocommunity public\n"
_RSYNC = "uid = nobody\n[papers]\n    path = /srv\n"

_DANTE = """logoutput: syslog
internal: eth0 port = 40011
external: eth0
socksmethod: username
clientmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }
"""
_NGIRCD = "[Global]\n    Name = irc.lab.example\n    Ports = 40017\n"
_SQUID = "http_port 40019\nacl all src all\nhttp_access deny all\nshutdown_lifetime 1 second\n"
_SAMBA = "[global]\n    smb ports = 40020\n    server role = standalone server\n"

_LOW_PORTS = drop_in("etcd.service", "[Service]", "AmbientCapabilities=CAP_NET_BIND_SERVICE")

SCENE = Scene(
    name="moved",
    summary=mark("The same daemons behind other numbers: SSH at 80, HTTP at 22, and riddles."),
    houses=(
        House(
            name="swap",
            purpose=mark("the web at 22 and 25, SSH at 80"),
            number=50,
            units=("nginx.service", "ssh.service"),
            files=(
                File("/etc/nginx/sites-enabled/default", _NGINX),
                File("/etc/ssh/sshd_config.d/lab.conf", "Port 80\n"),
            ),
            services=(
                nginx(22),
                nginx(25, tls=True),
                sshd(80),
            ),
        ),
        House(
            name="hide",
            purpose=mark("mail, files and Telnet behind each other's numbers"),
            number=51,
            units=("vsftpd.service", "postfix.service", "dovecot.service", "telnet.socket"),
            files=(
                File("/etc/vsftpd.conf", _VSFTPD),
                File("/etc/postfix/main.cf", _POSTFIX),
                File("/etc/dovecot/local.conf", _DOVECOT),
                File("/etc/systemd/system/telnet.socket", _TELNET_SOCKET),
                File("/etc/systemd/system/telnet@.service", _TELNET),
            ),
            commands=(
                "postconf -MX smtp/inet",
                'postconf -M 3306/inet="3306 inet n - y - - smtpd"',
                "newaliases",
            ),
            services=(
                vsftpd(443),
                postfix(3306),
                dovecot(53, "pop3"),
                dovecot(8443, "pop3", tls=True),
                dovecot(21, "imap"),
                dovecot(22, "imap", tls=True),
                Expected("systemd", 8080, "telnet", package="inetutils-telnetd"),
            ),
        ),
        House(
            name="data",
            purpose=mark("databases and queues that have changed places"),
            number=52,
            units=(
                *("postgresql.service", "mariadb.service", "redis-server.service"),
                *("memcached.service", "mosquitto.service", "nats-server.service"),
                "etcd.service",
            ),
            files=(
                File("/etc/postgresql/15/main/conf.d/lab.conf", _POSTGRESQL),
                File("/etc/postgresql/15/main/pg_hba.conf", POSTGRESQL_DOORS, owner="postgres"),
                drop_in(
                    "postgresql@.service",
                    "[Service]",
                    "AmbientCapabilities=CAP_NET_BIND_SERVICE",
                ),
                File("/etc/mysql/mariadb.conf.d/99-lab.cnf", _MARIADB),
                File("/etc/mysql/lab.sql", MARIADB_GUEST),
                File("/etc/redis/lab.conf", _REDIS),
                File("/etc/memcached.conf", _MEMCACHED),
                File("/etc/mosquitto/conf.d/lab.conf", _MOSQUITTO),
                File("/etc/nats-server.conf", _NATS),
                File("/etc/default/etcd", _ETCD),
                _LOW_PORTS,
            ),
            commands=("echo 'include /etc/redis/lab.conf' >>/etc/redis/redis.conf",),
            services=(
                postgresql(80),
                mariadb(5432),
                redis(40001),
                memcached(8080),
                mosquitto(3306),
                nats(6379),
                etcd(110),
            ),
        ),
        House(
            name="odd",
            purpose=mark("names, time and reports at the wrong UDP ports; a screen at 443"),
            number=53,
            units=(
                *("named.service", "chrony.service", "snmpd.service", "tftpd.service"),
                *("rsync.service", "vnc.service", "dropbear.service", "ollama.service"),
            ),
            files=(
                File("/etc/bind/named.conf", _BIND),
                File("/etc/chrony/chrony.conf", _CHRONY),
                File("/etc/default/chrony", 'DAEMON_OPTS="-F 1 -x"\n'),
                drop_in("chrony.service", "[Unit]", "ConditionCapability="),
                File("/etc/snmp/snmpd.conf", _SNMPD, mode=0o600),
                unit(
                    "tftpd",
                    "/usr/sbin/in.tftpd --listen --foreground --address :161 --secure /srv/tftp",
                ),
                File("/etc/rsyncd.conf", _RSYNC),
                drop_in(
                    "rsync.service",
                    "[Service]",
                    "ExecStart=",
                    "ExecStart=/usr/bin/rsync --daemon --no-detach --port=6000",
                ),
                unit(
                    "vnc",
                    "/usr/bin/Xtigervnc :1 -rfbport 443 -localhost=0 -SecurityTypes VncAuth"
                    " -PasswordFile /etc/lab/vnc.password",
                ),
                unit("dropbear", "/usr/sbin/dropbear -F -E -R -p 21"),
                imitation("ollama", "ollama", "--port", "5900"),
            ),
            commands=(
                "mkdir -p /srv/tftp /etc/dropbear",
                "echo practice | tigervncpasswd -f >/etc/lab/vnc.password",
            ),
            services=(
                *bind(5300),
                udp("chronyd", 53, "ntp", package="chrony"),
                udp("snmpd", 123, "snmp", product="Net-SNMP", package="snmpd"),
                udp("in.tftpd", 161, "tftp", package="tftpd-hpa"),
                Expected("rsync", 6000, "rsync", product="rsync", package="rsync"),
                vnc(443),
                dropbear(21),
                ollama(5900),
            ),
        ),
        House(
            name="stray",
            purpose=mark("doors whose owners hang up on whoever does not speak as they do"),
            number=55,
            units=(
                *("git.service", "danted.service", "epmd.service", "rpcbind.socket"),
                *("screen.service", "slapd.service", "iperf3.service", "ngircd.service"),
                *("beanstalkd.service", "squid.service", "smbd.service"),
            ),
            files=(
                unit(
                    "git",
                    "/usr/bin/git daemon --reuseaddr --port=40010 --base-path=/srv/git",
                    user="nobody",
                ),
                File("/etc/danted.conf", _DANTE),
                unit("epmd", "/usr/bin/epmd -port 40012", user="nobody"),
                drop_in(
                    "rpcbind.socket",
                    "[Socket]",
                    "ListenStream=",
                    "ListenDatagram=",
                    "ListenStream=/run/rpcbind.sock",
                    "ListenStream=0.0.0.0:40013",
                    "ListenDatagram=0.0.0.0:40013",
                ),
                unit(
                    "screen",
                    "/usr/bin/Xtigervnc :34014 -rfbport 40024 -localhost -listen tcp"
                    " -SecurityTypes VncAuth -PasswordFile /etc/lab/vnc.password",
                ),
                unit(
                    "slapd",
                    "/usr/sbin/slapd -d 0 -h ldap://0.0.0.0:40015/ -F /etc/ldap/slapd.d",
                    user="openldap",
                    settings=("RuntimeDirectory=slapd",),
                ),
                drop_in(
                    "iperf3.service",
                    "[Service]",
                    "DynamicUser=no",
                    "ExecStart=",
                    "ExecStart=/usr/bin/iperf3 --server --port 40016",
                ),
                File("/etc/ngircd/ngircd.conf", _NGIRCD),
                File(
                    "/etc/default/beanstalkd",
                    "BEANSTALKD_LISTEN_ADDR=0.0.0.0\nBEANSTALKD_LISTEN_PORT=40018\n",
                ),
                File("/etc/squid/squid.conf", _SQUID),
                File("/etc/samba/smb.conf", _SAMBA),
            ),
            commands=(
                "mkdir -p /srv/git",
                "echo practice | tigervncpasswd -f >/etc/lab/vnc.password",
                "chown -R openldap:openldap /etc/ldap/slapd.d",
            ),
            services=(
                Expected("git-daemon", 40010, "git", package="git"),
                Expected("danted", 40011, "socks", package="dante-server"),
                Expected("epmd", 40012, "epmd", package="erlang-base"),
                Expected("rpcbind", 40013, "rpcbind", package="rpcbind"),
                udp("rpcbind", 40013, "rpcbind", package="rpcbind"),
                Expected("Xtigervnc", 40014, "x11", package="tigervnc-standalone-server"),
                Expected("slapd", 40015, "ldap", product="OpenLDAP", package="slapd"),
                Expected("iperf3", 40016, "iperf3", package="iperf3"),
                Expected("ngircd", 40017, "irc", package="ngircd"),
                telling("beanstalkd", 40018, "beanstalkd", "beanstalkd", "beanstalkd"),
                telling("squid", 40019, "http", "Squid", "squid"),
                Expected("smbd", 40020, "smb", product="Samba", package="samba"),
            ),
        ),
        House(
            name="riddles",
            purpose=mark("a door that never speaks, a printer, a tarpit, and TLS for HTTP/2 alone"),
            number=54,
            units=("silent.service", "printer.service", "tarpit.service", "grpc.service"),
            files=(
                imitation("silent", "mute", "--port", "9999"),
                imitation(
                    *("printer", "mute", "--port", "9100", "--record", "/run/printer/paper"),
                    settings=("RuntimeDirectory=printer",),
                ),
                imitation("tarpit", "mute", "--port", "2222", "--drip"),
                imitation(
                    *("grpc", "alpn", "--port", "40003"),
                    *("--certificate", CERTIFICATE, "--key", KEY),
                ),
            ),
            services=(
                Expected("silent", 9999, "silent", imitation=True),
                Expected("printer", 9100, "silent", imitation=True),
                Expected("tarpit", 2222, "unknown", imitation=True),
                Expected("grpc", 40003, "h2", tls=True, imitation=True),
            ),
        ),
        VISITOR,
    ),
    packages=(
        *("nginx", "openssh-server", "vsftpd", "postfix", "dovecot-imapd", "dovecot-pop3d"),
        *("inetutils-telnetd", "postgresql", "mariadb-server", "redis-server", "memcached"),
        *("mosquitto", "nats-server", "etcd-server", "bind9", "chrony", "snmpd", "tftpd-hpa"),
        *("rsync", "tigervnc-standalone-server", "tigervnc-tools", "dropbear-bin"),
        *("git", "dante-server", "rabbitmq-server", "rpcbind", "slapd", "iperf3", "ngircd"),
        *("beanstalkd", "squid", "samba"),
    ),
    tries=(
        (
            "sudo tojimari lab run swap tojimari look",
            mark("inside, the kernel tells which program holds which door"),
        ),
        (
            "sudo tojimari lab run visitor nc -w 1 192.0.2.50 80",
            mark("the number says HTTP, the conversation says SSH"),
        ),
        (
            "sudo tojimari lab run visitor curl -s -o /dev/null -w %{http_code} http://192.0.2.50:22/",
            mark("the number says SSH, the conversation says HTTP"),
        ),
    ),
)
