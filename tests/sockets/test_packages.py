import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.sockets.packages import (
    Package,
    Provenance,
    aliases,
    apk_owner,
    diversions,
    provenance,
)

STATUS = """\
Package: removed
Status: deinstall ok config-files
Version: 9

Package: nginx-extras
Version: 8
Architecture: amd64

Package: nginx
Status: install ok installed
Architecture: amd64
Version: 1.22.1-9
Description: small, powerful, scalable web/proxy server
 Version: of what follows

Package: libc6
Architecture: i386
Version: 2.36-i386

Package: libc6
Architecture: amd64
Version: 2.36-amd64
"""


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """The root of a Debian with merged /usr."""
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "var/lib/dpkg/info"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (tmp_path / name).symlink_to(f"usr/{name}")
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS, encoding="utf-8")
    contains(tmp_path, "nginx", "/usr/sbin/nginx")
    contains(tmp_path, "libc6:amd64", "/lib/ld.so")
    contains(tmp_path, "iproute2", "/bin/ss")
    return tmp_path


def contains(root: Path, package: str, *paths: str) -> None:
    """The list of a package's files, as dpkg writes it."""
    lines = "".join(f"{path}\n" for path in ("/.", *paths, "/usr/share/doc"))
    (root / f"var/lib/dpkg/info/{package}.list").write_text(lines, encoding="utf-8")


def divert(root: Path, *triples: str) -> None:
    lines = "".join(f"{line}\n" for line in triples)
    (root / "var/lib/dpkg/diversions").write_text(lines, encoding="utf-8")


def owner(exe: str, root: Path) -> str | None:
    package = provenance(exe, str(root)).package
    return package.name if package else None


def test_debian_knows_package_and_version(debian: Path) -> None:
    found = provenance("/usr/sbin/nginx", str(debian))
    assert found == Provenance(Package("dpkg", "nginx", "1.22.1-9"), ("dpkg",))


def test_of_several_architectures_the_right_version_is_told(debian: Path) -> None:
    found = provenance("/usr/lib/ld.so", str(debian))
    assert found.package == Package("dpkg", "libc6", "2.36-amd64")


def test_a_package_may_call_a_folder_by_its_old_name(debian: Path) -> None:
    assert owner("/usr/bin/ss", debian) == "iproute2"


def test_no_package_owns_what_was_put_there_by_hand(debian: Path) -> None:
    found = provenance("/usr/local/bin/nginx", str(debian))
    assert found == Provenance(None, ("dpkg",))


def test_a_package_that_the_status_lacks_has_no_version(debian: Path) -> None:
    contains(debian, "odd", "/usr/bin/odd")
    found = provenance("/usr/bin/odd", str(debian))
    assert found.package == Package("dpkg", "odd", None)


def test_a_part_of_a_path_is_not_the_path(debian: Path) -> None:
    assert owner("/usr/sbin/ngin", debian) is None
    assert owner("/sbin/nginx/x", debian) is None


def test_who_diverts_a_path_owns_what_is_there(debian: Path) -> None:
    contains(debian, "perl", "/usr/bin/rename")
    contains(debian, "rename", "/usr/bin/rename")
    divert(debian, "/usr/bin/rename", "/usr/bin/rename.perl", "rename")
    assert owner("/usr/bin/rename", debian) == "rename"


def test_what_was_diverted_is_still_the_other_packages(debian: Path) -> None:
    contains(debian, "perl", "/usr/bin/rename")
    contains(debian, "rename", "/usr/bin/rename")
    divert(debian, "/usr/bin/rename", "/usr/bin/rename.perl", "rename")
    assert owner("/usr/bin/rename.perl", debian) == "perl"


def test_a_diversion_may_be_there_under_both_names_of_a_folder(debian: Path) -> None:
    contains(debian, "bash", "/bin/sh")
    contains(debian, "dash", "/bin/sh")
    divert(debian, "/bin/sh", "/bin/sh.x", "dash", "/usr/bin/sh", "/usr/bin/sh.x", "dash")
    assert owner("/usr/bin/sh.x", debian) == "bash"
    assert owner("/usr/bin/sh", debian) == "dash"


def test_a_diversion_of_the_administrators_leaves_the_place_to_no_package(debian: Path) -> None:
    divert(debian, "/usr/sbin/nginx", "/usr/sbin/nginx.distrib", ":")
    assert owner("/usr/sbin/nginx", debian) is None
    assert owner("/usr/sbin/nginx.distrib", debian) == "nginx"


def test_this_debian_says_the_same_as_its_own_program() -> None:
    if shutil.which("dpkg-query") is None:
        pytest.skip("needs Debian")
    said = subprocess.run(
        ["dpkg-query", "--search", "/usr/bin/dpkg-query"],
        capture_output=True,
        text=True,
        check=True,
    )
    version = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Version}", "dpkg"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.stdout.startswith("dpkg:")
    assert provenance("/usr/bin/dpkg-query").package == Package("dpkg", "dpkg", version)


APK = """\
C:Q1abc=
P:musl
V:1.2.5-r0
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755

P:nginx
V:1.26.2-r0
F:
R:readme
F:usr/sbin
R:nginx
Z:Q1def=
"""


@pytest.mark.parametrize("place", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_alpine_knows_package_and_version(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(APK, encoding="utf-8")
    found = provenance("/usr/sbin/nginx", str(tmp_path))
    assert found == Provenance(Package("apk", "nginx", "1.26.2-r0"), ("apk",))


def test_alpine_may_own_a_file_in_the_root() -> None:
    assert apk_owner(APK.encode(), {"/readme"}) == Package("apk", "nginx", "1.26.2-r0")


def test_alpine_owns_nothing_else() -> None:
    assert apk_owner(APK.encode(), {"/usr/local/bin/nginx"}) is None


@pytest.fixture
def arch(tmp_path: Path) -> Path:
    """The root of an Arch."""
    folder = tmp_path / "var/lib/pacman/local/nginx-1.26.2-1"
    folder.mkdir(parents=True)
    (folder / "files").write_text("%FILES%\nusr/\nusr/bin/nginx\n\n", encoding="utf-8")
    (folder / "desc").write_text("%NAME%\nnginx\n\n%VERSION%\n1.26.2-1\n\n", encoding="utf-8")
    (tmp_path / "var/lib/pacman/local/ALPM_DB_VERSION").touch()
    return tmp_path


def test_arch_knows_package_and_version(arch: Path) -> None:
    found = provenance("/usr/bin/nginx", str(arch))
    assert found == Provenance(Package("pacman", "nginx", "1.26.2-1"), ("pacman",))


def test_arch_has_a_file_among_its_packages(arch: Path) -> None:
    assert provenance("/opt/x", str(arch)) == Provenance(None, ("pacman",))


@pytest.fixture
def fedora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a Fedora, whose rpm knows one program."""
    (tmp_path / "usr/lib/sysimage/rpm").mkdir(parents=True)
    rpm(
        tmp_path,
        'case "$*" in *"--file /usr/bin/nginx") printf "nginx\\t1.26-1.fc41.x86_64\\n";;'
        ' *) echo "file is not owned by any package"; exit 1;; esac',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def rpm(folder: Path, script: str) -> None:
    (folder / "rpm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "rpm").chmod(0o755)


def test_fedora_is_asked_through_rpm(fedora: Path) -> None:
    found = provenance("/usr/bin/nginx", str(fedora))
    assert found == Provenance(Package("rpm", "nginx", "1.26-1.fc41.x86_64"), ("rpm",))


def test_fedora_owns_nothing_else(fedora: Path) -> None:
    assert provenance("/usr/bin/other", str(fedora)) == Provenance(None, ("rpm",))


def test_an_rpm_that_does_not_answer_was_not_asked(
    fedora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rpm(fedora, "exec sleep 60")
    monkeypatch.setattr("tojimari.sockets.packages.RPM_PATIENCE", 0.05)
    assert provenance("/usr/bin/nginx", str(fedora)) == Provenance(None, ())


def test_where_there_is_no_package_system_nobody_is_asked(tmp_path: Path) -> None:
    assert provenance("/usr/bin/nginx", str(tmp_path)) == Provenance(None, ())


@pytest.mark.parametrize(
    ("exe", "package"),
    [
        ("/snap/lxd/24322/bin/lxd", Package("snap", "lxd", "24322")),
        (f"/nix/store/{'0' * 32}-nginx-1.26.2/bin/nginx", Package("nix", "nginx", "1.26.2")),
        (f"/nix/store/{'0' * 32}-my-tool/bin/x", Package("nix", "my-tool", None)),
    ],
)
def test_some_places_name_their_packages(exe: str, package: Package) -> None:
    assert provenance(exe).package == package


def test_without_merged_folders_a_path_has_one_name(tmp_path: Path) -> None:
    for folder in ("usr/bin", "bin", "usr/sbin"):
        (tmp_path / folder).mkdir(parents=True)
    assert aliases("/usr/bin/ss", tmp_path) == ("/usr/bin/ss",)


def test_with_merged_folders_a_path_has_two(debian: Path) -> None:
    assert aliases("/usr/bin/ss", debian) == ("/usr/bin/ss", "/bin/ss")
    assert aliases("/bin/ss", debian) == ("/bin/ss", "/usr/bin/ss")


def test_where_sbin_is_bin_too_it_has_four(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/sbin").symlink_to("bin")
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "sbin").symlink_to("usr/bin")
    assert set(aliases("/usr/bin/ss", tmp_path)) == {
        "/usr/bin/ss", "/bin/ss", "/usr/sbin/ss", "/sbin/ss",
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_the_file_of_diversions_may_hold_anything(content: bytes) -> None:
    assert all(len(triple) == 3 for triple in diversions(content))


@given(st.binary(max_size=200))
def test_alpines_file_may_hold_anything(content: bytes) -> None:
    assert apk_owner(content, {"/usr/bin/nothing-like-it"}) is None
