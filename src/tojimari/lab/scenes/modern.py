"""What servers run today: the web with HTTP/2, databases, queues, directories, desktops, models."""

from tojimari.core.message import mark
from tojimari.lab.daemons import (
    etcd,
    mariadb,
    memcached,
    mosquitto,
    nats,
    nginx,
    ollama,
    postgresql,
    redis,
    telling,
    udp,
    vnc,
)
from tojimari.lab.fittings import (
    CERTIFICATE,
    KEY,
    MARIADB,
    MARIADB_GUEST,
    POSTGRESQL_DOORS,
    REDIS,
    VISITOR,
    etcd_environment,
    imitation,
    unit,
)
from tojimari.lab.scene import Expected, File, House, Scene

_NGINX = f"""server {{
    listen 80;
    listen [::]:80;
    root /var/www/html;
}}
server {{
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    ssl_certificate {CERTIFICATE};
    ssl_certificate_key {KEY};
    root /var/www/html;
}}
"""

_POSTGRESQL = "listen_addresses = '*'\n"
_REDIS = f"{REDIS}requirepass practice\n"
_MEMCACHED = "-m 16\n-p 11211\n-u memcache\n-l 0.0.0.0\n-l ::\n"
_MOSQUITTO = """listener 1883
allow_anonymous false
password_file /etc/mosquitto/passwords
"""
_RABBITMQ = "listeners.tcp.default = 5672\nvm_memory_high_watermark.absolute = 256MB\n"
_NATS = 'host: "0.0.0.0"\nport: 4222\nhttp: "0.0.0.0:8222"\n'

_ETCD = etcd_environment("data", 21)

_SAMBA = """[global]
    workgroup = LAB
    netbios name = OFFICE
    server role = standalone server
    map to guest = never
    log level = 0
[papers]
    path = /srv
    read only = yes
"""

_SNMPD = """sysDescr practice network
agentaddress udp:161,udp6:161
rouser practice
createUser practice SHA practice-network AES practice-network
"""

_RSYNC = """uid = nobody
[papers]
    path = /srv
    auth users = clerk
    secrets file = /etc/rsyncd.secrets
"""

_JUPYTER = (
    "/usr/bin/jupyter-notebook --no-browser --ip=0.0.0.0 --port=8888"
    " --NotebookApp.token=practice --notebook-dir=/tmp"
)

# Its configuration is a database of its own; this line puts the certificate into it.
_LDAP_TLS = (
    "printf '%s\\n' 'dn: cn=config' 'changetype: modify'"
    f" 'replace: olcTLSCertificateFile' 'olcTLSCertificateFile: {CERTIFICATE}' -"
    f" 'replace: olcTLSCertificateKeyFile' 'olcTLSCertificateKeyFile: {KEY}'"
    " | slapmodify -n 0 -F /etc/ldap/slapd.d"
)

SCENE = Scene(
    name="modern",
    summary=mark("What servers run today: databases, queues, directories, desktops, models."),
    houses=(
        House(
            name="www",
            purpose=mark("nginx, with HTTP/2 inside TLS"),
            number=20,
            units=("nginx.service",),
            files=(File("/etc/nginx/sites-enabled/default", _NGINX),),
            services=(
                nginx(80),
                nginx(443, tls=True),
            ),
        ),
        House(
            name="data",
            purpose=mark("databases and caches: what should never be open to everybody"),
            number=21,
            units=(
                *("postgresql.service", "mariadb.service", "redis-server.service"),
                *("memcached.service", "etcd.service"),
            ),
            files=(
                File("/etc/postgresql/15/main/conf.d/lab.conf", _POSTGRESQL),
                File("/etc/postgresql/15/main/pg_hba.conf", POSTGRESQL_DOORS, owner="postgres"),
                File("/etc/mysql/mariadb.conf.d/99-lab.cnf", MARIADB),
                File("/etc/mysql/lab.sql", MARIADB_GUEST),
                File("/etc/redis/lab.conf", _REDIS),
                File("/etc/memcached.conf", _MEMCACHED),
                File("/etc/default/etcd", _ETCD),
            ),
            commands=("echo 'include /etc/redis/lab.conf' >>/etc/redis/redis.conf",),
            services=(
                postgresql(5432),
                mariadb(3306),
                redis(6379, password=True),
                memcached(11211),
                etcd(2379),
                Expected(
                    "etcd", 2380, "http", product="etcd", package="etcd-server", loopback=True
                ),
            ),
        ),
        House(
            name="queue",
            purpose=mark("messages between programs: MQTT, AMQP, NATS"),
            number=22,
            units=("mosquitto.service", "rabbitmq-server.service", "nats-server.service"),
            files=(
                File("/etc/mosquitto/conf.d/lab.conf", _MOSQUITTO),
                File("/etc/rabbitmq/rabbitmq.conf", _RABBITMQ),
                File("/etc/nats-server.conf", _NATS),
            ),
            commands=("mosquitto_passwd -b -c /etc/mosquitto/passwords clerk practice",),
            services=(
                mosquitto(1883, password=True),
                telling("beam.smp", 5672, "amqp", "RabbitMQ", "rabbitmq-server"),
                Expected("epmd", 4369, "epmd", package="erlang-base"),
                nats(4222),
                Expected("nats-server", 8222, "http", product="NATS Server", package="nats-server"),
            ),
        ),
        House(
            name="office",
            purpose=mark("the office: directory, shared folders, small machines that report"),
            number=23,
            units=(
                *("slapd.service", "smbd.service", "nmbd.service", "snmpd.service"),
                *("tftpd.service", "rsync.service"),
            ),
            files=(
                unit(
                    "slapd",
                    "/usr/sbin/slapd -d 0 -h 'ldap:/// ldaps:/// ldapi:///' -F /etc/ldap/slapd.d",
                    user="openldap",
                    settings=(
                        "RuntimeDirectory=slapd",
                        "AmbientCapabilities=CAP_NET_BIND_SERVICE",
                    ),
                ),
                File("/etc/samba/smb.conf", _SAMBA),
                File("/etc/snmp/snmpd.conf", _SNMPD, mode=0o600),
                unit("tftpd", "/usr/sbin/in.tftpd --listen --foreground --secure /srv/tftp"),
                File("/etc/rsyncd.conf", _RSYNC),
                File("/etc/rsyncd.secrets", "clerk:practice\n", mode=0o600),
            ),
            commands=(
                "mkdir -p /srv/tftp",
                _LDAP_TLS,
                "chown -R openldap:openldap /etc/ldap/slapd.d",
            ),
            services=(
                Expected("slapd", 389, "ldap", product="OpenLDAP", package="slapd"),
                Expected("slapd", 636, "ldap", product="OpenLDAP", tls=True, package="slapd"),
                Expected("smbd", 445, "smb", product="Samba", package="samba"),
                Expected("smbd", 139, "smb", product="Samba", package="samba"),
                udp("nmbd", 137, "netbios-ns", package="samba"),
                udp("snmpd", 161, "snmp", product="Net-SNMP", package="snmpd"),
                udp("in.tftpd", 69, "tftp", package="tftpd-hpa"),
                Expected("rsync", 873, "rsync", product="rsync", package="rsync"),
            ),
        ),
        House(
            name="desk",
            purpose=mark("somebody's desk: a screen (VNC), a notebook, a language model"),
            number=24,
            units=("vnc.service", "jupyter.service", "ollama.service"),
            files=(
                unit(
                    "vnc",
                    "/usr/bin/Xtigervnc :1 -rfbport 5901 -localhost=0"
                    " -SecurityTypes VncAuth -PasswordFile /etc/lab/vnc.password",
                ),
                unit("jupyter", _JUPYTER, settings=("Environment=HOME=/tmp",), user="nobody"),
                imitation("ollama", "ollama", "--port", "11434"),
            ),
            commands=("echo practice | tigervncpasswd -f >/etc/lab/vnc.password",),
            services=(
                vnc(5901),
                telling("jupyter-notebook", 8888, "http", "Jupyter Server", "jupyter-notebook"),
                ollama(11434),
            ),
        ),
        VISITOR,
    ),
    packages=(
        *("nginx", "postgresql", "mariadb-server", "redis-server", "memcached", "etcd-server"),
        *("mosquitto", "rabbitmq-server", "nats-server", "slapd", "samba", "snmpd", "tftpd-hpa"),
        *("rsync", "tigervnc-standalone-server", "tigervnc-tools", "jupyter-notebook"),
    ),
    tries=(
        (
            "sudo tojimari lab run data tojimari look",
            mark("databases: which programs wait, and for whom"),
        ),
        (
            "sudo tojimari lab run visitor curl -s http://192.0.2.24:11434/",
            mark("a desk has doors too: here a language model answers"),
        ),
        (
            "sudo tojimari lab run visitor nc -w 1 192.0.2.21 3306",
            mark("this database tells its version to every passer-by"),
        ),
    ),
)
