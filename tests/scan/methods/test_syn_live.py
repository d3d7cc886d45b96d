"""Frames that the kernel makes, through the real kernel."""

import ipaddress
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

import yard
from simulated import Listener
from tojimari.core.endpoint import Transport
from tojimari.linux import rtnetlink
from tojimari.linux.copied_frames import CopiedFrames
from tojimari.linux.live_frames import left
from tojimari.scan import bulk, bulk_live
from tojimari.scan.methods.syn_live import LEAST, METHOD
from tojimari.scan.permutation import Permutation
from tojimari.scan.task import (
    Answer,
    Answers,
    Ended,
    Ending,
    Limits,
    Progress,
    Space,
    Task,
    Way,
)
from yard import CABLE, OURS, THEIRS, Yard, run

# A virtual cable takes such frames once its other end collects packets before it hands them on:
# ETHTOOL_SGRO (linux/ethtool.h) by SIOCETHTOOL (linux/sockios.h).
_COLLECT = """
import ctypes, fcntl, socket, struct, sys
wish = ctypes.create_string_buffer(struct.pack("=II", 0x2C, 1))
request = struct.pack("@16sP16x", sys.argv[1].encode(), ctypes.addressof(wish))
fcntl.ioctl(socket.socket(), 0x8946, request)
print("ready", flush=True)
"""


@pytest.fixture
def town(root: None) -> Generator[Yard]:
    """A far machine that takes every address of a network for its own."""
    del root
    with yard.yard() as made:
        made.run("ip", "route", "add", "local", "10.98.0.0/16", "dev", "lo")
        run("ip", "route", "add", "10.98.0.0/16", "via", THEIRS)
        made.listen(80, 8080)
        yield made


def task(network: str = "10.98.0.0/21", ports: tuple[int, ...] = (79, 80, 8080)) -> Task:
    found = next(one for one in rtnetlink.links() if one.interface.name == CABLE)
    source, gateway = (int(ipaddress.ip_address(one)) for one in (OURS, THEIRS))
    way = Way(CABLE, found.interface.index, "ethernet", source, 1500, found.hardware, gateway)
    addresses = ipaddress.IPv4Network(network)
    space = Space(4, ((int(addresses[0]), int(addresses[-1])),), ports)
    return Task(Transport.TCP, space, way, 7, 0, space.size, Limits(rate=LEAST))


def scan(asked: Task) -> tuple[Ending, Listener]:
    assert METHOD.obstacle(asked) is None
    listener = Listener()
    return METHOD.run(asked, listener), listener


def namespaces() -> int:
    """How many network namespaces this process holds open."""
    return sum(
        str(one.readlink()).startswith("net:")
        for one in Path("/proc/self/fd").iterdir()
        if one.is_symlink()
    )


def test_every_host_is_asked_by_frames_of_the_kernel(
    town: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.serve(_COLLECT, CABLE)
    monkeypatch.setattr(bulk, "STRETCH", 1 << 12)  # two stretches
    asked = task()
    before, held = left(CABLE), namespaces()
    ending, told = scan(asked)
    assert (ending.why, ending.remarks) == (Ended.SURE, ())
    assert left(CABLE) - before >= ending.progress.sent
    assert namespaces() == held
    assert len(told.found) == asked.space.size
    opens = {asked.space.door(place)[1] for place in told.places(Answer.OPEN)}
    assert opens == {80, 8080}
    assert len(told.places(Answer.OPEN)) == 2 * 2048
    assert len(told.places(Answer.CLOSED)) == 2048
    known = [one for one in told.trips if one == one]  # noqa: PLR0124 - a number
    assert known
    assert all(0 <= one < 5 for one in known)


class Refused:
    """What the kernel does not do."""

    def __init__(self, *given: object) -> None:
        del given
        raise PermissionError(1, "Operation not permitted")


def test_a_device_that_does_not_take_them_is_sent_copies(
    town: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    del town
    sent: list[int] = []
    run_of = CopiedFrames.run

    def counted(frames: CopiedFrames, count: int) -> None:
        sent.append(count)
        run_of(frames, count)

    monkeypatch.setattr(CopiedFrames, "run", counted)
    asked = task()
    ending, told = scan(asked)
    assert (ending.why, ending.remarks) == (Ended.SURE, ())
    assert sum(sent) >= asked.space.size
    assert len(told.places(Answer.OPEN)) == 2 * 2048
    assert len(told.places(Answer.CLOSED)) == 2048


class Placed(Listener):
    """Holds that every door before the position has been told: --resume begins there."""

    def __init__(self, asked: Task, stop_after: int) -> None:
        super().__init__(lambda: len(self.found) >= stop_after)
        size = asked.space.size
        places = Permutation(size, asked.seed).stretch(0, size)
        self._index = {place: at for at, place in enumerate(places)}
        self._told = bytearray(size)

    def answers(self, answers: Answers) -> None:
        super().answers(answers)
        for place in answers.places:
            self._told[self._index[place]] = 1

    def progress(self, progress: Progress) -> None:
        super().progress(progress)
        assert all(self._told[: progress.position])


@pytest.mark.parametrize("stop_after", [9000, 3000])
def test_what_is_not_told_is_never_passed_over(
    town: Yard, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    town.run("ip", "route", "add", "blackhole", "10.98.4.0/22")
    monkeypatch.setattr(bulk, "STRETCH", 1 << 10)
    asked = task()
    told = Placed(asked, stop_after)
    ending = METHOD.run(asked, told)
    positions = [one.position for one in told.reports]
    assert positions == sorted(positions)
    assert len(set(positions)) > 2
    if stop_after > asked.space.size:
        assert (ending.why, ending.progress.position) == (Ended.SURE, asked.space.size)
        assert ending.progress.settled == len(told.found) == asked.space.size
    else:
        assert ending.why is Ended.STOPPED
        assert ending.progress.position < asked.space.size


def test_a_full_device_is_waited_for(town: Yard) -> None:
    del town
    limits = "rate 30mbit burst 16kb limit 32kb"
    run("tc", "qdisc", "add", "dev", CABLE, "root", "tbf", *limits.split())
    ending, told = scan(task())
    assert ending.remarks == ()
    assert len(told.places(Answer.OPEN)) == 2 * 2048
    assert len(told.places(Answer.CLOSED)) == 2048
    # What found no room was sent a moment later, and is not missed until the next pass.
    assert sum(tries == 1 for _, _, tries in told.found.values()) > 0.9 * len(told.found)


def test_where_no_copies_are_made_calls_send(town: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    del town
    monkeypatch.setattr(bulk_live, "CopiedFrames", Refused)
    asked = task("10.98.0.0/24")
    ending, told = scan(asked)
    assert ending.why is Ended.SURE
    assert [one.code for one in ending.remarks] == ["not-taken"]
    assert len(told.places(Answer.OPEN)) == 2 * 256


def test_where_the_kernel_makes_none_they_are_sent_by_calls(
    town: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    del town
    monkeypatch.setattr(bulk, "Live", Refused)
    ending, told = scan(task("10.98.0.0/24"))
    assert [one.code for one in ending.remarks] == ["not-live"]
    assert len(told.places(Answer.OPEN)) == 2 * 256


def test_it_sends_no_more_than_it_is_told_to(town: Yard) -> None:
    town.serve(_COLLECT, CABLE)
    asked = replace(task(), limits=Limits(rate=LEAST, retries=0, seconds=30))
    before = left(CABLE)
    ending, _ = scan(asked)
    resets = 2 * 2048  # the kernel's own, for the doors that opened
    assert left(CABLE) - before <= ending.progress.sent + resets + 100
    assert ending.progress.sent <= asked.space.size


def test_it_is_only_for_those_who_ask_for_such_a_rate(root: None) -> None:
    del root
    space = Space(4, ((1, 1000),), (80,))
    path = Way("eth0", 2, "ethernet", 1, 1500, gateway=9)
    for limits, way, code in (
        (Limits(), path, "slow"),
        (Limits(rate=LEAST - 1), path, "slow"),
        (Limits(rate=LEAST), replace(path, gateway=None), "no-gateway"),
    ):
        said = METHOD.obstacle(Task(Transport.TCP, space, way, 1, 0, 1000, limits))
        assert said is not None
        assert said.code == code
