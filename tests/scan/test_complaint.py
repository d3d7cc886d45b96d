import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.scan import complaint
from tojimari.scan.complaint import Complaint
from tojimari.scan.task import Answer, Reason

ICMP, ICMP6, LOCAL = 2, 3, 1  # SO_EE_ORIGIN_* of linux/errqueue.h
OWN = struct.pack("=HH4s8x", socket.AF_INET, 0, bytes([10, 0, 0, 1]))


def error(kind: int, code: int, origin: int = ICMP) -> bytes:
    return struct.pack("=IBBBxII", 111, origin, kind, code, 0, 0) + OWN


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (3, 0, Reason.NET_UNREACHABLE),
        (3, 3, Reason.PORT_UNREACHABLE),
        (3, 13, Reason.ADMIN_PROHIBITED),
        (11, 0, Reason.TIME_EXCEEDED),
    ],
)
def test_what_was_said_and_whether_the_machine_itself_did(
    kind: int, code: int, reason: Reason
) -> None:
    assert complaint.parse(socket.AF_INET, error(kind, code), "10.0.0.1") == (reason, True)
    assert complaint.parse(socket.AF_INET, error(kind, code), "10.0.0.2") == (reason, False)


@pytest.mark.parametrize(
    "data", [error(3, 4), error(3, 3, LOCAL), error(3, 3, ICMP6), b"", OWN[:15]]
)
def test_what_says_nothing_of_a_door(data: bytes) -> None:
    assert complaint.parse(socket.AF_INET, data, "10.0.0.1") is None


def test_only_the_machine_itself_knows_that_nobody_is_there() -> None:
    said = Complaint("10.0.0.1", 53, Reason.PORT_UNREACHABLE, itself=True, ttl=64)
    assert said.of_datagram() is Answer.CLOSED
    assert said._replace(itself=False).of_datagram() is Answer.FILTERED
    assert said._replace(reason=Reason.ADMIN_PROHIBITED).of_datagram() is Answer.FILTERED


@given(st.sampled_from([socket.AF_INET, socket.AF_INET6]), st.binary(max_size=60))
def test_whatever_stands_in_the_queue_is_read(family: int, data: bytes) -> None:
    found = complaint.parse(family, data, "10.0.0.1")
    assert found is None or found[0] in Reason
    assert 0 <= complaint.hops(family, [(family, 2, data), (0, 2, data), (41, 52, data)]) <= 255
