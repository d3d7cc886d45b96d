import datetime as dt

from tojimari.core.intent import Intent
from tojimari.policy.document import read
from tojimari.policy.lint import Knowledge, lint
from tojimari.policy.problem import Level, Problem

HEAD = 'schema = "tojimari.doors/1"\n'
DOOR = '[[door]]\nport = 80\nfrom = "lan"\nwhy = "x"\n'
TODAY = dt.date(2026, 11, 20)


def problems(text: str, knowledge: Knowledge | None = None) -> tuple[Problem, ...]:
    reading = read((HEAD + text).encode())
    return lint(reading, TODAY, knowledge) if knowledge else lint(reading, TODAY)


def told(text: str, knowledge: Knowledge | None = None) -> list[tuple[str, int, int]]:
    found = problems(text, knowledge)
    return [(one.code, one.span.line, one.span.column) for one in found]


def test_a_good_file_has_nothing_to_look_at() -> None:
    assert told(DOOR) == []


def test_a_file_with_a_mistake_has_only_mistakes() -> None:
    text = DOOR + "until = 2020-01-01\nx = 1\n"

    assert told(text) == [("unknown-key", 7, 1)]
    assert problems(text)[0].level is Level.ERROR


def test_a_last_day_that_is_over_is_to_be_looked_at() -> None:
    assert told(DOOR + "until = 2026-11-19\n") == [("expired", 6, 9)]
    assert problems(DOOR + "until = 2026-11-19\n")[0].level is Level.WARNING
    assert told(DOOR + "until = 2026-11-20\n") == []


def test_a_group_that_nothing_uses_is_to_be_looked_at() -> None:
    assert told('[groups]\na = "lan"\nb = "a"\n' + DOOR) == [("unused-group", 4, 1)]


def test_sources_that_another_includes_are_to_be_looked_at() -> None:
    def redundant(sources: str) -> list[object]:
        found = problems(DOOR.replace('"lan"', sources))
        return [one.message.values["zone"] for one in found]

    assert redundant('["internet", "lan"]') == ["internet"]
    assert redundant('["this-machine", "lan"]') == ["lan"]
    assert redundant('["internet", "192.0.2.0/24"]') == ["internet"]
    assert redundant('["lan", "192.0.2.0/24"]') == []
    assert redundant('["192.0.2.0/24"]') == []


def test_a_table_of_several_doors_is_looked_at_once() -> None:
    text = DOOR.replace("80", "[80, 443]") + "until = 2020-01-01\n"

    assert told(text) == [("expired", 6, 9)]


def knows(intent: Intent) -> bool:
    return intent.ports.first == 80


KNOWLEDGE = Knowledge(is_service=lambda name: name == "http", never_public=knows)


def test_a_service_that_nobody_knows_is_to_be_looked_at() -> None:
    assert told(DOOR + 'service = "htpp"\n', KNOWLEDGE) == [("unknown-service", 6, 11)]
    assert told(DOOR + 'service = "http"\n', KNOWLEDGE) == []
    assert told(DOOR + 'service = "htpp"\n') == []


def test_a_door_that_should_never_face_the_internet_is_to_be_looked_at() -> None:
    public = DOOR.replace('"lan"', '["internet"]')

    assert told(public, KNOWLEDGE) == [("never-public", 4, 8)]
    assert told(public.replace("80", "443"), KNOWLEDGE) == []
    assert told(DOOR, KNOWLEDGE) == []


def test_a_group_that_stands_for_the_internet_is_the_internet() -> None:
    text = '[groups]\nall = "internet"\n' + DOOR.replace("lan", "all")

    assert told(text, KNOWLEDGE) == [("never-public", 6, 8)]


def test_all_of_it_is_told_from_the_beginning_of_the_file_to_its_end() -> None:
    text = (
        DOOR.replace('"lan"', '["internet", "lan"]')
        + 'service = "htpp"\nuntil = 2020-01-01\n[groups]\nx = "lan"\n'
    )

    assert told(text, KNOWLEDGE) == [
        ("never-public", 4, 8),
        ("redundant-source", 4, 8),
        ("unknown-service", 6, 11),
        ("expired", 7, 9),
        ("unused-group", 9, 1),
    ]
