import errno
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import netlink
from tojimari.linux.netlink import (
    HEADER,
    NETLINK_ROUTE,
    NETLINK_SOCK_DIAG,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSG_OVERRUN,
    Frame,
    NetlinkError,
    NetlinkSocket,
)

GETADDR = 22  # RTM_GETADDR
GETLINK = 18  # RTM_GETLINK
LINKS = bytes(16)  # struct ifinfomsg
DATA = 20


def message(kind: int, body: bytes = b"", *, flags: int = 0, sequence: int = 1) -> bytes:
    padded = body + bytes(-len(body) % 4)
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + padded


def code(number: int) -> bytes:
    return struct.pack("=i", number)


class Scripted:
    """A socket that says what it was told to say."""

    def __init__(self, *datagrams: bytes, sender: int = 0) -> None:
        self.datagrams = list(datagrams)
        self.sent: list[bytes] = []
        self.sender = sender

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def recvfrom_into(self, view: memoryview, size: int, flags: int) -> tuple[int, tuple[int, int]]:
        del size, flags
        if not self.datagrams:
            raise BlockingIOError
        datagram = self.datagrams.pop(0)
        fitting = datagram[: len(view)]
        view[: len(fitting)] = fitting
        return len(datagram), (self.sender, 0)

    def close(self) -> None:
        pass


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., NetlinkSocket]:
    def make(*datagrams: bytes, sender: int = 0) -> NetlinkSocket:
        conversation = NetlinkSocket(NETLINK_ROUTE)
        conversation.close()
        monkeypatch.setattr(conversation, "_socket", Scripted(*datagrams, sender=sender))
        return conversation

    return make


def test_the_kernel_answers_with_whole_messages() -> None:
    with NetlinkSocket(NETLINK_ROUTE) as conversation:
        dump = conversation.dump(GETLINK, LINKS)
    found = [kind for datagram in dump.datagrams for kind, _ in netlink.messages(datagram)]
    assert found[0] == 16  # RTM_NEWLINK
    assert not dump.interrupted


def test_a_refusal_of_the_kernel_has_its_number() -> None:
    with NetlinkSocket(NETLINK_SOCK_DIAG) as conversation, pytest.raises(FileNotFoundError):
        conversation.dump(20, bytes([2, 250]) + bytes(54))  # protocol 250 is nobody's


def test_equal_questions_have_equal_answers_when_steady() -> None:
    with NetlinkSocket(NETLINK_ROUTE, steady=True) as conversation:
        # Addresses, since an interface's own message counts the packets of the other tests.
        first = conversation.dump(GETADDR, bytes(8))
        second = conversation.dump(GETADDR, bytes(8))
    assert first.datagrams == second.datagrams


def test_the_closing_message_may_share_a_datagram(
    scripted: Callable[..., NetlinkSocket],
) -> None:
    dump = scripted(message(DATA, b"abcd") + message(NLMSG_DONE, code(0))).dump(DATA, b"")
    assert [bytes(body) for part in dump.datagrams for _, body in netlink.messages(part)] == [
        b"abcd"
    ]


def test_an_answer_to_an_older_question_is_passed_over(
    scripted: Callable[..., NetlinkSocket],
) -> None:
    dump = scripted(message(DATA, b"old!", sequence=7), message(NLMSG_DONE)).dump(DATA, b"")
    assert dump.datagrams == []


def test_what_others_send_is_passed_over(scripted: Callable[..., NetlinkSocket]) -> None:
    with pytest.raises(TimeoutError):
        scripted(message(NLMSG_DONE), sender=1234).dump(DATA, b"")


def test_a_kernel_that_says_nothing_is_waited_for_in_vain(
    scripted: Callable[..., NetlinkSocket],
) -> None:
    with pytest.raises(TimeoutError):
        scripted().dump(DATA, b"")


def test_a_table_that_changed_is_read_again(scripted: Callable[..., NetlinkSocket]) -> None:
    changed = message(DATA, b"1st.", flags=NLM_F_DUMP_INTR) + message(NLMSG_DONE)
    again = message(DATA, b"2nd.", sequence=2) + message(NLMSG_DONE, sequence=2)
    dump = scripted(changed, again).dump(DATA, b"")
    assert not dump.interrupted
    assert b"2nd." in dump.datagrams[0]


def test_a_table_that_never_stops_changing_is_taken_as_it_is(
    scripted: Callable[..., NetlinkSocket],
) -> None:
    answers = [
        message(DATA, b"data", sequence=number)
        + message(NLMSG_DONE, flags=NLM_F_DUMP_INTR, sequence=number)
        for number in range(1, 5)
    ]
    dump = scripted(*answers).dump(DATA, b"")
    assert dump.interrupted
    assert len(dump.datagrams) == 1


def test_a_refusal_in_the_closing_message_is_raised(
    scripted: Callable[..., NetlinkSocket],
) -> None:
    with pytest.raises(PermissionError):
        scripted(message(NLMSG_DONE, code(-errno.EACCES))).dump(DATA, b"")


def test_an_answer_that_was_cut_off_is_an_error(scripted: Callable[..., NetlinkSocket]) -> None:
    with pytest.raises(NetlinkError, match="cut off"):
        scripted(bytes(netlink.BUFFER + 1)).dump(DATA, b"")


def test_an_answer_without_end_is_an_error(
    scripted: Callable[..., NetlinkSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netlink, "MAX_DUMP", 100)
    with pytest.raises(NetlinkError, match="does not end"):
        scripted(*[message(DATA, bytes(40))] * 3).dump(DATA, b"")


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"short", "shorter than its header"),
        (message(DATA, b"abcd")[:-2], "impossible length"),
        (HEADER.pack(3, DATA, 0, 1, 0), "impossible length"),
        (message(DATA) + b"tail", "shorter than its header"),
        (message(NLMSG_OVERRUN), "lost"),
    ],
)
def test_a_broken_datagram_is_an_error(
    scripted: Callable[..., NetlinkSocket], datagram: bytes, reason: str
) -> None:
    with pytest.raises(NetlinkError, match=reason):
        scripted(datagram).dump(DATA, b"")


def test_an_error_message_is_raised() -> None:
    with pytest.raises(FileNotFoundError):
        netlink.frame(message(NLMSG_ERROR, code(-errno.ENOENT) + bytes(16)))


def test_an_acknowledgement_is_the_end() -> None:
    datagram = message(DATA, b"abcd") + message(NLMSG_ERROR, code(0) + bytes(16))
    assert netlink.frame(datagram) == Frame(20, done=True, interrupted=False)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_framing(datagram: bytes) -> None:
    try:
        part = netlink.frame(datagram)
    except (NetlinkError, OSError):
        return
    assert 0 <= part.end <= len(datagram)
    assert sum(1 for _ in netlink.messages(datagram[: part.end])) <= len(datagram) // HEADER.size


@given(st.binary(max_size=200), st.integers(0, 40))
def test_no_bytes_crash_the_attributes(body: bytes, start: int) -> None:
    try:
        found = netlink.attributes(body, start)
    except NetlinkError:
        return
    assert all(len(payload) <= len(body) for payload in found.values())


@given(st.dictionaries(st.integers(1, 100), st.binary(max_size=50), max_size=10))
def test_attributes_come_back_as_they_were(wanted: dict[int, bytes]) -> None:
    body = b"head" + b"".join(netlink.attribute(*item) for item in wanted.items())
    assert {kind: bytes(one) for kind, one in netlink.attributes(body, 4).items()} == wanted


def test_the_flag_of_nesting_is_taken_from_the_type() -> None:
    assert netlink.attributes(netlink.attribute(0x8000 | 18, b"")) == {18: b""}


@pytest.mark.parametrize("length", [0, 3, 9])
def test_an_attribute_longer_than_its_place_is_an_error(length: int) -> None:
    with pytest.raises(NetlinkError, match="attribute"):
        netlink.attributes(struct.pack("=HH", length, 1) + bytes(4))
