import os
import select
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import nftables
from tojimari.linux.netlink import HEADER, attribute
from tojimari.linux.nftables import NFPROTO_INET, Transaction, Transactions

TABLE = """table inet watched {
    set closed { type inet_proto . inet_service; flags timeout; }
    chain doors { type filter hook prerouting priority -150; tcp dport 1 drop; }
}
"""


def nft(script: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)


def heard(told: Transactions) -> list[Transaction]:
    waiting = select.poll()
    waiting.register(told.descriptor, select.POLLIN)
    assert waiting.poll(20_000), "nothing was told"
    return told.read()


@pytest.mark.usefixtures("root")
def test_a_transaction_of_a_hundred_rules_is_told_once_and_by_whom() -> None:
    told = Transactions()
    try:
        nft(TABLE + "add rule inet watched doors tcp dport 2 drop\n" * 100)
        (one,) = heard(told)
        assert one.name == "nft"
        assert one.pid not in {0, os.getpid()}
        nft("flush ruleset\n")
        assert len(heard(told)) == 1
        assert told.read() == []
    finally:
        told.close()


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    "change",
    [
        "flush ruleset",
        "delete table inet watched",
        "flush table inet watched",
        "flush set inet watched closed",
        "delete element inet watched closed { tcp . 6379 }",
        "add element inet watched closed { tcp . 80 }",
        "add rule inet watched doors accept",
        "delete table inet watched\n" + TABLE,
    ],
)
def test_whatever_changes_in_the_table_changes_the_impression(change: str) -> None:
    nft(TABLE + "add element inet watched closed { tcp . 6379 }\n")
    before = nftables.impression(NFPROTO_INET, "watched", ["closed"])
    assert before is not None
    nft("add table inet somebody; add chain inet somebody else\n")
    assert nftables.impression(NFPROTO_INET, "watched", ["closed"]) == before
    nft(change + "\n")
    assert nftables.impression(NFPROTO_INET, "watched", ["closed"]) != before
    nft("flush ruleset\n")
    assert nftables.impression(NFPROTO_INET, "watched", ["closed"]) is None


def test_a_transaction_is_read_from_the_bytes_of_the_kernel() -> None:
    body = bytes(4) + attribute(2, (4711).to_bytes(4, "big")) + attribute(3, b"fire\x1bwalld\0")
    datagram = HEADER.pack(16 + len(body), (10 << 8) | 15, 0, 0, 0) + body
    assert nftables.parse(datagram) == [Transaction(4711, "fire\x1bwalld")]


@given(st.binary(max_size=120))
def test_noise_is_no_transaction_and_breaks_nothing(noise: bytes) -> None:
    nftables.parse(noise)
