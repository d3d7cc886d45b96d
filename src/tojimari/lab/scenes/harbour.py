"""Many trades in one harbour: proxies, chat, voice, tunnels, shared files, measurements."""

from tojimari.core.message import mark
from tojimari.lab.daemons import dropbear, telling, udp
from tojimari.lab.fittings import CERTIFICATE, KEY, TLS, VISITOR, drop_in, unit
from tojimari.lab.scene import Audience, Expected, File, House, Scene

_SQUID = "http_port 3128\nacl all src all\nhttp_access deny all\nshutdown_lifetime 1 second\n"
_DANTE = """logoutput: syslog
internal: eth0 port = 1080
external: eth0
socksmethod: username
clientmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }
"""
_HAPROXY = """
listen stats
    bind :8404
    mode http
    stats enable
    stats uri /
"""
_CADDY = f"""{{
    auto_https disable_redirects
    skip_install_trust
}}
:80 {{
    respond "harbour"
}}
:443 {{
    tls {CERTIFICATE} {KEY}
    respond "harbour"
}}
"""
_UWSGI_APP = """def application(environment, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"harbour"]
"""
_NGIRCD = """[Global]
    Name = irc.lab.example
    Info = practice network
    ServerGID = irc
    ServerUID = irc
    Ports = 6667
"""
_PROSODY = f"""daemonize = false
interfaces = {{ "*" }}
modules_enabled = {{ "saslauth", "tls", "disco", "version" }}
certificates = "{TLS}"
ssl = {{ certificate = "{CERTIFICATE}", key = "{KEY}" }}
c2s_require_encryption = false
log = {{ warn = "*syslog" }}
pidfile = "/run/prosody/prosody.pid"
VirtualHost "lab.example"
"""
_TURN = "listening-port=3478\nno-tls\nno-dtls\nno-cli\nrealm=lab.example\nlog-file=stdout\n"
_KAMAILIO = """log_stderror=no
listen=udp:192.0.2.32:5060
listen=tcp:192.0.2.32:5060
loadmodule "sl.so"
request_route {
    if (method == "OPTIONS") { sl_send_reply("200", "OK"); } else { sl_send_reply("403", "No"); }
}
"""
_SWANCTL = """connections {
  practice {
    version = 2
    proposals = aes256-sha256-modp2048
    local { auth = psk }
    remote { auth = psk }
    children { net { } }
  }
}
secrets { ike-practice { secret = "practice" } }
"""
_AVAHI = "[server]\nallow-interfaces=eth0\nallow-point-to-point=yes\n[publish]\n"
_GANESHA = """EXPORT {
    Export_Id = 1;
    Path = /srv;
    Pseudo = /srv;
    Access_Type = RO;
    FSAL { Name = VFS; }
}
"""
_CUPS = """Listen *:631
Browsing Off
WebInterface Yes
<Location />
  Order allow,deny
  Allow all
</Location>
"""
_RADICALE = "[server]\nhosts = 0.0.0.0:5232, [::]:5232\n[auth]\ntype = htpasswd\n"


def _http(daemon: str, port: int, product: str, *, version: bool, package: str) -> Expected:
    return Expected(daemon, port, "http", product=product, tells_version=version, package=package)


def _radius(port: int) -> Expected:
    """Its clients are listed, and by default only the own house is."""
    return udp("freeradius", port, "radius", package="freeradius", answers=Audience.HOUSE)


SCENE = Scene(
    name="harbour",
    summary=mark("Many trades in one harbour: proxies, chat, voice, tunnels, files, measurements."),
    houses=(
        House(
            name="gate",
            purpose=mark("proxies and web servers in front of others"),
            number=30,
            units=(
                *("squid.service", "danted.service", "haproxy.service", "varnish.service"),
                *("caddy.service", "lighttpd.service", "tinyproxy.service", "uwsgi-lab.service"),
                "unbound.service",
            ),
            files=(
                File("/etc/squid/squid.conf", _SQUID),
                File("/etc/danted.conf", _DANTE),
                File("/etc/caddy/Caddyfile", _CADDY),
                File("/etc/lab/app.py", _UWSGI_APP),
                unit(
                    "uwsgi-lab",
                    "/usr/bin/uwsgi --plugin python3 --http-socket :3031"
                    " --wsgi-file /etc/lab/app.py",
                    user="www-data",
                ),
                File(
                    "/etc/unbound/unbound.conf",
                    "server:\n  interface: 0.0.0.0\n  interface: ::0\n  access-control: 0.0.0.0/0"
                    ' refuse\n  chroot: ""\n',
                ),
            ),
            commands=(
                f"cat >>/etc/haproxy/haproxy.cfg <<'EOF'{_HAPROXY}EOF",
                "sed -i 's/^server.port .*/server.port = 8081/' /etc/lighttpd/lighttpd.conf",
                "sed -i 's/^Allow .*//' /etc/tinyproxy/tinyproxy.conf",
            ),
            services=(
                _http("squid", 3128, "Squid", version=True, package="squid"),
                Expected("danted", 1080, "socks", package="dante-server"),
                _http("haproxy", 8404, "HAProxy", version=True, package="haproxy"),
                _http("varnishd", 6081, "Varnish Cache", version=False, package="varnish"),
                _http("caddy", 80, "Caddy", version=False, package="caddy"),
                Expected("caddy", 443, "http", product="Caddy", tls=True, package="caddy"),
                udp("caddy", 443, "quic", package="caddy"),
                _http("lighttpd", 8081, "lighttpd", version=True, package="lighttpd"),
                _http("tinyproxy", 8888, "tinyproxy", version=True, package="tinyproxy-bin"),
                Expected("uwsgi", 3031, "http", package="uwsgi-core"),
                Expected("unbound", 53, "dns", package="unbound"),
                udp("unbound", 53, "dns", package="unbound"),
            ),
        ),
        House(
            name="talk",
            purpose=mark("people talking: chat rooms and voice"),
            number=31,
            units=(
                *("ngircd.service", "prosody.service", "murmur.service", "icecast.service"),
                *("coturn.service", "radicale.service"),
            ),
            files=(
                File("/etc/ngircd/ngircd.conf", _NGIRCD),
                File("/etc/prosody/prosody.cfg.lua", _PROSODY),
                unit("murmur", "/usr/sbin/murmurd -fg -ini /etc/mumble-server.ini"),
                unit("icecast", "/usr/bin/icecast2 -c /etc/icecast2/icecast.xml", user="icecast2"),
                File("/etc/turnserver.conf", _TURN),
                File("/etc/radicale/config", _RADICALE),
            ),
            services=(
                Expected("ngircd", 6667, "irc", package="ngircd"),
                Expected("lua5.4", 5222, "xmpp", package="prosody"),
                Expected("lua5.4", 5269, "xmpp", package="prosody"),
                telling("murmurd", 64738, "mumble", "Murmur", "mumble-server", tls=True),
                udp(
                    *("murmurd", 64738, "mumble"),
                    product="Murmur",
                    tells_version=True,
                    package="mumble-server",
                ),
                _http("icecast2", 8000, "Icecast", version=True, package="icecast2"),
                telling("turnserver", 3478, "stun", "Coturn", "coturn"),
                udp(
                    *("turnserver", 3478, "stun"),
                    product="Coturn",
                    tells_version=True,
                    package="coturn",
                ),
                _http("radicale", 5232, "Radicale", version=False, package="radicale"),
            ),
        ),
        House(
            name="tunnel",
            purpose=mark("tunnels and telephones: VPNs, RADIUS, SIP"),
            number=32,
            units=(
                *("openvpn-lab.service", "strongswan.service", "freeradius.service"),
                *("kamailio.service", "avahi-daemon.service"),
            ),
            files=(
                unit(
                    "openvpn-lab",
                    "/usr/sbin/openvpn --dev null --dev-type tun --proto udp --port 1194"
                    f" --mode server --tls-server --ca {TLS}/ca.crt --cert {CERTIFICATE}"
                    f" --key {KEY} --dh none --ifconfig-noexec",
                ),
                File("/etc/swanctl/conf.d/lab.conf", _SWANCTL),
                File("/etc/kamailio/kamailio.cfg", _KAMAILIO),
                File("/etc/avahi/avahi-daemon.conf", _AVAHI),
            ),
            services=(
                udp("openvpn", 1194, "openvpn", product="OpenVPN", package="openvpn"),
                udp("charon-systemd", 500, "ike", package="charon-systemd"),
                udp("charon-systemd", 4500, "ike", package="charon-systemd"),
                _radius(1812),
                _radius(1813),
                telling("kamailio", 5060, "sip", "Kamailio", "kamailio"),
                udp(
                    "kamailio",
                    5060,
                    "sip",
                    product="Kamailio",
                    tells_version=True,
                    package="kamailio",
                ),
                udp("avahi-daemon", 5353, "mdns", package="avahi-daemon", answers=Audience.STREET),
            ),
        ),
        House(
            name="store",
            purpose=mark("files for others: NFS, Git, Subversion, printing"),
            number=33,
            units=(
                *("rpcbind.socket", "rpcbind.service", "nfs-ganesha.service", "git.service"),
                *("svn.service", "cups.service", "distcc.service", "dropbear.service"),
            ),
            files=(
                File("/etc/ganesha/ganesha.conf", _GANESHA),
                unit(
                    "git",
                    "/usr/bin/git daemon --reuseaddr --base-path=/srv/git --export-all",
                    user="nobody",
                ),
                unit("svn", "/usr/bin/svnserve --daemon --foreground --root /srv/svn"),
                File("/etc/cups/cupsd.conf", _CUPS),
                unit(
                    "distcc",
                    "/usr/bin/distccd --daemon --no-detach --allow 192.0.2.0/24 --allow"
                    " 203.0.113.0/24",
                    user="distccd",
                ),
                unit("dropbear", "/usr/sbin/dropbear -F -E -R -p 22"),
            ),
            commands=(
                "mkdir -p /srv/git /srv/svn /etc/dropbear",
                "git init -q --bare /srv/git/lab.git",
                "svnadmin create /srv/svn/lab",
                "rm -f /etc/systemd/system/sockets.target.wants/cups.socket",
            ),
            services=(
                Expected("rpcbind", 111, "rpcbind", package="rpcbind"),
                udp("rpcbind", 111, "rpcbind", package="rpcbind"),
                Expected("ganesha.nfsd", 2049, "nfs", package="nfs-ganesha"),
                Expected("git-daemon", 9418, "git", package="git"),
                Expected("svnserve", 3690, "svn", product="Subversion", package="subversion"),
                telling("cupsd", 631, "ipp", "CUPS", "cups-daemon"),
                # It answers those only who bring work to be done.
                Expected(*("distccd", 3632, "distcc"), package="distcc", answers=Audience.NOBODY),
                dropbear(22),
            ),
        ),
        House(
            name="watch",
            purpose=mark("measurements and work queues, and a Windows-like desktop"),
            number=34,
            units=(
                *("prometheus.service", "prometheus-node-exporter.service", "influxdb.service"),
                *("iperf3.service", "beanstalkd.service", "syslog-lab.service", "xrdp.service"),
                "coap.service",
            ),
            files=(
                drop_in("iperf3.service", "[Service]", "DynamicUser=no"),
                File(
                    "/etc/default/beanstalkd",
                    "BEANSTALKD_LISTEN_ADDR=0.0.0.0\nBEANSTALKD_LISTEN_PORT=11300\n",
                ),
                File(
                    "/etc/lab/rsyslog.conf",
                    'module(load="imudp")\nmodule(load="imtcp")\ninput(type="imudp" port="514")\n'
                    'input(type="imtcp" port="1514")\n*.* /var/log/lab.log\n',
                ),
                unit("syslog-lab", "/usr/sbin/rsyslogd -n -f /etc/lab/rsyslog.conf -i NONE"),
                unit("coap", "/usr/bin/coap-server-notls"),
            ),
            services=(
                telling("prometheus", 9090, "http", "Prometheus", "prometheus"),
                Expected(
                    "prometheus-node-exporter",
                    9100,
                    "http",
                    product="Prometheus node exporter",
                    package="prometheus-node-exporter",
                ),
                telling("influxd", 8086, "http", "InfluxDB", "influxdb"),
                Expected("iperf3", 5201, "iperf3", package="iperf3"),
                telling("beanstalkd", 11300, "beanstalkd", "beanstalkd", "beanstalkd"),
                udp(*("rsyslogd", 514, "syslog"), package="rsyslog", answers=Audience.NOBODY),
                Expected(*("rsyslogd", 1514, "syslog"), package="rsyslog", answers=Audience.NOBODY),
                Expected("xrdp", 3389, "rdp", package="xrdp"),
                udp("coap-server", 5683, "coap", package="libcoap3-bin"),
            ),
        ),
        VISITOR,
    ),
    packages=(
        *("squid", "dante-server", "haproxy", "varnish", "caddy", "lighttpd", "tinyproxy"),
        *("uwsgi-core", "uwsgi-plugin-python3", "unbound", "ngircd", "prosody", "mumble-server"),
        *("icecast2", "coturn", "radicale", "openvpn", "charon-systemd", "strongswan-swanctl"),
        *("freeradius", "kamailio", "avahi-daemon", "rpcbind", "nfs-ganesha", "nfs-ganesha-vfs"),
        *("git", "subversion", "cups-daemon", "distcc", "dropbear-bin", "prometheus"),
        *("prometheus-node-exporter", "influxdb", "iperf3", "beanstalkd", "rsyslog", "xrdp"),
        "libcoap3-bin",
    ),
    tries=(
        (
            "sudo tojimari lab run gate tojimari look",
            mark("many doors in one house; the program behind each"),
        ),
        (
            "sudo tojimari lab run visitor nc -w 1 192.0.2.33 22",
            mark("SSH again, but another program than elsewhere"),
        ),
        ("sudo tojimari lab run tunnel ss -uln", mark("doors without connections: UDP")),
    ),
)
