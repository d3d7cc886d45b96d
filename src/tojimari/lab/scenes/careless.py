"""The street of mistakes: what an audit must find, and nobody should ever do.

Everything is open to everybody on purpose. Only this street can be reached from it.
"""

from tojimari.core.message import mark
from tojimari.lab.daemons import (
    bind,
    docker,
    dovecot,
    etcd,
    memcached,
    mosquitto,
    nginx,
    ollama,
    postfix,
    redis,
    sshd,
    udp,
    vnc,
    vsftpd,
)
from tojimari.lab.fittings import REDIS, TLS, VISITOR, etcd_environment, imitation, unit
from tojimari.lab.scene import Expected, File, House, Scene

_MEMCACHED = "-m 16\n-p 11211\n-U 11211\n-u memcache\n-l 0.0.0.0\n"
_MOSQUITTO = "listener 1883\nallow_anonymous true\n"
_ETCD = etcd_environment("pantry", 40)

_VSFTPD = """listen=YES
anonymous_enable=YES
anon_upload_enable=YES
write_enable=YES
no_anon_password=YES
secure_chroot_dir=/var/run/vsftpd/empty
"""
_RSYNC = "uid = root\n[everything]\n    path = /\n    read only = no\n"
_GANESHA = """EXPORT {
    Export_Id = 1;
    Path = /srv;
    Pseudo = /srv;
    Access_Type = RW;
    Squash = No_Root_Squash;
    FSAL { Name = VFS; }
}
"""
_SAMBA = """[global]
    workgroup = LAB
    server role = standalone server
    server min protocol = NT1
    server signing = disabled
    map to guest = Bad User
[everything]
    path = /srv
    guest ok = yes
    read only = no
"""

_NGINX = f"""server {{
    listen 80;
    root /var/www/html;
    autoindex on;
}}
server {{
    listen 443 ssl;
    ssl_certificate {TLS}/expired.crt;
    ssl_certificate_key {TLS}/expired.key;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
    ssl_ciphers ALL:@SECLEVEL=0;
    root /var/www/html;
}}
"""
_GIT_CONFIG = (
    '[core]\n\tbare = false\n[remote "origin"]\n\turl = ssh://git@store.lab.example/shop\n'
)

_POSTFIX = """compatibility_level = 3.6
myhostname = mail.lab.example
mynetworks = 0.0.0.0/0 [::]/0
inet_interfaces = all
smtpd_relay_restrictions = permit
smtpd_recipient_restrictions = permit
smtpd_tls_security_level = none
default_transport = discard:
relay_transport = discard:
maillog_file = /var/log/mail.log
"""
_DOVECOT = "listen = *, ::\nssl = no\ndisable_plaintext_auth = no\n"

_BIND = """options {
    directory "/var/cache/bind";
    listen-on { any; };
    recursion yes;
    allow-recursion { any; };
    allow-query-cache { any; };
    allow-transfer { any; };
    dnssec-validation no;
};
zone "lab.example" { type primary; file "/etc/bind/lab.example"; };
"""
_ZONE = "$TTL 60\n@ IN SOA names h 1 3600 600 86400 60\n@ IN NS names\nnames IN A 192.0.2.44\n"
_SNMPD = (
    "sysDescr practice network\nagentaddress udp:161\nrwcommunity public\nrwcommunity private\n"
)

_SSHD = """PermitRootLogin yes
PermitEmptyPasswords yes
PasswordAuthentication yes
KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1
Ciphers +3des-cbc,aes128-cbc
MACs +hmac-md5,hmac-sha1-96
HostKeyAlgorithms +ssh-rsa
"""

SCENE = Scene(
    name="careless",
    summary=mark("The street of mistakes: everything is open to everybody."),
    houses=(
        House(
            name="pantry",
            purpose=mark("databases and queues that ask nobody for a password"),
            number=40,
            units=(
                *("redis-server.service", "memcached.service", "mosquitto.service"),
                *("etcd.service", "docker-api.service", "ollama.service"),
            ),
            files=(
                File("/etc/redis/lab.conf", REDIS),
                File("/etc/memcached.conf", _MEMCACHED),
                File("/etc/mosquitto/conf.d/lab.conf", _MOSQUITTO),
                File("/etc/default/etcd", _ETCD),
                imitation("docker-api", "docker", "--port", "2375"),
                imitation("ollama", "ollama", "--port", "11434"),
            ),
            commands=("echo 'include /etc/redis/lab.conf' >>/etc/redis/redis.conf",),
            services=(
                redis(6379),
                memcached(11211),
                udp(
                    "memcached",
                    11211,
                    "memcached",
                    product="memcached",
                    tells_version=True,
                    package="memcached",
                ),
                mosquitto(1883),
                etcd(2379),
                docker(2375),
                ollama(11434),
            ),
        ),
        House(
            name="shed",
            purpose=mark("shared files that everybody may read and change"),
            number=41,
            units=(
                *("vsftpd.service", "rsync.service", "rpcbind.socket", "rpcbind.service"),
                *("nfs-ganesha.service", "smbd.service", "tftpd.service"),
            ),
            files=(
                File("/etc/vsftpd.conf", _VSFTPD),
                File("/etc/rsyncd.conf", _RSYNC),
                File("/etc/ganesha/ganesha.conf", _GANESHA),
                File("/etc/samba/smb.conf", _SAMBA),
                unit(
                    "tftpd", "/usr/sbin/in.tftpd --listen --foreground --create --secure /srv/tftp"
                ),
            ),
            commands=("mkdir -p /srv/tftp /srv/ftp", "chmod 1777 /srv/tftp"),
            services=(
                vsftpd(21),
                Expected("rsync", 873, "rsync", product="rsync", package="rsync"),
                Expected("rpcbind", 111, "rpcbind", package="rpcbind"),
                Expected("ganesha.nfsd", 2049, "nfs", package="nfs-ganesha"),
                Expected("smbd", 445, "smb", product="Samba", package="samba"),
                udp("in.tftpd", 69, "tftp", package="tftpd-hpa"),
            ),
        ),
        House(
            name="shop",
            purpose=mark("a website that lists its folders, and a certificate of years ago"),
            number=42,
            units=("nginx.service",),
            files=(
                File("/etc/nginx/sites-enabled/default", _NGINX),
                File("/var/www/html/.git/config", _GIT_CONFIG),
                File("/var/www/html/.git/HEAD", "ref: refs/heads/main\n"),
                File("/var/www/html/.env", "DATABASE_PASSWORD=practice\n"),
                File("/var/www/html/backup.sql", "-- everything\n"),
            ),
            commands=("rm -f /var/www/html/index*",),
            services=(
                nginx(80),
                nginx(443, tls=True),
            ),
        ),
        House(
            name="mail",
            purpose=mark("carries anybody's mail to anybody, and passwords in the clear"),
            number=43,
            units=("postfix.service", "dovecot.service"),
            files=(
                File("/etc/postfix/main.cf", _POSTFIX),
                File("/etc/dovecot/local.conf", _DOVECOT),
            ),
            commands=("newaliases",),
            services=(
                postfix(25),
                dovecot(110, "pop3"),
                dovecot(143, "imap"),
            ),
        ),
        House(
            name="names",
            purpose=mark("answers every question of everybody: DNS and SNMP"),
            number=44,
            units=("named.service", "snmpd.service"),
            files=(
                File("/etc/bind/named.conf", _BIND),
                File("/etc/bind/lab.example", _ZONE),
                File("/etc/snmp/snmpd.conf", _SNMPD, mode=0o600),
            ),
            services=(
                *bind(53),
                udp("snmpd", 161, "snmp", product="Net-SNMP", package="snmpd"),
            ),
        ),
        House(
            name="attic",
            purpose=mark("old doors: Telnet, weak SSH, a screen that everybody may watch"),
            number=45,
            units=(
                *("openbsd-inetd.service", "ssh.service", "screen.service", "distcc.service"),
                "xrdp.service",
            ),
            files=(
                File(
                    "/etc/inetd.conf",
                    "telnet stream tcp nowait root /usr/sbin/telnetd telnetd\n",
                ),
                File("/etc/ssh/sshd_config.d/lab.conf", _SSHD),
                unit(
                    "screen",
                    "/usr/bin/Xtigervnc :0 -rfbport 5900 -localhost=0 -SecurityTypes None"
                    " -listen tcp -ac",
                ),
                unit(
                    "distcc",
                    "/usr/bin/distccd --daemon --no-detach --allow 0.0.0.0/0",
                    user="distccd",
                ),
            ),
            services=(
                Expected("inetd", 23, "telnet", package="inetutils-telnetd"),
                sshd(),
                vnc(5900),
                Expected(
                    "Xtigervnc",
                    6000,
                    "x11",
                    product="The X.Org Foundation",
                    package="tigervnc-standalone-server",
                ),
                Expected("distccd", 3632, "distcc", package="distcc"),
                Expected("xrdp", 3389, "rdp", product="xrdp", package="xrdp"),
            ),
        ),
        VISITOR,
    ),
    packages=(
        *("redis-server", "memcached", "mosquitto", "etcd-server", "vsftpd", "rsync", "rpcbind"),
        *("nfs-ganesha", "nfs-ganesha-vfs", "samba", "tftpd-hpa", "nginx", "postfix"),
        *("dovecot-imapd", "dovecot-pop3d", "bind9", "snmpd", "inetutils-telnetd"),
        *("openbsd-inetd", "openssh-server", "tigervnc-standalone-server", "distcc", "xrdp"),
    ),
    tries=(
        (
            "sudo tojimari lab run pantry tojimari look",
            mark("doors open to everybody, and the programs that hold them"),
        ),
        (
            "sudo tojimari lab run visitor curl -s http://192.0.2.42/.git/config",
            mark("a website that gives away more than its pages"),
        ),
        (
            "sudo tojimari lab run visitor curl -s http://192.0.2.40:2375/version",
            mark("who may ask this may start programs as root"),
        ),
    ),
)
