import socket

import pytest

from tojimari.scan import probe
from tojimari.scan.cookie import Cookie
from tojimari.scan.probe import Layout


@pytest.mark.parametrize(
    ("version", "ours", "theirs"),
    [
        (4, "192.0.2.1", "198.51.100.7"),
        (6, "2001:db8::1", "2001:db8:ffff::7"),
    ],
)
def test_the_checksum_is_right_whatever_port_is_laid_over(
    version: int, ours: str, theirs: str
) -> None:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    source, target = socket.inet_pton(family, ours), socket.inet_pton(family, theirs)
    cookie = Cookie(0xABCD, 0x1234)
    at = Layout(version, 0).tcp
    for port in (0, 1, 80, 0x1234, 0x1235, 65534, 65535):
        packet = bytearray(probe.syn(version, source, target, 61440, cookie.number(0, 5)))
        assert len(packet) == Layout(version, 0).length
        packet[at + 2 : at + 4] = port.to_bytes(2, "big")
        packet[at + 4 : at + 8] = cookie.number(port, 5).to_bytes(4, "big")
        pseudo = source + target + bytes((0, 6, 0, len(packet) - at))
        assert probe.checksum(pseudo + bytes(packet[at:])) == 0
        if version == 4:
            assert probe.checksum(bytes(packet[:20])) == 0
