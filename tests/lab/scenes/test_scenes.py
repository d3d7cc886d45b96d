"""What holds for every scene, met as it is: booted, knocked at, and looked into."""

import shlex
import subprocess

import pytest

from streets import Streets, ask, every_scene, inside, knock, tcp_doors
from tojimari.lab import launch, scene
from tojimari.lab.launch import Street
from tojimari.lab.scene import Scene


@pytest.fixture(scope="session", params=every_scene(), ids=lambda plan: plan.name)
def street(streets: Streets, request: pytest.FixtureRequest) -> Street:
    """Every scene's street in turn; pytest runs all tests of one before the next."""
    plan: Scene = request.param
    return streets.up(plan.name)


def test_every_house_is_up_with_all_its_doors(street: Street) -> None:
    incomplete = {
        name: (event.failed, event.missing)
        for name, event in street.events.items()
        if event.failed or event.missing
    }
    assert not incomplete
    assert set(street.events) == {house.name for house in street.plan.houses}


def test_systemd_says_that_the_units_are_active(street: Street) -> None:
    for house in street.plan.houses:
        if house.units:
            states = inside(street, house.name, "systemctl", "is-active", *house.units)
            assert set(states.split()) == {"active"}, house.name


def test_a_visitor_can_knock_at_every_tcp_door(street: Street) -> None:
    answers = knock(street, "visitor", tcp_doors(street.plan))
    assert set(answers.values()) <= {"open"}, answers


def test_doors_for_the_own_house_are_closed_to_visitors(street: Street) -> None:
    answers = knock(street, "visitor", tcp_doors(street.plan, loopback=True))
    assert "open" not in answers.values()


def test_the_kernel_of_each_house_has_the_doors_open(street: Street) -> None:
    for house in street.plan.houses:
        assert launch.open_doors(street, house) == list(house.services)


def test_houses_see_their_neighbours_by_name_in_both_families(street: Street) -> None:
    for house in street.plan.houses:
        if house.ipv4 is not None and house.name != "silent":
            for family in ("-4", "-6"):
                inside(street, "visitor", "ping", family, "-c", "1", "-W", "5", house.name)


def test_nobody_outside_can_be_reached(street: Street) -> None:
    # 192.88.99.0/24 and 100::/64 lead nowhere anywhere (RFC 7526, RFC 6666).
    answers = knock(street, "visitor", [("192.88.99.1", 80), ("100::1", 80)])
    assert set(answers.values()) == {"OSError"}  # the router: network unreachable


def test_every_line_that_the_scene_suggests_works(street: Street) -> None:
    assert len(street.plan.tries) == 3
    for line, _ in street.plan.tries:
        words = shlex.split(line)
        assert words[:4] == ["sudo", "tojimari", "lab", "run"]
        done = subprocess.run(
            street.line(words[4], words[5:]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode in {0, 1}, (line, done.stderr)
        assert done.stdout + done.stderr or "192.0.2.11" in line, line  # which is silent


# Protocols in which daemons name their version before any authentication, and what is asked first.
QUESTION = {"ftp": "", "ssh": "", "mysql": "", "nats": "", "http": "GET / HTTP/1.0\r\n\r\n"}
IN_A_PAGE_OF_ITS_OWN = {"etcd", "jupyter-notebook", "prometheus"}  # not in the answer to GET /


def test_a_daemon_that_tells_its_version_tells_that_of_its_package(street: Street) -> None:
    telling = [
        (house, service)
        for house, service in street.plan.doors()
        if service.tells_version and not service.tls and service.package is not None
        if service.protocol in QUESTION and service.daemon not in IN_A_PAGE_OF_ITS_OWN
    ]
    doors = [(house.name, each.port, QUESTION[each.protocol]) for house, each in telling]
    for (house, each), told in zip(telling, ask(street, "visitor", doors), strict=True):
        query = ("dpkg-query", "-W", "-f", "${Version}", str(each.package))
        assert scene.upstream(inside(street, house.name, *query)) in told, each


def test_the_newcomer_gets_its_address_from_the_office(streets: Streets) -> None:
    street = streets.up("town")
    # The lease comes some moments after the houses stand; a busy machine takes a little longer.
    show = "ip -4 -brief address show eth0"
    wait = f"timeout 20 sh -c 'until {show} | grep -q 192; do sleep 0.1; done'"
    shown = inside(street, "newcomer", "sh", "-c", f"{wait}; {show}")
    assert "192.0.2.1" in shown
    lease = inside(street, "office", "cat", "/run/dnsmasq.leases")
    assert "newcomer" in lease


def test_tojimari_is_in_the_house_and_cannot_be_changed_from_there(streets: Streets) -> None:
    street = streets.up("town")
    assert inside(street, "web", "tojimari", "--version").startswith("tojimari ")
    attempt = street.line("web", ["touch", "/opt/tojimari/code/tojimari/x"])
    done = subprocess.run(attempt, capture_output=True, text=True, check=False)
    assert "Read-only file system" in done.stderr


def test_the_printer_keeps_what_is_written_to_it(streets: Streets) -> None:
    street = streets.up("moved")
    inside(street, "visitor", "sh", "-c", "echo paper | nc -N 192.0.2.54 9100")
    assert inside(street, "riddles", "cat", "/run/printer/paper") == "paper\n"
    inside(street, "riddles", "rm", "/run/printer/paper")


def test_at_least_forty_five_real_daemons_are_met() -> None:
    real = {
        service.daemon
        for plan in every_scene()
        for _, service in plan.doors()
        if not service.imitation
    }
    assert len(real) >= 45


@pytest.mark.parametrize("plan", every_scene(), ids=lambda plan: plan.name)
def test_a_scene_is_consistent_with_itself(plan: Scene) -> None:
    names = [house.name for house in plan.houses]
    assert len(set(names)) == len(names) >= 2
    numbers = [(house.segment, house.number) for house in plan.houses if house.number is not None]
    assert len(set(numbers)) == len(numbers)
    annexes = {name for name, _ in plan.annexes}
    assert {house.annex for house in plan.houses if house.annex is not None} <= annexes
    for house in plan.houses:
        doors = [(service.transport, service.port) for service in house.services]
        assert len(set(doors)) == len(doors)
    for _, service in plan.doors():
        assert (service.package is None) is service.imitation, service
