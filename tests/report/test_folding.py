from dataclasses import replace

import pytest

from house import HOUSE, MASTER, SSHD, UDP, WORKER, door, doors
from tojimari.core.socket import Listener
from tojimari.report.folding import Fold, folded
from tojimari.report.language import Language


def folds(*listeners: Listener) -> list[Fold]:
    return folded(doors(replace(HOUSE, listeners=listeners)))


@pytest.mark.parametrize(
    ("listeners", "address"),
    [
        ([door("0.0.0.0", 22, SSHD)], "any IPv4"),
        ([door("::", 22, SSHD, v6only=True)], "any IPv6"),
        ([door("::", 22, SSHD)], "any IPv6"),
        ([door("::", 22, SSHD, v6only=False)], "any"),
        ([door("0.0.0.0", 22, SSHD), door("::", 22, SSHD, v6only=True)], "any"),
        ([door("127.0.0.1", 22, SSHD), door("::1", 22, SSHD)], "127.0.0.1 ::1"),
        ([door(f"10.0.0.{n}", 22, SSHD) for n in range(1, 6)], "10.0.0.1 10.0.0.2 10.0.0.3 +2"),
        ([door("0.0.0.0", 22, SSHD), door("10.0.0.1", 22, SSHD)], "any IPv4 10.0.0.1"),
    ],
)
def test_addresses_are_said_in_words(listeners: list[Listener], address: str) -> None:
    (fold,) = folds(*listeners)
    assert fold.address(Language.ENGLISH) == address


@pytest.mark.parametrize(
    "other",
    [
        door("::", 23, SSHD),
        door("::", 22, SSHD, transport=UDP),
        door("::", 22, MASTER),
        door("::", 22),
        door("::", 22, SSHD, interface="eth0"),
        door("::", 22, SSHD, netns=HOUSE.namespaces[1].inode),
    ],
)
def test_doors_that_differ_in_more_stay_apart(other: Listener) -> None:
    assert len(folds(door("0.0.0.0", 22, SSHD), other)) == 2


def test_sockets_and_visitors_of_a_fold_are_counted() -> None:
    (fold,) = folds(
        door("0.0.0.0", 80, MASTER, WORKER, inodes=(1, 2), queued=3),
        door("::", 80, MASTER, WORKER, inodes=(3, 4, 5), queued=1),
    )
    assert (fold.sockets, fold.queued) == (3, 4)


def test_a_door_that_no_kernel_holds_has_no_sockets() -> None:
    fold = Fold([replace(doors()[0], listener=None)])
    assert (fold.sockets, fold.queued) == (0, 0)
