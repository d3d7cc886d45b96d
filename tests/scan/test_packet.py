import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan import probe
from tojimari.scan.packet import ACK, RST, SYN, Heard, heard, heard_frame
from tojimari.scan.task import Reason

OURS, THEIRS = socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.9")
OURS_V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
THEIRS_V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::9")


def tcp(flags: int, *, number: int = 41) -> bytes:
    return struct.pack(">HHIIBBHHH", 80, 61440, 7, number + 1, 0x50, flags, 0, 0, 0)


def ipv4(payload: bytes, *, options: bytes = b"", fragment: int = 0, protocol: int = 6) -> bytes:
    total = 20 + len(options) + len(payload)
    first = 0x40 | (5 + len(options) // 4)
    head = struct.pack(">BBHHHBBH4s4s", first, 0, total, 0, fragment, 55, protocol, 0, THEIRS, OURS)
    return head + options + payload


def ipv6(payload: bytes, following: int = 6) -> bytes:
    head = struct.pack(">IHBB16s16s", 6 << 28, len(payload), following, 55, THEIRS_V6, OURS_V6)
    return head + payload


def test_an_open_door_says_syn_and_ack() -> None:
    expected = Heard(Reason.SYN_ACK, THEIRS, 80, 61440, 41, 55)
    assert heard(ipv4(tcp(SYN | ACK)), OURS) == expected
    assert heard(ipv6(tcp(SYN | ACK)), OURS_V6) == expected._replace(host=THEIRS_V6)


def test_a_closed_door_resets() -> None:
    assert heard(ipv4(tcp(RST | ACK)), OURS) == Heard(Reason.RST, THEIRS, 80, 61440, 41, 55)


def test_what_acknowledges_nothing_is_no_answer() -> None:
    for flags in (SYN, RST, 0, ACK, ACK | 0x08):
        assert heard(ipv4(tcp(flags)), OURS) is None


def test_ip_options_and_a_frames_padding_are_passed_over() -> None:
    packet = ipv4(tcp(SYN | ACK), options=bytes(8)) + bytes(10)
    assert heard(packet, OURS) == Heard(Reason.SYN_ACK, THEIRS, 80, 61440, 41, 55)


def test_extension_headers_are_passed_over() -> None:
    extended = b"\x3c\0" + bytes(6) + b"\x06\x01" + bytes(14) + tcp(RST | ACK)
    said = heard(ipv6(extended, 0), OURS_V6)
    assert said is not None
    assert said.reason is Reason.RST
    atomic = b"\x06\0\0\0" + bytes(4) + tcp(SYN | ACK)
    assert heard(ipv6(atomic, 44), OURS_V6) is not None
    second = b"\x06\0\x05\x60" + bytes(4) + tcp(SYN | ACK)
    assert heard(ipv6(second, 44), OURS_V6) is None
    authenticated = b"\x06\x04" + bytes(22) + tcp(SYN | ACK)
    assert heard(ipv6(authenticated, 51), OURS_V6) is not None
    endless = b"\0\0" + bytes(6)
    assert heard(ipv6(endless * 9 + tcp(SYN | ACK), 0), OURS_V6) is None


def test_fragments_are_no_answers() -> None:
    assert heard(ipv4(tcp(SYN | ACK), fragment=0x2000), OURS) is None
    assert heard(ipv4(tcp(SYN | ACK), fragment=5), OURS) is None
    assert heard(ipv4(tcp(SYN | ACK), fragment=0x4000), OURS) is not None


def test_what_is_cut_off_is_no_answer() -> None:
    for whole, ours in ((ipv4(tcp(SYN | ACK)), OURS), (ipv6(tcp(SYN | ACK)), OURS_V6)):
        for length in range(len(whole)):
            assert heard(whole[:length], ours) is None


def test_what_is_for_another_is_no_answer() -> None:
    assert heard(ipv4(tcp(SYN | ACK)), THEIRS) is None


def test_tagged_frames_are_of_another_network() -> None:
    plain = bytes(12) + b"\x08\0" + ipv4(tcp(SYN | ACK))
    assert heard_frame(plain, OURS) is not None
    tagged = bytes(12) + b"\x81\0\0\x05\x08\0" + ipv4(tcp(SYN | ACK))
    assert heard_frame(tagged, OURS) is None
    assert heard_frame(b"", OURS) is None


def test_errors_on_the_way_quote_the_probe() -> None:
    asked = probe.syn(4, OURS, THEIRS, 61441, 77)
    asked = asked[:22] + b"\x01\xbb" + asked[24:]
    for code, reason in (
        (1, Reason.HOST_UNREACHABLE),
        (3, Reason.PORT_UNREACHABLE),
        (13, Reason.ADMIN_PROHIBITED),
    ):
        error = ipv4(struct.pack(">BBHI", 3, code, 0, 0) + asked[:28], protocol=1)
        assert heard(error, OURS) == Heard(reason, THEIRS, 443, 61441, 77, 55)
    asked = probe.syn(6, OURS_V6, THEIRS_V6, 61441, 77)
    error = ipv6(struct.pack(">BBHI", 1, 1, 0, 0) + asked, 58)
    assert heard(error, OURS_V6) == Heard(Reason.ADMIN_PROHIBITED, THEIRS_V6, 0, 61441, 77, 55)


def test_errors_about_others_are_no_answers() -> None:
    asked = probe.syn(4, THEIRS, OURS, 61441, 77)
    assert heard(ipv4(struct.pack(">BBHI", 3, 1, 0, 0) + asked, protocol=1), OURS) is None
    mine = probe.syn(4, OURS, THEIRS, 61441, 77)
    assert heard(ipv4(struct.pack(">BBHI", 5, 1, 0, 0) + mine, protocol=1), OURS) is None
    assert heard(ipv4(struct.pack(">BBHI", 3, 4, 0, 0) + mine, protocol=1), OURS) is None
    assert heard(ipv4(struct.pack(">BBHI", 3, 1, 0, 0) + mine[:27], protocol=1), OURS) is None
    assert heard(ipv4(b"\x03\x01", protocol=1), OURS) is None


@given(st.binary(max_size=120))
def test_noise_is_no_answer_and_no_crash(noise: bytes) -> None:
    assert heard(noise, OURS) is None or noise[16:20] == OURS
    heard_frame(noise, OURS)


GOOD = [
    ipv4(tcp(SYN | ACK)),
    ipv4(tcp(SYN | ACK), options=bytes(12)),
    ipv4(struct.pack(">BBHI", 3, 1, 0, 0) + probe.syn(4, OURS, THEIRS, 61441, 77), protocol=1),
    ipv6(b"\x06\0" + bytes(6) + tcp(RST | ACK), 60),
    ipv6(struct.pack(">BBHI", 1, 1, 0, 0) + probe.syn(6, OURS_V6, THEIRS_V6, 61441, 7), 58),
]


@given(st.sampled_from(GOOD), st.integers(0, 120), st.binary(max_size=30))
def test_packets_with_a_slice_of_noise_never_crash(good: bytes, at: int, noise: bytes) -> None:
    spoilt = good[:at] + noise + good[at + len(noise) :]
    for ours in (OURS, OURS_V6):
        said = heard(spoilt, ours)
        assert said is None or (0 <= said.port < 65536 and 0 <= said.number < 1 << 32)
