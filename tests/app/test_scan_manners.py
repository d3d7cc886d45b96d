"""A scan is a good neighbour: it keeps its pace in each network, and leaves nothing half open."""

import json
import time
from collections.abc import Generator

import pytest

import roads
import yard
from tojimari.app import scan_plan
from tojimari.app.scan import Run
from tojimari.app.scan_plan import Wish
from tojimari.core.endpoint import Transport
from tojimari.scan import pace
from tojimari.scan.task import Limits
from yard import THEIRS, THEIRS_V6, Yard, run

OPEN = tuple(range(2000, 2030))
A_NETWORK = 100.0  # probes a second, here
SECONDS = 2.0


def scan(wish: Wish) -> float:
    """How long it took."""
    began = time.monotonic()
    with Run(scan_plan.plan(wish)) as under_way:
        for _ in under_way:
            pass
    return time.monotonic() - began


@pytest.fixture
def far(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


@pytest.mark.parametrize("method", ["syn", "connect"])
@pytest.mark.parametrize(("listen", "address"), [("0.0.0.0", THEIRS), ("::", THEIRS_V6)])
def test_nothing_is_left_half_open(far: Yard, method: str, listen: str, address: str) -> None:
    """Our kernel, which knows of no connection, resets what an open door offers."""
    far.listen(*OPEN, address=listen)
    scan(Wish(targets=(address,), ports="2000-2100", method=method))
    assert far.run("ss", "-tnH", "state", "syn-recv") == ""
    assert (
        run("ss", "-tnH", "state", "all", "dst", f"[{address}]" if ":" in address else address)
        == ""
    )


@pytest.mark.parametrize("method", ["syn-bulk", "connect", "udp"])
def test_each_network_beyond_the_link_gets_its_share_of_the_pace_and_no_more(
    root: None, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    del root
    monkeypatch.setattr(pace, "NETWORK", A_NETWORK)
    networks = ("10.9.4.0/24", "10.9.5.0/24")
    with roads.crossroads() as there:
        roads.route(roads.LEFT)
        there.run(
            "nft",
            "add chain inet roads first { type filter hook prerouting priority -300; };"
            + "".join(
                f" add rule inet roads first ip daddr {one} counter drop;" for one in networks
            ),
        )
        wish = Wish(
            targets=networks,
            ports="80",
            method="" if method == "udp" else method,
            transports=(Transport.UDP,) if method == "udp" else (),
            discover=False,
            limits=Limits(seconds=SECONDS),
        )
        scan(wish)
        told = json.loads(there.run("nft", "-j", "list", "chain", "inet", "roads", "first"))
        counted = [
            statement["counter"]["packets"]
            for item in told["nftables"]
            for statement in item.get("rule", {}).get("expr", [])
            if "counter" in statement
        ]
    assert len(counted) == 2
    # The kernel itself asks once more after a second for a connection that it makes.
    most = A_NETWORK * SECONDS * (2 if method == "connect" else 1)
    for one in counted:
        assert A_NETWORK * SECONDS * 0.3 < one < most * 1.3


def test_polite_is_a_hundred_a_second(far: Yard) -> None:
    del far
    wish = Wish(targets=(THEIRS,), ports="1-100", limits=Limits(rate=pace.POLITE))
    for method in ("syn", "connect"):
        took = scan(Wish(wish.targets, ports=wish.ports, limits=wish.limits, method=method))
        assert 0.8 < took < 10
