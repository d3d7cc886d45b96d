import pytest

from tojimari.core.intent import PortRange
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.linux.sysctl import PortSettings
from tojimari.report.free_port import text
from tojimari.report.language import Language
from tojimari.report.ports import View

LINUX = PortSettings(PortRange(32768, 60999), (), 1024)
NO_TABLE = Unseen(Message("x", "The door was only tried."), 0, "sudo tojimari port free")


def told(
    *,
    language: Language = Language.ENGLISH,
    needs_root: bool = False,
    machine: PortSettings = LINUX,
    unseen: tuple[Unseen, ...] = (),
) -> list[str]:
    view = View(language, columns=100)
    return list(text("8079/tcp", needs_root=needs_root, machine=machine, unseen=unseen, view=view))


def test_a_free_number_is_told_with_its_reasons() -> None:
    assert told() == [
        "8079/tcp is free.",
        "  IANA has given it to nobody, and nothing is known to use it.",
        "  No socket of this machine holds it now, in this network namespace.",
        "  The kernel does not hand it out to programs that call out (32768-60999).",
        "  It is free until somebody takes it: nothing keeps it for you.",
    ]


def test_it_is_told_in_japanese() -> None:
    assert told(language=Language.JAPANESE)[0] == "8079/tcp は空いています。"


@pytest.mark.parametrize(
    ("needs_root", "machine", "line", "expected"),
    [
        (
            True,
            LINUX,
            "  Only root may open it here, or a program with CAP_NET_BIND_SERVICE.",
            True,
        ),
        (
            False,
            PortSettings(),
            "  The kernel does not hand it out to programs that call out (32768-60999).",
            False,
        ),
    ],
)
def test_only_what_is_so_is_told(
    needs_root: bool,
    machine: PortSettings,
    line: str,
    expected: bool,
) -> None:
    assert (line in told(needs_root=needs_root, machine=machine)) is expected


def test_what_could_not_be_seen_is_told_with_what_to_type() -> None:
    assert told(unseen=(NO_TABLE,))[-3:] == [
        "What could not be seen",
        "  The door was only tried.",
        "  > sudo tojimari port free",
    ]
