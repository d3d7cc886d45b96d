"""A house that lies: no door is called open by what is no answer, and none that is open is lost.

What no kernel stands behind is in ``hostile_house``; it runs in a namespace of its own.
"""

import ipaddress
import resource
import time
from collections.abc import Generator
from pathlib import Path

import pytest

import heard
import hostile_house
import roads
import yard
from hostile_house import ADDRESS, DEVICE, OPEN, OPTIONS, OURS, SHUT
from tojimari.core.endpoint import Transport
from tojimari.scan import kernel_ear, ways
from tojimari.scan.methods import connect, syn, syn_bulk, udp
from tojimari.scan.task import Answer, Limits, Method, Space, Task

DOORS = tuple(range(1001, 1101))
GROWTH = 64 << 10  # KiB more than before: the columns of answers, and a ring
SECONDS = 60  # a scan of a hundred doors under this storm takes a few


@pytest.fixture
def house(root: None) -> Generator[None]:
    del root
    with yard.yard() as far:
        far.serve_here(Path(hostile_house.__file__).read_text(encoding="utf-8"))
        roads.address(DEVICE, OURS)
        yield


def task(address: str, transport: Transport = Transport.TCP) -> Task:
    found = ipaddress.ip_address(address)
    spot = (int(found), int(found))
    (stretch,) = ways.plot({(found.version, ""): (spot,)}).stretches
    space = Space(found.version, (spot,), DOORS)
    return heard.task(space, stretch.way, transport=transport, limits=Limits(seconds=SECONDS))


def scanned(method: Method, asked: Task) -> dict[int, Answer]:
    assert method.obstacle(asked) is None
    told = heard.Heard()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    method.run(asked, told)
    assert time.monotonic() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH
    assert len(told.answers_of) == len(DOORS)
    return {asked.space.door(place)[1]: one[0] for place, one in told.answers_of.items()}


def of(found: dict[int, Answer], answer: Answer) -> set[int]:
    return {door for door, one in found.items() if one is answer}


@pytest.mark.usefixtures("house")
class TestTcp:
    @pytest.mark.parametrize("address", ADDRESS)
    @pytest.mark.parametrize("method", [syn.METHOD, connect.METHOD], ids=lambda one: one.name)
    def test_only_what_is_true_is_told(self, method: Method, address: str) -> None:
        found = scanned(method, task(address))
        assert of(found, Answer.OPEN) == {OPEN, OPTIONS}
        assert of(found, Answer.CLOSED) == {SHUT}
        assert len(of(found, Answer.FILTERED)) == len(DOORS) - 3

    @pytest.mark.parametrize("address", ADDRESS)
    def test_nor_where_no_program_may_be_put_into_the_kernel(
        self, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        def refused(*words: object) -> None:
            del words
            raise PermissionError

        monkeypatch.setattr(kernel_ear.KernelEar, "__init__", refused)
        found = scanned(syn.METHOD, task(address))
        assert of(found, Answer.OPEN) == {OPEN, OPTIONS}
        assert of(found, Answer.CLOSED) == {SHUT}

    def test_nor_among_many(self) -> None:
        found = scanned(syn_bulk.METHOD, task(ADDRESS[0]))
        assert of(found, Answer.OPEN) == {OPEN, OPTIONS}
        assert of(found, Answer.CLOSED) == {SHUT}
        assert len(of(found, Answer.FILTERED)) == len(DOORS) - 3


@pytest.mark.usefixtures("house")
class TestUdp:
    @pytest.mark.parametrize("address", ADDRESS)
    def test_only_what_is_true_is_told(self, address: str) -> None:
        found = scanned(udp.METHOD, task(address, Transport.UDP))
        assert of(found, Answer.OPEN) == {OPEN, OPTIONS}
        assert of(found, Answer.CLOSED) == {SHUT}
        assert len(of(found, Answer.OPEN_OR_FILTERED)) == len(DOORS) - 3
