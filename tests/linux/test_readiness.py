import socket
from pathlib import Path

from tojimari.linux import readiness


def test_whoever_started_us_is_told_when_we_are_ready(tmp_path: Path) -> None:
    for name in (str(tmp_path / "notify"), "@tojimari-test-readiness"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.bind(name.replace("@", "\0", 1))
            one.settimeout(20)
            assert readiness.ready({"NOTIFY_SOCKET": name})
            assert one.recv(99) == b"READY=1"


def test_where_nobody_wants_to_know_nothing_is_told() -> None:
    assert not readiness.ready({})
    assert not readiness.ready({"NOTIFY_SOCKET": "vsock:2:1"})
