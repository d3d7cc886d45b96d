"""The classic services at their usual doors: what the first lessons on ports speak of."""

from tojimari.core.message import mark
from tojimari.lab.daemons import bind, dovecot, postfix, sshd, telling, udp, vsftpd
from tojimari.lab.fittings import CERTIFICATE, KEY, VISITOR, drop_in, unit
from tojimari.lab.scene import Audience, Expected, File, House, Scene

_APACHE = f"""ServerName web.lab.example
<VirtualHost *:80>
    DocumentRoot /var/www/html
</VirtualHost>
<VirtualHost *:443>
    DocumentRoot /var/www/html
    SSLEngine on
    SSLCertificateFile {CERTIFICATE}
    SSLCertificateKeyFile {KEY}
</VirtualHost>
"""

_PAGE = "<!doctype html>\n<title>The town's page</title>\n<p>Door 80 is open, and this came out.\n"

_POSTFIX = f"""compatibility_level = 3.6
myhostname = mail.lab.example
mydestination = $myhostname, lab.example, localhost
mynetworks = 127.0.0.0/8 [::1]/128
inet_interfaces = all
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_cert_file = {CERTIFICATE}
smtpd_tls_key_file = {KEY}
smtpd_tls_security_level = may
maillog_file = /var/log/mail.log
"""

_DOVECOT = f"""listen = *, ::
ssl = yes
ssl_cert = <{CERTIFICATE}
ssl_key = <{KEY}
"""

_BIND = """options {
    directory "/var/cache/bind";
    listen-on { any; };
    listen-on-v6 { any; };
    recursion no;
    allow-transfer { none; };
    dnssec-validation no;
};
zone "lab.example" { type primary; file "/etc/bind/lab.example"; };
"""

_ZONE = """$TTL 60
@     IN SOA  names hostmaster 1 3600 600 86400 60
@     IN NS   names
@     IN MX   10 mail
names IN A    192.0.2.14
names IN AAAA 2001:db8:1::14
web   IN A    192.0.2.10
web   IN AAAA 2001:db8:1::10
mail  IN A    192.0.2.13
"""

_CHRONY = """local stratum 10
allow all
cmdport 0
driftfile /var/lib/chrony/chrony.drift
"""

_DNSMASQ = """port=0
interface=eth0
bind-interfaces
dhcp-range=192.0.2.100,192.0.2.150,255.255.255.0,12h
dhcp-option=option:router,192.0.2.1
dhcp-option=option:domain-name,lab.example
dhcp-authoritative
dhcp-leasefile=/run/dnsmasq.leases
"""


def _apache(port: int, *, tls: bool = False) -> Expected:
    return telling("apache2", port, "http", "Apache httpd", "apache2-bin", tls=tls)


SCENE = Scene(
    name="town",
    summary=mark("The classic services, each at the door where everybody expects it."),
    houses=(
        House(
            name="web",
            purpose=mark("the web server of the textbooks: HTTP at 80, HTTPS at 443, SSH to care"),
            number=10,
            units=("apache2.service", "ssh.service"),
            files=(
                File("/etc/apache2/sites-enabled/000-default.conf", _APACHE),
                File("/var/www/html/index.html", _PAGE),
            ),
            commands=("a2enmod -q ssl", "a2disconf -q php8.2-fpm 2>/dev/null || true"),
            services=(_apache(80), _apache(443, tls=True), sshd()),
        ),
        House(
            name="files",
            purpose=mark("the file server: FTP at 21"),
            number=11,
            units=("vsftpd.service",),
            services=(vsftpd(21),),
        ),
        House(
            name="archive",
            purpose=mark("an older house: another FTP server, and Telnet at 23"),
            number=12,
            annex="proftpd",
            units=("proftpd.service", "openbsd-inetd.service"),
            files=(
                File(
                    "/etc/inetd.conf",
                    "telnet stream tcp nowait root /usr/sbin/telnetd telnetd\n",
                ),
            ),
            services=(
                Expected("proftpd", 21, "ftp", product="ProFTPD", package="proftpd-core"),
                Expected("inetd", 23, "telnet", package="inetutils-telnetd"),
            ),
        ),
        House(
            name="mail",
            purpose=mark("the post office: SMTP at 25 and 587, POP3 at 110, IMAP at 143, and TLS"),
            number=13,
            units=("postfix.service", "dovecot.service"),
            files=(
                File("/etc/postfix/main.cf", _POSTFIX),
                File("/etc/dovecot/local.conf", _DOVECOT),
            ),
            commands=(
                'postconf -M submission/inet="submission inet n - y - - smtpd"',
                "newaliases",
            ),
            services=(
                postfix(25),
                postfix(587),
                dovecot(110, "pop3"),
                dovecot(143, "imap"),
                dovecot(993, "imap", tls=True),
                dovecot(995, "pop3", tls=True),
            ),
        ),
        House(
            name="names",
            purpose=mark("the town hall: DNS at 53, by UDP and by TCP, and the time at 123"),
            number=14,
            units=("named.service", "chrony.service"),
            files=(
                File("/etc/bind/named.conf", _BIND),
                File("/etc/bind/lab.example", _ZONE),
                File("/etc/chrony/chrony.conf", _CHRONY),
                # It serves the time and leaves the clock alone (-x): the clock is the machine's.
                File("/etc/default/chrony", 'DAEMON_OPTS="-F 1 -x"\n'),
                drop_in("chrony.service", "[Unit]", "ConditionCapability="),
            ),
            services=(
                *bind(53),
                udp("chronyd", 123, "ntp", package="chrony"),
            ),
        ),
        House(
            name="office",
            purpose=mark("gives newcomers their address: a DHCP server at 67"),
            number=15,
            units=("dnsmasq.service",),
            files=(
                File("/etc/dnsmasq.conf", _DNSMASQ),
                unit("dnsmasq", "/usr/sbin/dnsmasq --keep-in-foreground -C /etc/dnsmasq.conf"),
            ),
            services=(
                udp(
                    *("dnsmasq", 67, "dhcp"),
                    package="dnsmasq-base",
                    answers=Audience.OTHERS,
                ),
            ),
        ),
        House(
            name="newcomer",
            purpose=mark("has no address of its own and asks for one: a DHCP client at 68"),
            number=None,
            units=("dhclient.service",),
            files=(unit("dhclient", "/sbin/dhclient -4 -d eth0"),),
            services=(
                udp(
                    *("dhclient", 68, "dhcp-client"),
                    package="isc-dhcp-client",
                    answers=Audience.NOBODY,
                ),
            ),
        ),
        VISITOR,
    ),
    packages=(
        *("apache2", "openssh-server", "vsftpd", "inetutils-telnetd", "openbsd-inetd"),
        *("postfix", "dovecot-imapd", "dovecot-pop3d", "bind9", "chrony", "dnsmasq-base"),
        "isc-dhcp-client",
    ),
    annexes=(("proftpd", ("proftpd-core",)),),
    tries=(
        (
            "sudo tojimari lab run web tojimari look",
            mark("three doors, and the program behind each"),
        ),
        (
            "sudo tojimari lab run visitor curl -s http://192.0.2.10/",
            mark("knock at door 80 as a browser does: the page comes out"),
        ),
        (
            "sudo tojimari lab run visitor nc -w 1 192.0.2.13 25",
            mark("door 25 speaks first; the post office says who it is"),
        ),
    ),
)
