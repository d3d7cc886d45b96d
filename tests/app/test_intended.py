from pathlib import Path

import pytest

from tojimari.app import intended
from tojimari.app.request import Request
from tojimari.core.endpoint import Transport
from tojimari.core.message import Message
from tojimari.core.plan import Step, Target

HEAD = 'schema = "tojimari.doors/1"\n\n'
SSH = (Target(Transport.TCP, 22),)
MOVE = Step("config", Message("move", "have it listen at {port} instead"), opens=2222)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "doors.toml"


def moved(policy: Path, text: str) -> Step:
    policy.write_text(HEAD + text, encoding="ascii")
    return intended.moved(MOVE, Request(("22",), policy=str(policy)), SSH)


def test_the_line_goes_along_to_the_new_number_and_nothing_else_of_it_changes(
    policy: Path,
) -> None:
    line = '[[door]]\nport = 22  # the usual\nfrom = ["lan"]\nunit = "ssh.service"\nwhy = "care"\n'
    (deed,) = moved(policy, line).deeds
    assert deed.after.decode() == HEAD + line.replace("22", "2222")
    assert deed.before == policy.read_bytes()


def test_a_line_of_several_numbers_is_left_and_that_is_said(policy: Path) -> None:
    for port in ("[22, 80]", '"20-30"'):
        step = moved(policy, f'[[door]]\nport = {port}\nfrom = ["lan"]\nwhy = "care"\n')
        assert step.deeds == ()
        assert [one.code for one in step.breaks] == ["policy-several"]


def test_where_no_line_speaks_of_it_nothing_is_written(policy: Path) -> None:
    assert moved(policy, "") == MOVE
    assert moved(policy, '[[door]]\nport = 80\nfrom = ["lan"]\nwhy = "x"\n') == MOVE
