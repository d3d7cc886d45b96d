"""Doors of this very process and of its children, closed in the tests' own network namespace."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tojimari.app import changes, close, closing
from tojimari.app.request import Request
from tojimari.close import nft
from tojimari.core.endpoint import Transport
from tojimari.core.errors import HostError, RefusedError, UsageError
from tojimari.core.plan import Deed, Kind, Target
from tojimari.core.record import State

SERVER = "import socket; one = socket.create_server(('', {port})); print(1, flush=True); input()"


@pytest.fixture
def state(tmp_path: Path, root: None) -> Iterator[Path]:
    """A journal of its own; no rule of ours is left afterwards."""
    yield tmp_path / "state"
    if nft.present() is not None:
        nft.run("delete table inet tojimari\n")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("", 0)) as one:
        yield one


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def closed(state: Path, request: Request) -> close.Done:
    plan, seen = close.plan(request)
    return close.carry_out(request, plan, seen, state=state)


def shut(port: int, **keywords: object) -> Request:
    return Request((f"{port}/tcp",), by="firewall", seconds=0, command="x", **keywords)  # type: ignore[arg-type]


def test_a_door_is_closed_by_the_firewall_and_the_proof_is_kept(
    state: Path, server: socket.socket
) -> None:
    done = closed(state, shut(port_of(server)))
    assert done.record.state is State.CONFIRMED
    codes = [one.code for one in done.record.proof]
    assert codes[0] == "rules-there"
    rules = {"rules-there", "rules-changed", "rules-already"}
    # Where no systemd runs, it is said that nothing closes the door again after a boot.
    assert set(codes) <= {*rules, "not-knocked", "loose", "latched"}
    assert changes.records(state=state) == [done.record]
    undone = changes.undo(state=state)
    assert undone is not None
    assert undone.state is State.UNDONE
    assert nft.present() is None


def test_a_plan_names_who_waits_and_the_ways_smallest_first(server: socket.socket) -> None:
    plan, _ = close.plan(Request((str(port_of(server)),)))
    assert plan.targets == (Target(Transport.TCP, port_of(server)),)
    assert [one.move for one in plan.steps] == ["unit", "config", "firewall", "process"]
    assert {owner.pid for one in plan.doors for owner in one.owners} == {os.getpid()}


def test_the_process_that_closes_is_never_ended(state: Path, server: socket.socket) -> None:
    request = Request((str(port_of(server)),), by="process", seconds=0)
    with pytest.raises(RefusedError):
        closed(state, request)


def test_a_process_of_somebody_else_is_ended_and_the_door_looked_at(state: Path) -> None:
    port = 47001
    child = subprocess.Popen(
        [sys.executable, "-c", SERVER.format(port=port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    done = closed(state, Request((str(port),), by="process", seconds=0))
    child.wait()
    assert next(one.code for one in done.record.proof) == "no-socket"
    child.stdout.close()
    child.stdin.close()


def test_a_second_change_of_a_door_waits_for_the_first(state: Path, server: socket.socket) -> None:
    # Nothing of it needs a timer here but the elements of the firewall, which the kernel ends.
    request = Request((f"{port_of(server)}/tcp",), by="firewall", seconds=3600)
    plan, seen = close.plan(request)

    def untimed(change: str, seconds: int) -> Deed:
        return Deed(Kind.RUN)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(close, "_timer", untimed)
        close.carry_out(request, plan, seen, state=state)
        with pytest.raises(RefusedError, match="waits to be confirmed"):
            closed(state, request)
        assert changes.confirm(state=state).state is State.CONFIRMED


def test_without_a_service_manager_a_shell_that_sleeps_takes_it_back(
    state: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOJIMARI_STATE", str(state))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    request = Request((f"{port_of(server)}/tcp",), by="firewall", seconds=1)
    done = closed(state, request)
    assert "sleep 1" in done.record.deeds[0].typed
    follow = f"until grep -q undone {state}/journal/{done.record.id}.json; do :; done"
    subprocess.run(["sh", "-c", follow], check=True, timeout=60)
    assert nft.present() is None


def test_a_door_that_is_still_open_undoes_everything(state: Path, server: socket.socket) -> None:
    request = shut(port_of(server))
    plan, seen = close.plan(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nft, "present", lambda: None)
        with pytest.raises(HostError, match="gone again"):
            close.carry_out(request, plan, seen, state=state)
    (record,) = changes.records(state=state)
    assert record.state is State.UNDONE


def test_only_some_are_kept_out_or_let_in(state: Path, server: socket.socket) -> None:
    done = closed(state, shut(port_of(server), sources=("198.51.100.0/24",)))
    (deed,) = done.record.deeds
    assert [one.set for one in deed.elements] == ["closed4"]
    changes.undo(state=state)
    done = closed(state, shut(port_of(server), allowed=("this-machine", "2001:db8::/32")))
    assert {one.set for one in done.record.deeds[0].elements} == {"allowed4", "allowed6", "closed"}


def test_sessions_are_ended_where_that_is_asked_for(state: Path, server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as client, server.accept()[0]:
        request = shut(port_of(server), end_sessions=True)
        plan, seen = close.plan(request)
        # This very process holds both ends, so it is its own session that would be cut.
        assert [one.code for one in plan.danger] == ["session-cut", "login-cut"]
        done = close.carry_out(request, plan, seen, even_if_locked_out=True, state=state)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert done.record.state is State.CONFIRMED


@pytest.mark.usefixtures("root")
def test_what_makes_no_sense_is_said_before_anything_is_done(server: socket.socket) -> None:
    for request in (
        Request(("ssh",)),
        Request((str(port_of(server)),), by="magic"),
        Request((str(port_of(server)),), sources=("nowhere",)),
        Request((str(port_of(server)),), by="config", addresses=("nowhere",)),
    ):
        with pytest.raises(UsageError):
            close.plan(request)


def test_a_line_of_the_policy_goes_with_what_is_allowed(
    state: Path, server: socket.socket, tmp_path: Path
) -> None:
    policy = tmp_path / "doors.toml"
    before = 'schema = "tojimari.doors/1"\n'
    policy.write_text(before, encoding="utf-8")
    port = port_of(server)
    request = shut(port, allowed=("192.0.2.0/24",), why="the shop", policy=str(policy))
    plan, seen = close.plan(request)
    assert plan.step is not None
    assert '+why = "the shop"' in plan.step.difference
    close.carry_out(request, plan, seen, state=state)
    assert f"port = {port}" in policy.read_text(encoding="utf-8")
    again, _ = close.plan(request)
    assert again.step is not None
    assert [one.code for one in again.step.breaks][-1] == "policy-known"
    changes.undo(state=state)
    assert policy.read_text(encoding="utf-8") == before


def test_a_reason_without_a_policy_is_refused(tmp_path: Path, server: socket.socket) -> None:
    missing = str(tmp_path / "doors.toml")
    with pytest.raises(UsageError):
        close.plan(shut(port_of(server), allowed=("lan",), why="x", policy=missing))


@pytest.mark.usefixtures("root")
def test_zones_stand_for_the_networks_that_they_are_here() -> None:
    seen = closing.see()
    assert "::1" in closing.networks(["this-machine"], seen.firewall)
    assert closing.networks(["192.0.2.7"], seen.firewall) == ("192.0.2.7/32",)
