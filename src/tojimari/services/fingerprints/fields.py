"""Which file of fingerprints is for what a conversation told."""

from dataclasses import dataclass

from tojimari.core.service import Service


@dataclass(frozen=True, slots=True)
class Field:
    """Where a service keeps what the fingerprints of one file are for.

    Attributes:
        detail: The name of the detail.
        protocols: Whose; empty for everybody's.
        names_product: Whether it tells of the software that answers. What a certificate tells of is
            the machine, or whoever made it.
    """

    detail: str
    protocols: frozenset[str] = frozenset()
    names_product: bool = True

    def of(self, service: Service) -> str:
        """What was said there; empty where nothing was."""
        if self.protocols and service.protocol not in self.protocols:
            return ""
        return str(service.details.get(self.detail, ""))


def _of(protocol: str, detail: str = "banner") -> Field:
    return Field(detail, frozenset({protocol}))


FIELDS = {
    "ssh.banner": _of("ssh"),
    "ftp.banner": _of("ftp"),
    "smtp.banner": _of("smtp"),
    "pop3.banner": _of("pop3"),
    "imap4.banner": _of("imap"),
    "nntp.banner": _of("nntp"),
    "telnet.banner": _of("telnet"),
    "telnet_banners": _of("telnet"),
    "dns.versionbind": _of("dns", "version.bind"),
    "mysql.banners": _of("mysql", "server-version"),
    "mysql.error": _of("mysql", "said"),
    "ntp.readvar": _of("ntp", "ntp-variables"),
    "rtsp_header.server": _of("rtsp", "server"),
    "sip_header.server": _of("sip", "server"),
    "sip_header.user_agent": _of("sip", "user-agent"),
    "snmp.sys_description": _of("snmp", "description"),
    "x11.vendor": _of("x11", "vendor"),
    "upnp_banners": _of("ssdp", "server"),
    "http_header.server": _of("http", "server"),
    "http_header.wwwauth": _of("http", "www-authenticate"),
    "http_header.x-powered-by": _of("http", "x-powered-by"),
    "html_title": _of("http", "title"),
    "x509.subject": Field("certificate-subject", names_product=False),
    "x509.issuer": Field("certificate-issuer", names_product=False),
}
"""By the ``matches`` of a file, or by the file's name where it has none. What other files are for
(cookies, pictures, answers to commands that are never sent) is not asked."""
