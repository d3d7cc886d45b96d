"""From the words of a person to tasks."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

import yard
from tojimari.app import scan_plan
from tojimari.app.scan_plan import Wish
from tojimari.core import catalog
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, RefusedError, UsageError
from tojimari.core.message import Message
from tojimari.scan.intervals import shown
from tojimari.scan.methods.connect import METHOD
from tojimari.scan.plan import Plan
from tojimari.scan.task import Limits, Method, Task
from yard import OURS, THEIRS, THEIRS_V6, Yard, run

SSH = Wish(ports="22")


@pytest.fixture
def far(root: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Yard]:
    del root
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with yard.yard() as made:
        yield made


def planned(*targets: str, wish: Wish = SSH) -> Plan:
    return scan_plan.plan(replace(wish, targets=targets), resolve=nobody)


def nobody(name: str) -> list[str]:
    raise OSError(name)


def addresses(plan: Plan) -> set[str]:
    return {
        shown(part.task.space.family, number)
        for part in plan.parts
        for first, last in part.task.space.addresses
        for number in range(first, last + 1)
    }


@pytest.mark.usefixtures("far")
class TestTargets:
    def test_our_own_addresses_and_a_neighbour_s_are_apart(self) -> None:
        plan = planned("10.99.0.0/30")
        assert {part.own: part.task.way.link for part in plan.parts} == {
            True: "loopback",
            False: "ethernet",
        }
        assert addresses(plan) == {"10.99.0.0", OURS, THEIRS, "10.99.0.3"}
        assert (plan.hosts, plan.doors) == (4, 4)

    def test_without_a_target_it_is_this_machine_and_every_number(self) -> None:
        plan = scan_plan.plan(Wish())
        assert {OURS, "127.0.0.1", "::1"} <= addresses(plan)
        assert all(part.own and len(part.task.space.ports) == 65535 for part in plan.parts)

    def test_of_another_it_is_the_usual_numbers(self) -> None:
        plan = planned(THEIRS, wish=Wish())
        assert len(plan.parts[0].task.space.ports) == 1000
        assert plan.usual

    def test_the_excluded_cannot_be_met(self) -> None:
        plan = planned(
            "10.99.0.0/29", wish=replace(SSH, excluded=(f"{OURS},10.99.0.3", "10.99.0.6-7"))
        )
        assert addresses(plan) == {"10.99.0.0", THEIRS, "10.99.0.4", "10.99.0.5"}

    def test_a_name_is_all_of_its_addresses(self) -> None:
        found = {"there": [THEIRS, THEIRS_V6]}
        plan = scan_plan.plan(replace(SSH, targets=("there",)), resolve=found.__getitem__)
        assert addresses(plan) == {THEIRS, THEIRS_V6}
        assert set(plan.names.values()) == {"there"}

    def test_only_one_family_may_be_wanted(self) -> None:
        found = {"there": [THEIRS, THEIRS_V6]}
        wish = replace(SSH, targets=("there",), versions=(6,))
        assert addresses(scan_plan.plan(wish, resolve=found.__getitem__)) == {THEIRS_V6}

    def test_a_name_that_nobody_has_is_said(self) -> None:
        with pytest.raises(UsageError, match="no machine of this name: nowhere"):
            scan_plan.plan(replace(SSH, targets=("nowhere",)), resolve=nobody)

    def test_the_broadcast_address_is_left_out_and_said(self) -> None:
        plan = planned("10.99.0.254-255")
        assert addresses(plan) == {"10.99.0.254"}
        assert [one.code for one in plan.remarks] == ["broadcast"]

    def test_where_no_way_leads_is_left_out_and_said(self) -> None:
        plan = planned(THEIRS, "198.51.100.1")
        assert addresses(plan) == {THEIRS}
        assert [one.code for one in plan.remarks] == ["no-way"]

    def test_nothing_left_is_refused(self) -> None:
        with pytest.raises(RefusedError, match="no machine left"):
            planned("198.51.100.1")

    def test_public_networks_are_refused_and_the_file_allows_them(self, tmp_path: Path) -> None:
        run("ip", "route", "add", "8.8.8.0/24", "via", THEIRS)
        with pytest.raises(RefusedError, match=r"256 public addresses, such as 8\.8\.8\.0"):
            planned("8.8.8.0/24")
        assert planned("8.8.8.0/24", wish=replace(SSH, may_scan=True)).doors == 256
        (tmp_path / "tojimari").mkdir()
        (tmp_path / "tojimari" / "scan.toml").write_text('may-scan = ["8.8.8.0/24"]\n')
        assert planned("8.8.8.0/24").doors == 256

    def test_more_doors_than_places_are_refused(self) -> None:
        run("ip", "route", "add", "2001:db8::/32", "via", THEIRS_V6)
        with pytest.raises(RefusedError, match="more doors"):
            planned("2001:db8::/32", wish=Wish(ports="-"))


@pytest.mark.usefixtures("far")
class TestTasks:
    def test_beyond_the_link_the_rate_is_bounded(self) -> None:
        run("ip", "route", "add", "192.0.2.0/24", "via", THEIRS)
        assert planned("192.0.2.7").parts[0].task.limits.rate == 10_000
        assert planned(THEIRS).parts[0].task.limits.rate is None
        wish = replace(SSH, limits=Limits(rate=7))
        assert planned("192.0.2.7", wish=wish).parts[0].task.limits.rate == 7

    def test_shares_join_to_the_whole(self) -> None:
        shares = [
            planned(
                "10.99.0.0/28", wish=Wish(ports="1-10", seed=1, share=(number, 3), excluded=(OURS,))
            )
            for number in (1, 2, 3)
        ]
        stretches = [(plan.parts[0].task.first, plan.parts[0].task.end) for plan in shares]
        assert stretches == [(0, 50), (50, 100), (100, 150)]

    def test_a_seed_is_drawn_anew_each_time(self) -> None:
        assert len({planned(THEIRS).parts[0].task.seed for _ in range(5)}) == 5

    def test_both_transports_are_tasks_of_their_own(self) -> None:
        wish = replace(SSH, ports="T:22,U:53", method="connect")
        plan = planned(THEIRS, wish=wish)
        assert [part.task.transport for part in plan.parts] == [Transport.TCP, Transport.UDP]

    def test_udp_says_what_its_protocols_say(self) -> None:
        task = planned(THEIRS, wish=Wish(ports="53,9999")).parts[0].task
        payloads = scan_plan.payloads(task.space, task.way)
        assert payloads.keys() == {53}
        assert len(payloads[53][0]) >= 12  # a DNS message has at least its header


class TestMethods:
    @pytest.mark.usefixtures("far")
    def test_the_best_that_can_be_used_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        why = Message("no-right", "it needs a right")

        def refuses(task: Task) -> Message:
            del task
            return why

        def three(*given: object) -> tuple[Method, ...]:
            del given
            return METHOD, later, never

        never = replace(METHOD, name="never", rank=1, obstacle=refuses)
        later = replace(METHOD, name="later", rank=99)
        monkeypatch.setattr(catalog, "entries", three)
        (part,) = planned(THEIRS).parts
        assert (part.method.name, part.passed) == ("connect", (("never", why),))
        with pytest.raises(HostError, match="needs a right"):
            planned(THEIRS, wish=replace(SSH, method="never"))
        assert planned(THEIRS, wish=replace(SSH, method="later")).parts[0].method is later

    @pytest.mark.usefixtures("far")
    def test_what_pays_only_for_many_doors_is_taken_for_few_by_name_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heavy = replace(METHOD, name="heavy", rank=1, least=100)

        def two(*given: object) -> tuple[Method, ...]:
            del given
            return METHOD, heavy

        def taken(ports: str, method: str = "") -> tuple[str, int]:
            (part,) = planned(THEIRS, wish=Wish(ports=ports, method=method)).parts
            return part.method.name, len(part.passed)

        monkeypatch.setattr(catalog, "entries", two)
        assert taken("1-99") == ("connect", 0)
        assert taken("1-100") == ("heavy", 0)
        assert taken("1-99", "heavy") == ("heavy", 0)

    @pytest.mark.usefixtures("far")
    def test_a_method_that_there_is_not(self) -> None:
        with pytest.raises(UsageError, match="no method of this name: magic"):
            planned(THEIRS, wish=replace(SSH, method="magic"))


def test_one_of_two_ways_to_name_numbers(network: None) -> None:
    del network
    with pytest.raises(UsageError, match="not both"):
        scan_plan.plan(Wish(ports="22", top=5))
