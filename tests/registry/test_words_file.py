from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.intent import PortRange
from tojimari.core.meaning import Advice
from tojimari.registry import words_file
from tojimari.registry.words_file import Encryption, Kind, Plain, UsualDoor

GOOD = """\
name = "ssh"
ports = ["22/tcp", "5901-5910/udp"]
programs = ["sshd"]
kind = "remote-shell"
internet = "careful"
encrypted = "yes"
instead = ["telnet"]
sources = ["RFC 4253"]

[en]
title = "Remote login"
what = "Commands."
programs = "sshd."
internet = "Yes."
attacker = "Passwords."

[ja]
title = "遠くからの操作"
what = "命令です。"
programs = "sshdです。"
internet = "大丈夫です。"
instead = "telnetです。"
attacker = "パスワードです。"
"""


def written(folder: Path, text: str = GOOD, name: str = "00022-ssh.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_becomes_words(tmp_path: Path) -> None:
    found = words_file.words(written(tmp_path))
    assert (found.name, found.kind, found.internet, found.encrypted) == (
        "ssh",
        Kind.REMOTE_SHELL,
        Advice.CAREFUL,
        Encryption.YES,
    )
    assert found.doors == (
        UsualDoor(PortRange(22, 22), Transport.TCP),
        UsualDoor(PortRange(5901, 5910), Transport.UDP),
    )
    assert (found.programs, found.instead, found.sources) == (("sshd",), ("telnet",), ("RFC 4253",))
    assert found.en == Plain("Remote login", "Commands.", "sshd.", "Yes.", "Passwords.")
    assert found.ja.instead == "telnetです。"


def test_the_head_is_read_without_a_parser(tmp_path: Path) -> None:
    found = words_file.head(written(tmp_path))
    assert (found.name, found.programs, found.title_en, found.title_ja) == (
        "ssh",
        ("sshd",),
        "Remote login",
        "遠くからの操作",
    )


def test_the_outline_has_numbers_and_programs(tmp_path: Path) -> None:
    assert words_file.outline(written(tmp_path)) == (
        (PortRange(22, 22), PortRange(5901, 5910)),
        ("sshd",),
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "ssh"', 'name = "ssh"\nnmae = "x"', "nmae: is not a key"),
        ('title = "遠くからの操作"\n', "", "ja.title: must be a text"),
        ('attacker = "Passwords."', 'attacker = ""', "en.attacker: must be a text"),
        ('what = "Commands."', "what = 3", "en.what: must be a text"),
        ('what = "命令です。"', 'what = "命令です。"\nhow = "?"', "ja.how: is not a key"),
        ("[ja]", "[jp]", "jp: is not a key"),
        ('kind = "remote-shell"', 'kind = "shell"', 'kind: "shell" is none of web, mail'),
        ('internet = "careful"', 'internet = "maybe"', 'internet: "maybe" is none of fine'),
        ('encrypted = "yes"', 'encrypted = "y"', 'encrypted: "y" is none of yes'),
        ('"22/tcp"', '"22"', 'ports: must be like "22/tcp"'),
        ('"22/tcp"', '"70000/tcp"', 'ports: must be like "22/tcp"'),
        ('"5901-5910/udp"', '"5910-5901/udp"', 'ports: must be like "22/tcp"'),
        ('"22/tcp", "5901-5910/udp"', "", "ports: needs at least one"),
        ('"22/tcp"', '"23/tcp"', "name: the file must be called 00023-ssh.toml"),
        ('name = "ssh"', 'name = "sshd"', "name: the file must be called 00022-sshd.toml"),
        ('sources = ["RFC 4253"]', 'sources = "RFC 4253"', "sources: must be a list"),
        ('sources = ["RFC 4253"]', "sources = [4253]", "sources: must be a list"),
        ('name = "ssh"', 'name = "ssh', "Illegal character"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(
    old: str, new: str, complaint: str, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"^00022-ssh\.toml: ") as raised:
        words_file.words(path)
    assert complaint in str(raised.value)


def test_a_missing_language_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.partition("[ja]")[0])
    with pytest.raises(ValueError, match=r"^00022-ssh\.toml: ja: is missing$"):
        words_file.words(path)


@pytest.mark.parametrize(
    ("gone", "complaint"),
    [
        ('kind = "remote-shell"\n', "kind: is missing"),
        ('title = "遠くからの操作"\n', "title: is missing"),
    ],
)
def test_a_head_without_a_key_is_told(gone: str, complaint: str, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace(gone, ""))
    with pytest.raises(ValueError, match=complaint):
        words_file.head(path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("ports =", "port =", "ports: is missing"),
        ("programs =", "program =", "programs: is missing"),
        ("22/tcp", "ssh/tcp", "ports: invalid literal"),
    ],
)
def test_an_outline_without_its_lists_is_told(
    old: str, new: str, complaint: str, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ValueError, match=complaint):
        words_file.outline(path)


def test_the_number_is_in_the_name_of_the_file() -> None:
    assert words_file.number("00022-ssh.toml") == 22
    with pytest.raises(ValueError, match=r"ssh\.toml: the name must be like"):
        words_file.number("ssh.toml")


@pytest.mark.parametrize(
    ("port", "transport", "expected"),
    [
        (5905, None, True),
        (5905, Transport.UDP, True),
        (5905, Transport.TCP, False),
        (22, None, False),
    ],
)
def test_a_door_holds_its_numbers(port: int, transport: Transport | None, expected: bool) -> None:
    door = UsualDoor(PortRange(5901, 5910), Transport.UDP)
    assert door.holds(port, transport) is expected


@given(text=st.text(max_size=400))
def test_garbage_is_a_mistake_and_never_anything_else(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("words"), text)
    with pytest.raises(ValueError, match=r"^00022-ssh\.toml: "):
        words_file.words(path)
