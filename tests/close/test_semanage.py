"""When semanage is asked; few kernels that tests run on have SELinux, so it is played."""

from pathlib import Path

import pytest

from tojimari.close import semanage
from tojimari.close.disk import Disk
from tojimari.close.selinux import Labels


def root(tmp_path: Path, enforce: str) -> Disk:
    (tmp_path / "sys/fs/selinux").mkdir(parents=True)
    (tmp_path / "sys/fs/selinux/enforce").write_text(enforce, encoding="ascii")
    return Disk(str(tmp_path))


def test_labels_are_asked_only_where_selinux_enforces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "semanage").write_text(
        '#!/bin/sh\ncase "$*" in\n'
        '"port --list --noheading") echo "ssh_port_t  tcp  22, 2222";;\n'
        '"port --list --noheading --locallist") echo "ssh_port_t  tcp  2222";;\n'
        "*) exit 1;; esac\n",
        encoding="ascii",
    )
    (tools / "semanage").chmod(0o755)
    assert semanage.labels(root(tmp_path / "a", "0")) is None
    assert semanage.labels(Disk(str(tmp_path / "none"))) is None
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert semanage.labels(root(tmp_path / "b", "1")) == Labels()  # there is no semanage
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    found = semanage.labels(root(tmp_path / "c", "1"))
    assert found == Labels("ssh_port_t  tcp  22, 2222\n", "ssh_port_t  tcp  2222\n")
