from pathlib import Path

import pytest

from tojimari.core.intent import PortRange
from tojimari.linux import sysctl
from tojimari.linux.sysctl import PortSettings, port_settings


def folder(tmp_path: Path, **settings: str) -> Path:
    for name, value in settings.items():
        (tmp_path / name).write_text(value, encoding="ascii")
    return tmp_path


def test_what_the_kernel_was_told_is_read(tmp_path: Path) -> None:
    settings = folder(
        tmp_path,
        ip_local_port_range="32768\t60999\n",
        ip_local_reserved_ports="40000,45000-45010\n",
        ip_unprivileged_port_start="1024\n",
    )
    assert port_settings(settings) == PortSettings(
        PortRange(32768, 60999), (PortRange(40000, 40000), PortRange(45000, 45010)), 1024
    )


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert port_settings(tmp_path) == PortSettings(None, (), None)


@pytest.mark.parametrize("garbage", ["", "\n", "x\ty", "70000\t80000", "5\t3", "-1"])
def test_garbage_is_none(garbage: str, tmp_path: Path) -> None:
    settings = folder(
        tmp_path,
        ip_local_port_range=garbage,
        ip_local_reserved_ports=garbage,
        ip_unprivileged_port_start=garbage,
    )
    assert port_settings(settings) == PortSettings(None, (), None)


def test_what_is_not_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "ip_local_port_range").write_bytes(b"\xff\xfe")
    assert port_settings(tmp_path).ephemeral is None


@pytest.mark.parametrize(
    ("port", "expected"), [(999, False), (1000, True), (1500, False), (2000, True), (2001, False)]
)
def test_reserved_numbers_are_not_handed_out(port: int, expected: bool) -> None:
    settings = PortSettings(PortRange(1000, 2000), (PortRange(1400, 1600),), 1024)
    assert settings.hands_out(port) is expected


def test_nothing_is_handed_out_where_nothing_is_known() -> None:
    assert not PortSettings().hands_out(40000)


@pytest.mark.parametrize(("port", "expected"), [(79, True), (80, False)])
def test_numbers_below_the_start_are_privileged(port: int, expected: bool) -> None:
    assert PortSettings(unprivileged_start=80).is_privileged(port) is expected
    assert not PortSettings().is_privileged(port)


def test_this_kernel_is_asked(network: None) -> None:
    del network
    setting = sysctl.FOLDER / "ip_local_port_range"
    before = setting.read_text(encoding="ascii")
    setting.write_text("20000 20999", encoding="ascii")  # this namespace's own
    try:
        assert port_settings().ephemeral == PortRange(20000, 20999)
    finally:
        setting.write_text(before, encoding="ascii")
