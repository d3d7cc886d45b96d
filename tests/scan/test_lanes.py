import os
import sys
from queue import SimpleQueue

import pytest

from tojimari.scan.lanes import Lanes


def test_each_lane_sends_what_it_is_given() -> None:
    sent: SimpleQueue[tuple[str, int]] = SimpleQueue()
    before = sys.getswitchinterval()

    def send(box: str, count: int) -> int:
        sent.put((box, count))
        return count

    lanes = Lanes(["a", "b"], send)
    one, two = lanes.take(), lanes.take()
    one.go(3)
    two.go(4)
    again = lanes.take()
    again.go(5)
    lanes.close()
    boxes = [sent.get() for _ in range(3)]
    assert sorted(count for _, count in boxes) == [3, 4, 5]
    assert {one.box, two.box} == {"a", "b"}
    assert sys.getswitchinterval() == before


def test_what_goes_wrong_in_a_lane_is_raised_to_who_takes_it_next() -> None:
    def send(box: str, count: int) -> int:
        raise OSError(101, f"{box} {count}")

    lanes = Lanes(["a"], send)
    lanes.take().go(1)
    with pytest.raises(OSError, match="a 1"):
        lanes.take()
    assert lanes.take().box == "a"
    lanes.close()


def test_each_may_keep_to_a_processor_of_its_own() -> None:
    kept: SimpleQueue[set[int]] = SimpleQueue()
    ours = os.sched_getaffinity(0)

    def send(box: int, count: int) -> int:
        kept.put(os.sched_getaffinity(0))
        return box + count

    lanes = Lanes(list(range(2 * len(ours))), send, spread=True)
    for _ in range(2 * len(ours)):
        lanes.take().go(1)
    lanes.close()
    found = [kept.get() for _ in range(2 * len(ours))]
    assert all(len(one) == 1 for one in found)
    assert os.sched_getaffinity(0) == ours
