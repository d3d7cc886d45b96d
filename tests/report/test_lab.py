from dataclasses import replace

from tojimari.report import lab
from tojimari.report.lab import DoorStatus, HouseStatus, LabStatus, StreetStatus
from tojimari.report.language import Language

DOOR = DoorStatus("sshd", "tcp", 22, "ssh", tls=False, loopback=False, imitation=False, open=True)
WEB = HouseStatus("web", "serves", "192.0.2.10", "2001:db8:1::10", up=True, doors=[DOOR])
STREET = StreetStatus("town", "shows", 0.0, [("sudo tojimari lab down", "end")], [WEB])
STATUS = LabStatus(["town"], ["moved", "town"], STREET)


def shown(status: LabStatus, language: Language = Language.ENGLISH) -> str:
    return "\n".join(lab.text(status, language))


def test_the_street_is_shown_house_by_house() -> None:
    assert shown(STATUS) == (
        "town: shows\n"
        "\n"
        "web  192.0.2.10  2001:db8:1::10\n"
        "  serves\n"
        "  22/tcp     open  ssh          sshd\n"
        "\n"
        "Three things to try:\n"
        "  sudo tojimari lab down\n"
        "      end"
    )


def test_what_is_not_as_it_should_be_stands_out() -> None:
    door = replace(DOOR, open=False, tls=True, loopback=True, imitation=True)
    house = replace(WEB, ipv4=None, ipv6=None, up=False, doors=[door])
    text = shown(replace(STATUS, street=replace(STREET, houses=[house], tries=[])))
    assert "web  its address comes by DHCP  (not up)" in text
    assert "SHUT  ssh          sshd  (inside TLS, for its own house only, an imitation)" in text
    assert "Three things" not in text


def test_without_a_street_the_scenes_are_listed() -> None:
    assert shown(replace(STATUS, street=None)) == (
        "No street is up.\n  moved: not built yet\n  town: built"
    )


def test_it_is_said_in_japanese_too() -> None:
    assert "練習用" not in shown(STATUS, Language.JAPANESE)
    assert "試してみること三つ" in shown(STATUS, Language.JAPANESE)


def test_a_street_is_whole_when_every_door_is_open() -> None:
    assert STATUS.whole
    assert not replace(STATUS, street=None).whole
    shut = replace(WEB, doors=[replace(DOOR, open=False)])
    assert not replace(STATUS, street=replace(STREET, houses=[shut])).whole
