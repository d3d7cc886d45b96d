import datetime as dt
import os
from pathlib import Path

import pytest

from scenery import NOW, PRIVATE, intent, listener, namespace
from tojimari.app import check as checking
from tojimari.app import join
from tojimari.core.endpoint import Endpoint
from tojimari.core.errors import TojimariError
from tojimari.core.intent import Intent
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.message import Message
from tojimari.core.socket import InsideView, Listener, Role, Unseen
from tojimari.core.verdict import Outcome, Verdict

TODAY = dt.date(2030, 1, 1)


def unknown(endpoint: Endpoint, programs: tuple[str, ...]) -> Meaning:
    del endpoint, programs
    return NOTHING_KNOWN


def judged(
    *listeners: Listener,
    intents: tuple[Intent, ...] = (),
    path: str | None = "doors.toml",
    unseen: tuple[Unseen, ...] = (),
) -> Verdict:
    view = InsideView("house", NOW, (namespace(PRIVATE),), listeners, (), unseen, "bpf")
    return checking.judge(view, join.doors(view, unknown), intents=intents, path=path, today=TODAY)


def test_an_open_door_is_laid_beside_its_line() -> None:
    found = judged(listener(port=22), intents=(intent(22),))
    assert (found.doors[0].intent, found.outcome) == (intent(22), Outcome.AS_INTENDED)


def test_a_door_without_a_line_is_a_finding() -> None:
    found = judged(listener(port=22))
    assert (found.outcome, [one.check for one in found.findings]) == (
        Outcome.FINDINGS,
        ["unintended"],
    )


def test_a_client_that_awaits_its_answer_is_no_door() -> None:
    waiting = Listener(listener().endpoint, 0, (), role=Role.CLIENT)
    assert judged(waiting).doors == ()


def test_what_hides_doors_makes_the_round_partial() -> None:
    hidden = Unseen(Message("x", "Something."), 1, hides_doors=True)
    assert judged(unseen=(hidden,)).outcome is Outcome.PARTIAL


def test_a_holder_that_could_not_be_verified_makes_the_round_partial() -> None:
    nobody = Listener(listener(port=22).endpoint, listener().netns, ())
    found = judged(nobody, intents=(intent(22, unit="ssh.service"),))
    assert (found.grave, found.outcome) == ((), Outcome.PARTIAL)


def test_the_round_is_made_on_the_real_kernel(
    network: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket  # noqa: PLC0415 - only here

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        policy = tmp_path / "doors.toml"
        policy.write_text(
            'schema = "tojimari.doors/1"\n'
            f'[[door]]\nport = {port}\nfrom = ["this-machine"]\nwhy = "the test"\n'
        )
        found = checking.check(str(policy), today=TODAY)
    (door,) = [one for one in found.doors if one.endpoint.port == port]
    assert (door.owners[0].pid, found.policy) == (os.getpid(), str(policy))


def test_a_policy_with_a_mistake_judges_nothing(tmp_path: Path) -> None:
    policy = tmp_path / "doors.toml"
    policy.write_text("port = 22\n")
    with pytest.raises(TojimariError):
        checking.check(str(policy))
