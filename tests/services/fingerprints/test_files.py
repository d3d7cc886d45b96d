"""Files of fingerprints as a user may have them: good ones, broken ones, traps."""

from pathlib import Path

import pytest

from tojimari.core.errors import UsageError
from tojimari.services.fingerprints import files

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<fingerprints matches="ssh.banner" protocol="ssh" database_type="service" preference=".90">
  <!-- what a lab's server says -->
  <fingerprint pattern="^LabSSH[_-]([\\d.]+)(?: (\\w+))?$" flags="REG_ICASE">
    <description>Lab
      SSH</description>
    <example service.version="1.2">LabSSH_1.2</example>
    <param pos="0" name="service.vendor" value="Lab &amp; Sons"/>
    <param pos="0" name="service.product" value="LabSSH"/>
    <param pos="1" name="service.version"/>
    <param pos="2" name="os.product"/>
    <param pos="0" name="service.cpe23" value="cpe:/a:lab:ssh:{service.version}"/>
    <param pos="0" name="os.cpe23" value="cpe:/o:lab:{os.product}"/>
  </fingerprint>
  <fingerprint pattern="(?&gt;a|ab)c"><description>has no equal</description></fingerprint>
  <fingerprint pattern="^(x)$"><param pos="2" name="service.version"/></fingerprint>
  <fingerprint pattern="^(y)$"><param pos="-1" name="service.version"/></fingerprint>
</fingerprints>
"""
BOMB = """<?xml version="1.0"?>
<!DOCTYPE fingerprints [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<fingerprints matches="ssh.banner"><fingerprint pattern="&b;"/></fingerprints>
"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE fingerprints [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<fingerprints matches="ssh.banner"><fingerprint pattern="&a;"/></fingerprints>
"""


def written(folder: Path, text: str, name: str = "ssh_banners.xml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)

    assert files.key(path) == "ssh.banner"
    file = files.read(path, "ssh.banner")
    assert (len(file.fingerprints), file.left_out, file.broken) == (1, 3, "")
    assert file.fingerprints[0].description == "Lab SSH"


def test_a_match_tells_what_it_means_and_leaves_out_what_it_did_not_find(tmp_path: Path) -> None:
    (one,) = files.read(written(tmp_path, GOOD), "ssh.banner").fingerprints

    match = one.pattern.search("labssh-1.2")
    assert match is not None
    assert one.told(match) == {
        "service.vendor": "Lab & Sons",
        "service.product": "LabSSH",
        "service.version": "1.2",
        "service.cpe23": "cpe:/a:lab:ssh:1.2",
    }


@pytest.mark.parametrize("trap", [BOMB, OUTSIDE])
def test_a_trap_is_not_sprung(tmp_path: Path, trap: str) -> None:
    path = written(tmp_path, trap)

    with pytest.raises(ValueError, match="DTDForbidden"):
        files.key(path)
    file = files.read(path, "ssh.banner")
    assert file.fingerprints == []
    assert "DTDForbidden" in file.broken


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no XML"),
        ("<fingerprints", "no XML"),
        ("<html/>", "no fingerprints, but html"),
        ("\0\0\0", "no XML"),
    ],
)
def test_what_is_no_such_file_is_said(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        files.key(written(tmp_path, text))


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    file = files.read(written(tmp_path, GOOD[: GOOD.index("</fingerprints>")]), "ssh.banner")

    assert len(file.fingerprints) == 1
    assert "no XML" in file.broken


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.xml"
    with path.open("wb") as opened:
        opened.truncate(files.LARGEST + 1)

    with pytest.raises(ValueError, match="more than 16 MiB"):
        files.key(path)


@pytest.mark.parametrize(
    "inside",
    ["<a>" * 100 + "</a>" * 100, "<a/>" * (files.MOST_ELEMENTS + 10)],
    ids=["deep", "many"],
)
def test_more_elements_than_fingerprints_have_are_not_read(tmp_path: Path, inside: str) -> None:
    path = written(tmp_path, f'<fingerprints matches="x">{inside}</fingerprints>')

    assert "more elements" in files.read(path, "x").broken


def test_a_file_without_a_word_for_what_it_is_for_is_called_by_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "<fingerprints/>", "telnet_banners.xml")

    assert files.key(path) == "telnet_banners"


def test_a_checkout_is_known_by_its_folder_xml(tmp_path: Path) -> None:
    inner = tmp_path / "xml"
    inner.mkdir()
    path = written(inner, GOOD)
    (inner / "a_folder.xml").mkdir()
    written(tmp_path, GOOD, "beside.xml")

    assert files.listed(tmp_path) == [path]
    assert files.listed(inner) == [path]


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_folder_without_fingerprints_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        files.listed(tmp_path / name)


def test_a_folder_with_very_many_files_is_refused(tmp_path: Path) -> None:
    for number in range(files.MOST_FILES + 1):
        (tmp_path / f"{number}.xml").touch()

    with pytest.raises(UsageError):
        files.listed(tmp_path)
