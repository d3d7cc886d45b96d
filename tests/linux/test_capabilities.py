import pytest

from actors import CAP_BPF
from tojimari.linux import capabilities
from tojimari.linux.capabilities import Capability


def test_root_has_what_a_look_needs(root: None) -> None:
    del root
    assert {Capability.SYS_ADMIN, Capability.NET_ADMIN} <= capabilities.effective()


def test_nobody_has_nothing(root: None, as_nobody: None) -> None:
    del root, as_nobody
    assert capabilities.effective() == frozenset()
    needed = (Capability.SYS_ADMIN, Capability.NET_RAW)
    assert capabilities.missing(needed) == (Capability.NET_RAW, Capability.SYS_ADMIN)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (b"Name:\tx\nCapEff:\t0000000000080001\n", {Capability.SYS_PTRACE}),
        (b"Name:\tx\nCapEff:\t0000008000000000\n", {Capability.BPF}),
        (b"Name:\tx\n", set[Capability]()),
    ],
)
def test_the_effective_ones_are_read(status: bytes, expected: set[Capability]) -> None:
    assert capabilities.parse(status) == expected


def test_they_have_the_names_of_the_manual() -> None:
    assert str(Capability.NET_ADMIN) == "CAP_NET_ADMIN"
    assert Capability.BPF == CAP_BPF


def test_without_the_file_none_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object) -> None:
        del words
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    assert capabilities.effective() == frozenset()
