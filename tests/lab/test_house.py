from tojimari.lab import house
from tojimari.lab.house import Mounted
from tojimari.lab.scene import File, House, Scene

WEB = House("web", "", number=10, files=(File("/etc/motd", "hello\n"),))
SCENE = Scene("x", "", (WEB,), ())


def written(street: str) -> dict[str, str]:
    return {file.path: file.text for file in house.files(SCENE, WEB, street)}


def test_a_house_is_told_its_name_and_its_neighbours() -> None:
    files = written("a")
    assert files["/etc/hostname"] == "web\n"
    assert "192.0.2.10 web.lab.example web" in files["/etc/hosts"]
    assert files["/etc/motd"] == "hello\n"


def test_each_street_gives_a_house_another_identity() -> None:
    identity = written("a")["/etc/machine-id"]
    assert len(identity) == 33
    assert identity == written("a")["/etc/machine-id"] != written("b")["/etc/machine-id"]


def test_a_house_boots_in_its_own_network_and_sees_what_is_mounted() -> None:
    line = house.boot_line(WEB, "/root", [Mounted("/src", "/code")])
    assert "--network-namespace-path=/run/netns/web" in line
    assert line[-1] == "--bind-ro=/src:/code"
    assert {"--boot", "--keep-unit", "--register=no"} <= set(line)


def test_only_terminal_and_language_are_handed_into_a_house() -> None:
    line = house.enter_line(42, ["id"], {"TERM": "xterm", "LANG": "ja_JP.UTF-8", "SECRET": "x"})
    assert line[:2] == ["nsenter", "--target=42"]
    assert line[-3:] == ["TERM=xterm", "LANG=ja_JP.UTF-8", "id"]
