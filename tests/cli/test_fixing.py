"""``tojimari check --fix``, without a house: what is refused, and what would be asked for."""

import pytest

from tojimari.app.request import Request
from tojimari.cli import changing, fixing
from tojimari.cli.main import main, root
from tojimari.core.mend import Mend

Capture = pytest.CaptureFixture[str]

MENDS = (
    Mend("6379"),
    Mend("53/udp", ("internet",), "firewall"),
    Mend("5432/tcp", ("lan", "192.0.2.0/24"), why="the shop", policy="doors.toml"),
)


@pytest.mark.parametrize("words", [(), ("--json",), ("--plain",)])
def test_without_a_terminal_nothing_is_asked_and_nothing_done(
    words: tuple[str, ...], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises(SystemExit) as leaving:
        main(("check", "--fix", *words))
    assert leaving.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "needs a terminal" in told.err


@pytest.mark.parametrize("mend", MENDS)
def test_what_is_carried_out_is_what_the_command_that_is_shown_would_ask_for(
    mend: Mend, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def changed(request: Request, **_: bool) -> int:
        asked.append(request)
        return 0

    monkeypatch.setattr(changing, "changed", changed)
    monkeypatch.setattr(changing, "typed", lambda: mend.typed.removeprefix("sudo "))
    root().main([*mend.words, "--for", "10m"], prog_name="tojimari", standalone_mode=False)
    assert asked == [fixing.requested(mend)]
