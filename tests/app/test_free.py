import socket

import pytest

from tojimari.app import free
from tojimari.app.free import FreePort
from tojimari.app.occupancy import Trial
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, UsageError
from tojimari.core.intent import PortRange
from tojimari.linux.sysctl import PortSettings
from tojimari.registry import assignments, defacto, words

USUAL = PortSettings(PortRange(32768, 60999), (), 1024)


def nothing_held(transport: Transport) -> frozenset[int] | None:
    del transport
    return frozenset()


def no_table(transport: Transport) -> frozenset[int] | None:
    del transport
    return None


def opened(port: int, transport: Transport) -> Trial:
    del port, transport
    return Trial.OPENED


def always(outcome: Trial) -> free.Trying:
    def answer(port: int, transport: Transport) -> Trial:
        del port, transport
        return outcome

    return answer


def found(
    near: int | None = None,
    machine: PortSettings = USUAL,
    trial: free.Trying = opened,
    in_use: free.Holding = nothing_held,
) -> FreePort:
    return free.find(near, settings=machine, in_use=in_use, trial=trial)


@pytest.mark.parametrize("near", [None, 1025, 3000, 8080, 40000, 65535])
def test_a_free_number_is_nobodys(near: int | None) -> None:
    port = found(near).port
    assert assignments.given_between(port, port) == frozenset()
    assert defacto.of(port) == ()
    assert words.heads_at(port) == ()
    assert port not in PortRange(32768, 60999)
    assert port >= 1024


def test_the_nearest_is_taken_of_two_equally_near_the_higher() -> None:
    assert found(8080).port == 8079  # of 8080's neighbours the only one that is nobody's
    assert found(8079).port == 8079
    assert {found(61301).port, found(61302).port} == {61301, 61302}


def test_without_a_wish_it_is_a_number_above_those_that_are_handed_out() -> None:
    result = found()
    assert 61000 <= result.port <= 65535
    assert result.near is None


def test_numbers_that_are_handed_out_are_passed_over_but_for_reserved_ones() -> None:
    wide = PortSettings(PortRange(1024, 65535), (PortRange(54000, 54000),), 1024)
    assert found(50000, wide).port == 54000


def test_a_number_for_root_is_given_only_to_who_wishes_for_one() -> None:
    low = found(80)
    assert (low.port, low.needs_root) == (81, True)
    assert found(1024).port >= 1024


def test_where_all_numbers_are_anybodys_none_needs_root() -> None:
    open_to_all = PortSettings(PortRange(32768, 60999), (), 0)
    result = found(80, open_to_all)
    assert (result.port, result.needs_root) == (81, False)


def test_a_number_that_a_socket_holds_is_passed_over() -> None:
    def held(transport: Transport) -> frozenset[int] | None:
        del transport
        return frozenset({8079})

    assert found(8080, in_use=held).port != 8079


def test_a_number_that_does_not_open_is_passed_over() -> None:
    def taken(port: int, transport: Transport) -> Trial:
        del transport
        return Trial.TAKEN if port == 8079 else Trial.OPENED

    assert found(8080, trial=taken).port != 8079


@pytest.mark.parametrize(
    ("outcome", "in_use", "machine", "codes"),
    [
        (Trial.OPENED, nothing_held, USUAL, []),
        (Trial.OPENED, no_table, USUAL, ["no-socket-table"]),
        (Trial.REFUSED, nothing_held, USUAL, ["door-not-tried"]),
        (Trial.UNABLE, nothing_held, USUAL, ["door-unable"]),
        (Trial.OPENED, nothing_held, PortSettings(), ["no-ephemeral-range"]),
        (Trial.OPENED, no_table, PortSettings(), ["no-socket-table", "no-ephemeral-range"]),
    ],
)
def test_what_could_not_be_asked_is_told(
    outcome: Trial, in_use: free.Holding, machine: PortSettings, codes: list[str]
) -> None:
    result = found(8080, machine, always(outcome), in_use)
    assert [one.message.code for one in result.unseen] == codes


def test_a_refused_door_needs_root() -> None:
    assert found(8080, trial=always(Trial.REFUSED)).needs_root


@pytest.mark.parametrize(
    ("outcome", "in_use"), [(Trial.TAKEN, nothing_held), (Trial.UNABLE, no_table)]
)
def test_where_nothing_is_surely_free_it_says_so(outcome: Trial, in_use: free.Holding) -> None:
    with pytest.raises(HostError, match="surely free"):
        found(8080, trial=always(outcome), in_use=in_use)


@pytest.mark.parametrize("near", [0, -1, 65536])
def test_a_wish_that_is_no_port_is_refused(near: int) -> None:
    with pytest.raises(UsageError, match="is no port to be near"):
        found(near)


@pytest.mark.parametrize(
    ("transport", "kind"),
    [(Transport.TCP, socket.SOCK_STREAM), (Transport.UDP, socket.SOCK_DGRAM)],
)
def test_on_a_real_machine_the_door_opens(network: None, transport: Transport, kind: int) -> None:
    del network
    result = free.find(8080, transport)
    with socket.socket(socket.AF_INET, kind) as door:
        door.bind(("127.0.0.1", result.port))
        following = free.find(8080, transport)
    assert result.unseen == ()
    assert following.port != result.port
