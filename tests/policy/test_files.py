import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from tojimari.core.errors import HostError, PrivilegeError, TojimariError, UsageError
from tojimari.policy import files
from tojimari.policy.files import Found, Nobody, Origin, Person
from tojimari.policy.syntax import MAX_BYTES

ME, MINE = os.geteuid(), os.getegid()
I = Person(ME, frozenset({ME}), frozenset({MINE}))  # noqa: E741 - who sits at the keyboard
ANOTHER = Person(ME + 1, frozenset({ME + 1}), frozenset({MINE + 1}))


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Path, Path, Path]]:
    """The current directory, the user's and the machine's."""
    made = (tmp_path / "here", tmp_path / "user", tmp_path / "system")
    for place in made:
        place.mkdir()
    before = Path.cwd()
    os.chdir(made[0])
    yield made
    os.chdir(before)


Places = tuple[Path, Path, Path]


def put(place: Path, text: str = "x", mode: int = 0o644) -> Path:
    path = place / "doors.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def found(places: Places, named: str | None = None, who: Person = I) -> Found | Nobody:
    here, user, system = places
    return files.find(named, here, user, who, system)


def reasons(result: Found | Nobody) -> list[str]:
    return [message.code for message in result.passed]


def said(error: TojimariError) -> str:
    return error.hint.text.format_map(error.hint.values)


def test_the_current_directory_comes_first(places: Places) -> None:
    for place in places:
        put(place, place.name)

    assert found(places) == Found("./doors.toml", Origin.HERE, b"here")


def test_the_user_s_settings_come_before_the_machine_s(places: Places) -> None:
    path = put(places[1], "user")
    put(places[2], "system")

    assert found(places) == Found(str(path), Origin.USER, b"user")


def test_the_machine_s_settings_come_last(places: Places) -> None:
    path = put(places[2], "system")

    assert found(places) == Found(str(path), Origin.SYSTEM, b"system")


def test_where_there_is_none_the_places_are_named(places: Places) -> None:
    _, user, system = places

    assert found(places) == Nobody(
        ("./doors.toml", str(user / "doors.toml"), str(system / "doors.toml"))
    )


def test_a_settings_directory_that_is_a_file_holds_none(places: Places) -> None:
    here, _, system = places

    assert isinstance(files.find(None, here, put(here.parent), I, system), Nobody)


def test_the_file_that_is_named_is_read_whoever_owns_it(places: Places) -> None:
    put(places[0], "here")
    path = put(places[1], "named", 0o666)

    assert found(places, str(path), ANOTHER) == Found(str(path), Origin.NAMED, b"named")


def test_a_file_that_is_named_and_not_there_is_the_caller_s_mistake(places: Places) -> None:
    with pytest.raises(UsageError, match=r"there is no file nowhere\.toml") as caught:
        found(places, "nowhere.toml")

    assert said(caught.value) == "tojimari policy init --output nowhere.toml writes one"


def test_a_directory_that_is_named_cannot_be_read(places: Places) -> None:
    with pytest.raises(HostError, match="cannot be read: Is a directory"):
        found(places, str(places[1]))


def test_standard_input_is_named_by_a_dash(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"typed")))

    assert found(places, "-") == Found("-", Origin.NAMED, b"typed")


def test_a_pipe_that_is_named_is_read(places: Places) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)

    result = found(places, f"/dev/fd/{reading}")
    os.close(reading)

    assert isinstance(result, Found)
    assert result.content == b"piped"


@pytest.mark.parametrize("named", [None, "doors.toml"])
def test_no_more_is_read_than_shows_that_it_is_too_long(places: Places, named: str | None) -> None:
    put(places[0], "x" * (MAX_BYTES + 5))

    result = found(places, named)

    assert isinstance(result, Found)
    assert len(result.content) == MAX_BYTES + 1


def test_a_stranger_s_file_in_the_current_directory_is_passed_over(places: Places) -> None:
    put(places[0], "planted")
    put(places[2], "system")

    result = found(places, who=ANOTHER)

    assert isinstance(result, Found)
    assert result.content == b"system"
    assert reasons(result) == ["not-yours"]
    assert result.passed[0].values == {"path": "./doors.toml", "uid": ME}


def test_a_stranger_s_file_is_told_even_where_there_is_no_other(places: Places) -> None:
    put(places[0])

    assert reasons(found(places, who=ANOTHER)) == ["not-yours"]


def test_a_stranger_s_link_is_passed_over_whatever_it_points_to(places: Places, root: None) -> None:
    del root  # a user namespace of one user has no stranger
    link, target = places[0] / "doors.toml", put(places[1])
    link.symlink_to(target)
    os.lchown(link, 12345, 12345)

    result = found(places)

    assert target.exists()
    assert reasons(result) == ["not-yours"]


def test_one_s_own_link_is_followed(places: Places) -> None:
    (places[0] / "doors.toml").symlink_to(put(places[2], "linked"))

    result = found(places)

    assert isinstance(result, Found)
    assert result.content == b"linked"
    assert result.origin is Origin.HERE


def test_a_file_that_everybody_may_write_to_is_passed_over(places: Places) -> None:
    put(places[0], mode=0o646)

    assert reasons(found(places)) == ["others-may-write"]


def test_a_file_that_a_strange_group_may_write_to_is_passed_over(places: Places) -> None:
    put(places[0], mode=0o664)
    mine_alone = Person(ME, frozenset({ME}), frozenset({MINE + 1}))

    assert reasons(found(places, who=mine_alone)) == ["others-may-write"]


def test_a_file_that_one_s_own_group_may_write_to_is_read(places: Places) -> None:
    put(places[0], mode=0o664)

    assert reasons(found(places)) == []


def test_the_user_s_own_settings_are_believed_as_they_are(places: Places) -> None:
    put(places[1], mode=0o666)

    assert isinstance(found(places, who=ANOTHER), Found)


def test_a_planted_pipe_does_not_have_us_wait(places: Places) -> None:
    os.mkfifo(places[0] / "doors.toml")

    assert reasons(found(places)) == ["not-a-file"]


def test_a_planted_directory_is_no_policy(places: Places) -> None:
    (places[0] / "doors.toml").mkdir()

    assert reasons(found(places)) == ["not-a-file"]


def test_a_file_that_may_not_be_read_is_not_nothing(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(places[0])

    def refuse(*_: object) -> Never:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PrivilegeError, match=r"\./doors.toml is there, but may not be read"):
        found(places)


def test_a_folder_that_may_not_be_entered_is_passed_over_and_said(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    lstat = Path.lstat

    def refuse(path: Path) -> os.stat_result:
        if path.parent == places[1]:
            raise PermissionError(13, "Permission denied")
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    nobody = found(places)
    assert [message.code for message in nobody.passed] == ["not-entered"]


def test_a_loop_of_links_cannot_be_read(places: Places) -> None:
    (places[0] / "doors.toml").symlink_to("doors.toml")

    with pytest.raises(HostError, match="Too many levels of symbolic links"):
        found(places)


def test_whoever_sits_at_the_keyboard_believes_themselves_and_root() -> None:
    who = files.person({})

    assert (who.uid, who.behind_sudo) == (ME, None)
    assert who.users == {0, ME}
    assert who.groups == {0, MINE}


def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getegid", lambda: 0)


def test_with_sudo_whoever_called_it_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)

    assert files.person({"SUDO_UID": "1000", "SUDO_GID": "1001"}) == Person(
        0, frozenset({0, 1000}), frozenset({0, 1001}), (1000, 1001)
    )


def test_only_root_s_word_about_sudo_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)

    assert files.person({"SUDO_UID": "1000", "SUDO_GID": "1001"}).users == {0, 1234}


@pytest.mark.parametrize("number", ["", "x", "-1", "１"])
def test_what_is_no_number_is_nobody(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    as_root(monkeypatch)

    assert files.person({"SUDO_UID": number, "SUDO_GID": "0"}).users == {0}


def test_the_user_s_settings_are_where_xdg_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/hanako/settings")

    assert files.user_directory() == Path("/home/hanako/settings/tojimari")
