"""A user's own fingerprints fill the gaps of what was told, and never speak against it."""

from pathlib import Path

import pytest

from tojimari.core.errors import UsageError
from tojimari.core.service import Service
from tojimari.services.fingerprints.collection import MOST_SLOW, Fingerprints
from tojimari.services.fingerprints.patience import Patience

SSH = """
<fingerprint pattern="^LabSSH_([\\d.]+)">
  <description>Lab's own SSH</description>
  <param pos="0" name="service.vendor" value="Lab"/>
  <param pos="0" name="service.product" value="Lab SSH"/>
  <param pos="1" name="service.version"/>
  <param pos="0" name="service.cpe23" value="cpe:/a:lab:ssh:{service.version}"/>
  <param pos="0" name="hw.device" value="Router"/>
</fingerprint>
<fingerprint pattern="^LabSSH"><description>never reached</description></fingerprint>
<fingerprint pattern="(?&gt;x)"><description>has no equal</description></fingerprint>
"""
SUBJECT = """
<fingerprint pattern="CN=lab"><description>A lab's own certificate</description>
  <param pos="0" name="service.product" value="Lab"/><param pos="0" name="hw.product" value="Box"/>
</fingerprint>
"""
SLOW = '<fingerprint pattern="^(a+)+$"><description>careless</description></fingerprint>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of fingerprints, one of whose files is broken."""
    for name, matches, inside in (
        ("ssh_banners", "ssh.banner", SSH),
        ("subjects", "x509.subject", SUBJECT),
        ("pictures", "favicon.md5", "<fingerprint pattern='['/>"),
    ):
        written(tmp_path, name, matches, inside)
    (tmp_path / "broken.xml").write_text("<fingerprints matches=", "utf-8")
    return tmp_path


def written(folder: Path, name: str, matches: str, inside: str) -> None:
    text = f'<fingerprints matches="{matches}">{inside}</fingerprints>'
    (folder / f"{name}.xml").write_text(text, "utf-8")


def ssh(banner: str, product: str | None = None, **more: str) -> Service:
    return Service("ssh", product, details={"banner": banner}, **more)  # type: ignore[arg-type]


def test_what_the_grammar_did_not_name_is_filled_in(folder: Path) -> None:
    found = Fingerprints(folder).added(ssh("LabSSH_1.2"))

    assert (found.vendor, found.product, found.version) == ("Lab", "Lab SSH", "1.2")
    assert found.details == {
        "banner": "LabSSH_1.2",
        "fingerprint": "Lab's own SSH",
        "fingerprint-cpe": "cpe:/a:lab:ssh:1.2",
        "fingerprint-device": "Router",
    }


def test_a_product_of_the_same_name_gets_its_version_and_its_maker(folder: Path) -> None:
    found = Fingerprints(folder).added(ssh("LabSSH_1.2", "LABSSH"))

    assert (found.vendor, found.product, found.version) == ("Lab", "LABSSH", "1.2")


def test_what_the_grammar_named_stands(folder: Path) -> None:
    service = ssh("LabSSH_1.2", "OpenSSH", version="9.2p1")
    found = Fingerprints(folder).added(service)

    assert (found.vendor, found.product, found.version) == (None, "OpenSSH", "9.2p1")
    assert found.details["fingerprint"] == "Lab's own SSH"


def test_what_no_fingerprint_fits_stays_as_it_is(folder: Path) -> None:
    service = ssh("OpenSSH_9.2p1")
    assert Fingerprints(folder).added(service) == service


def test_another_protocols_greeting_is_not_looked_up(folder: Path) -> None:
    service = Service("ftp", details={"banner": "LabSSH_1.2"})
    assert Fingerprints(folder).added(service) == service


def test_a_certificate_tells_of_the_machine_and_not_of_the_software(folder: Path) -> None:
    service = Service("http", details={"certificate-subject": "CN=lab"})
    found = Fingerprints(folder).added(service)

    assert found.product is None
    assert found.details["fingerprint-hardware"] == "Box"


def test_what_could_not_be_used_is_counted_for_the_files_that_were_needed(folder: Path) -> None:
    known = Fingerprints(folder)
    assert [one.code for one in known.left_out()] == ["fingerprints-broken"]

    known.added(ssh("LabSSH_1.2"))
    told = {one.code: one.values for one in known.left_out()}
    assert told["fingerprints-left-out"] == {"count": 1, "total": 3}
    assert told["fingerprints-broken"]["name"] == "broken.xml"


def test_a_folder_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_text("<fingerprints matches=", "utf-8")

    with pytest.raises(UsageError, match=r"broken\.xml"):
        Fingerprints(tmp_path)


def test_a_careless_pattern_is_given_up_and_the_next_is_tried(tmp_path: Path) -> None:
    written(tmp_path, "ssh", "ssh.banner", SLOW + SSH.replace("^LabSSH_", "^a+b "))
    known = Fingerprints(tmp_path, Patience(0.02))

    found = known.added(ssh("a" * 40 + "b 1.2"))

    assert found.product == "Lab SSH"
    (message,) = (one for one in known.left_out() if one.code == "fingerprints-slow")
    assert message.values == {"count": 1}
    assert known.added(ssh("a" * 40)).details.get("fingerprint") is None


def test_not_many_careless_patterns_are_tried_with_one_text(tmp_path: Path) -> None:
    written(tmp_path, "ssh", "ssh.banner", SLOW * 50)
    known = Fingerprints(tmp_path, Patience(0.01))

    known.added(ssh("a" * 40 + "b"))

    (message,) = known.left_out()
    assert message.values == {"count": MOST_SLOW}
