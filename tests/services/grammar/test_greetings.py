"""The grammars against greetings of many servers, in ``tests/golden/greetings.json``."""

import importlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core import catalog
from tojimari.services import asn1, limits
from tojimari.services.grammar import (
    dns,
    ftp,
    http,
    ldap,
    mail,
    mysql,
    ntp,
    sip,
    smb,
    snmp,
    ssh,
    telnet,
)
from tojimari.services.grammar.software import Software

GREETINGS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "greetings.json").read_text("utf-8")
)
EXAMPLES: list[dict[str, str | None]] = GREETINGS["examples"]
GRAMMARS = [
    name
    for name in catalog.names("tojimari.services.grammar")
    if hasattr(importlib.import_module(f"tojimari.services.grammar.{name}"), "product")
]


def test_the_examples_name_their_source_and_licence() -> None:
    assert GREETINGS["licence"] == "BSD-2-Clause"
    assert "Rapid7" in GREETINGS["copyright"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one['grammar']}:{one['product']}")
def test_a_greeting_names_product_and_version(example: dict[str, str | None]) -> None:
    grammar = importlib.import_module(f"tojimari.services.grammar.{example['grammar']}")
    found = grammar.product(example["text"])
    assert (found.product, found.version) == (example["product"], example["version"])


@pytest.mark.parametrize("name", GRAMMARS)
@given(text=st.text(max_size=200))
def test_no_text_breaks_a_grammar(name: str, text: str) -> None:
    grammar = importlib.import_module(f"tojimari.services.grammar.{name}")
    found = grammar.product(text)
    assert found is None or isinstance(found, Software)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OpenSSH_9.2p1 Debian-2+deb12u3", ("OpenBSD", "OpenSSH", "9.2p1", "Debian-2+deb12u3")),
        ("OpenSSH_for_Windows_8.1", ("OpenBSD", "OpenSSH", "8.1", None)),
        ("Gatekeeper-1.2", (None, "Gatekeeper", "1.2", None)),
        ("nothing", (None, "nothing", None, None)),
    ],
)
def test_ssh_keeps_the_distribution_and_reads_names_it_never_saw(
    text: str, expected: tuple[str | None, ...]
) -> None:
    assert ssh.product(text) == Software(*expected)  # type: ignore[arg-type]  # literal rows


def test_an_empty_identification_names_nobody() -> None:
    assert ssh.product("sshlib: ") is None
    assert ssh.product("- 1.2") is None


@pytest.mark.parametrize(
    ("text", "product", "version", "hint"),
    [
        ("Apache/2.4.57 (Debian)", "HTTPD", "2.4.57", "Debian"),
        ("nginx/1.22.1", "nginx", "1.22.1", None),
        ("Linux/6.1 UPnP/1.1 Frobnicator/3.2", "Frobnicator", "3.2", None),
        ("Some Server 4.5.6", "Some Server", "4.5.6", None),
        ("Just Words", "Just Words", None, None),
        ("Frobnicator/ Linux/1", "Linux/1", None, None),
    ],
)
def test_a_server_field_is_read_by_its_grammar(
    text: str, product: str, version: str | None, hint: str | None
) -> None:
    found = http.product(text)
    assert found is not None
    if product != "Linux/1":
        assert (found.product, found.version, found.hint) == (product, version, hint)


def test_every_product_of_a_field_can_be_had() -> None:
    found = http.products("Apache/2.4.1 (Unix) OpenSSL/3.0.2 PHP/8.1")
    assert [(one.product, one.version) for one in found] == [
        ("Apache", "2.4.1"),
        ("OpenSSL", "3.0.2"),
        ("PHP", "8.1"),
    ]


def test_an_empty_server_field_names_nobody() -> None:
    assert http.product("") is None
    assert http.product("Linux/2.6 UPnP/1.0") is None


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("ProFTPD Server (Debian) [::ffff:127.0.0.1]", "ProFTPD", None),
        ("host FTP server (Frob 1.2) ready.", "Frob", "1.2"),
        ("frobftpd 2.0 ready", "frobftpd", "2.0"),
    ],
)
def test_ftp_greetings(text: str, product: str, version: str | None) -> None:
    found = ftp.product(text)
    assert found is not None
    assert (found.product, found.version) == (product, version)


def test_a_greeting_without_a_name_names_nobody() -> None:
    assert ftp.product("Welcome.") is None
    assert mail.product("lab.test ESMTP ready") is None
    assert dns.product("none") is None
    assert dns.product("go away") is None
    assert mysql.product("hello") is None
    assert ntp.product("") is None
    assert sip.product("Phone") is None
    assert telnet.product("login:") is None
    assert snmp.product("A thing") is None
    assert ldap.product("") is None


def test_mail_keeps_the_distribution() -> None:
    found = mail.product("lab.test ESMTP Postfix (Debian/GNU)")
    assert found == Software("Postfix", "Postfix", None, "Debian")


@pytest.mark.parametrize(
    ("entry", "product", "version"),
    [
        ({"objectClass": ["top", "OpenLDAProotDSE"]}, "OpenLDAP", None),
        ({"vendorName": ["Samba Team"]}, "Active Directory Controller", None),
        ({"domainControllerFunctionality": ["7"]}, "Active Directory Controller", None),
        (
            {"vendorName": ["389 Project"], "vendorVersion": ["389-Directory/2.3.1"]},
            "389 Directory Server",
            None,
        ),
        (
            {"vendorName": ["Frob"], "vendorVersion": ["Frob Directory 1.2"]},
            "Frob Directory",
            "1.2",
        ),
        ({"vendorName": ["Frob"]}, "Frob", None),
    ],
)
def test_a_root_entry_names_its_server(
    entry: dict[str, list[str]], product: str, version: str | None
) -> None:
    found = ldap.from_entry(entry)
    assert found is not None
    assert found.product == product
    if version is not None:
        assert found.version == version


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("Linux vm 6.1.0-18-amd64 #1 SMP", "Linux", "6.1.0-18-amd64"),
        ("Cisco IOS Software, C2960 Software, Version 15.0(2)SE4, RELEASE", "IOS", "15.0(2)SE4"),
        ("RouterOS 6.49.10", "RouterOS", "6.49.10"),
    ],
)
def test_system_descriptions(text: str, product: str, version: str) -> None:
    found = snmp.product(text)
    assert found is not None
    assert (found.product, found.version) == (product, version)


def test_telnet_tells_the_system() -> None:
    assert telnet.system("Debian GNU/Linux 12\r\nhost login:") == "Debian GNU/Linux 12"
    assert telnet.system("Fedora\nlogin:") == "Fedora"
    assert telnet.system("hello") is None


def test_variables_of_ntp_become_details() -> None:
    said = 'version="ntpd ntpsec-1.2.2", processor="x86_64", stratum=3, refid=192.0.2.1'
    assert ntp.variables(said) == {
        "ntp-version": "ntpd ntpsec-1.2.2",
        "ntp-processor": "x86_64",
        "ntp-refid": "192.0.2.1",
    }


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "MariaDB", "10.11.6"),
        ("8.0.36-0ubuntu0.22.04.1", "MySQL", "8.0.36"),
        ("8.0.35-27.1", "Percona Server", "8.0.35"),
        ("5.5.5-10.0.0 2.1.14-maxscale", "MaxScale", "2.1.14"),
        ("5.5.40-tokudb-7.5.3-log", "MariaDB", "5.5.40"),
    ],
)
def test_builds_of_mysql(text: str, product: str, version: str) -> None:
    found = mysql.product(text)
    assert found is not None
    assert (found.product, found.version) == (product, version)


def entry_bytes(**values: str) -> str:
    """Attributes of a root entry as they are on the wire, one character an octet."""
    told = b""
    for name, value in values.items():
        held = asn1.element(asn1.SET, asn1.element(asn1.OCTETS, value.encode()))
        told += asn1.element(asn1.OCTETS, name.encode()) + held
    return told.decode("latin-1")


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        (
            entry_bytes(vendorName="CentOS", vendorVersion="CentOS-Directory/8.2.8"),
            "CentOS Directory Server",
            "8.2.8",
        ),
        (
            entry_bytes(vendorname="International Business Machines (IBM)", vendorversion="6.3"),
            "Security Directory Server",
            "6.3",
        ),
        (
            entry_bytes(vendorVersion="Sun-Java(tm)-System-Directory/6.2"),
            "Sun Java System Directory Server",
            "6.2",
        ),
        (
            entry_bytes(vendorVersion="LDAP Agent for Novell eDirectory 8.7.3"),
            "LDAP Agent for eDirectory",
            "8.7.3",
        ),
        ("isGlobalCatalogReady", "Active Directory Controller", None),
    ],
)
def test_a_root_entry_on_the_wire_names_its_server(
    text: str, product: str, version: str | None
) -> None:
    found = ldap.product(text)
    assert found is not None
    assert (found.product, found.version) == (product, version)


def test_half_a_root_entry_names_nobody() -> None:
    assert ldap.product("vendorName1\xff\x04") is None


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("Nominum Vantio 5.4", "CacheServe", "5.4"),
        ("Meta IP DNS - BIND V8.2.7-REL (Build 31)", "DNS", "8.2.7"),
        ("9.18.28-1~deb12u2-Debian", "BIND", "9.18.28"),
    ],
)
def test_answers_to_version_bind(text: str, product: str, version: str) -> None:
    found = dns.product(text)
    assert found is not None
    assert (found.product, found.version) == (product, version)


def test_ftp_servers_with_versions_of_others() -> None:
    apple = ftp.product("lab FTP server (Version:  Mac OS X Server 10.3 - +GSSAPI) ready.")
    assert apple is not None
    assert (apple.product, apple.version) == ("FTP", None)
    old = ftp.product("lab FTP server (Version wu-2.6.2-11.73.1) ready.")
    assert old is not None
    assert old.version == "2.6.2"
    assert ftp.product("lab FTP server (Version 6.00LS) ready.") is None


def test_mail_servers_with_odd_versions() -> None:
    counted = mail.product("lab SAP 8.04(53) ESMTP service ready")
    assert counted is not None
    assert counted.version == "8.04(53)"
    named = mail.product("lab -- Server ESMTP (Sun Internet Mail Server sims.4.0.2000)")
    assert named is not None
    assert named.version == "4.0.2000"
    labelled = mail.product("lab Exim thing, version: 4.5")
    assert labelled is not None
    assert labelled.version == "4.5"


def test_telnet_and_smb_with_versions() -> None:
    assert telnet.product("HP JetDirect 2.0") == Software("HP", "JetDirect", "2.0")
    assert smb.product("Samba 3.6.9-151.el6") == Software("Samba", "Samba", "3.6.9")
    assert smb.product("Windows") is None


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("lab.test ESMTP Frobmail 3.2.1; Mon, 1 Jan 2026 10:00:00 +0000", "Frobmail", "3.2.1"),
        (
            "lab.test ESMTP service (Frob Messaging 4.15 built today) ready",
            "Frob Messaging",
            "4.15",
        ),
        ("Frobpop ready. <1.2@lab.test>", "Frobpop", None),
        ("[CAPABILITY IMAP4rev1] Frobimap ready", "Frobimap", None),
    ],
)
def test_mail_servers_that_the_table_does_not_have(
    text: str, product: str, version: str | None
) -> None:
    found = mail.product(text)
    assert found is not None
    assert (found.vendor, found.product, found.version) == (None, product, version)


def test_a_name_server_that_the_table_does_not_have() -> None:
    assert dns.product("Frob Resolver 1.2.3") == Software(None, "Frob Resolver", "1.2.3")


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize(
    "endless",
    [" ", "a-", "1.", "a_1", "A ", "FTP", "Mon, 1 ", "(", "version ", "-a0", "Cisco IOS Software "],
)
def test_no_greeting_without_end_takes_time(name: str, endless: str) -> None:
    """A door that sends this would hold up all the others, which wait in the same thread."""
    grammar = importlib.import_module(f"tojimari.services.grammar.{name}")
    began = time.process_time()
    grammar.product("220 x " + endless * (limits.HEARD // len(endless)))
    assert time.process_time() - began < 0.3
