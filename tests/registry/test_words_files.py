"""The plain words are data that a person reads: each file is held to one form here."""

import functools
import re
import tomllib
from pathlib import Path
from typing import cast

import pytest

WORDS = Path(__file__).parents[2] / "src" / "tojimari" / "registry" / "words"
FILES = sorted(WORDS.iterdir())
NAMES = [path.name for path in FILES]

KINDS = frozenset({
    "web", "mail", "name", "time", "address", "file", "remote-shell", "remote-desktop",
    "database", "cache", "message-queue", "directory", "monitoring", "container", "cluster",
    "debugger", "dev-server", "ai", "vpn", "voice", "media", "game", "print", "industrial",
    "home", "proxy", "log", "sharing", "boot", "legacy",
})  # fmt: skip
# Any Python, Java or JavaScript program has these names: they say nothing about a service.
TOO_GENERAL = frozenset({
    "java", "node", "python", "python3", "perl", "ruby", "php", "sh", "bash", "dotnet", "systemd",
    "docker", "docker-proxy", "beam.smp", "lua", "lua5.4", "deno", "bun",
})  # fmt: skip
FIXED_KEYS = frozenset({"name", "ports", "kind", "internet", "encrypted", "instead", "sources"})
TEXT_KEYS = ("title", "what", "programs", "internet", "attacker")
LONGEST = {"en": 300, "ja": 200}  # characters; a text must fit in a few lines of a terminal
LONGEST_TITLE = {"en": 60, "ja": 40}
# RFC 6335: 0 to 65535, written without leading zeros; a range where a program takes several
PORT = re.compile(r"(0|[1-9]\d{0,4})(?:-([1-9]\d{0,4}))?/(tcp|udp|sctp)")
SHORT_ANSWER = 14  # characters; a plain "No." may stand in many files
FIRST_ELEVEN = frozenset({20, 21, 22, 23, 25, 53, 67, 68, 80, 110, 123, 443})
JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff]")
# The Japanese text has Japanese punctuation: a full stop or comma of the other kind is a slip.
WESTERN_PUNCTUATION = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff][.,!?:;()]|[,!?;()][\u3041-\u9fff]")
MARKDOWN = re.compile(r"[`*]|__|\]\(|^#")


@functools.cache
def read(path: Path) -> dict[str, object]:
    return cast("dict[str, object]", tomllib.loads(path.read_text(encoding="utf-8")))


def strings(entry: dict[str, object], key: str) -> list[str]:
    value = entry[key]
    assert isinstance(value, list), key
    items = cast("list[object]", value)
    assert all(isinstance(item, str) and item.strip() == item and item for item in items), key
    texts = cast("list[str]", items)
    assert len(set(texts)) == len(texts), f"{key} says something twice"
    return texts


def texts_of(entry: dict[str, object], language: str) -> dict[str, str]:
    value = entry[language]
    assert isinstance(value, dict), language
    table = cast("dict[str, object]", value)
    assert all(isinstance(text, str) for text in table.values()), language
    return cast("dict[str, str]", table)


def ports_of(entry: dict[str, object]) -> list[tuple[int, int, str]]:
    ports: list[tuple[int, int, str]] = []
    for text in strings(entry, "ports"):
        match = PORT.fullmatch(text)
        assert match is not None, text
        first = int(match[1])
        last = int(match[2] or match[1])
        assert 0 < first <= last <= 65535, text
        ports.append((first, last, match[3]))
    assert ports
    return ports


def names_of_all() -> list[str]:
    return [str(read(path)["name"]) for path in FILES]


every_file = pytest.mark.parametrize("path", FILES, ids=NAMES)


@every_file
def test_the_file_is_named_for_its_first_port_and_its_name(path: Path) -> None:
    entry = read(path)
    name = entry["name"]
    assert isinstance(name, str)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert path.name == f"{ports_of(entry)[0][0]:05d}-{name}.toml"


@every_file
def test_every_key_is_known_and_none_is_missing(path: Path) -> None:
    entry = read(path)
    assert set(entry) == FIXED_KEYS | {"programs", "en", "ja"}
    for language in ("en", "ja"):
        texts = texts_of(entry, language)
        assert set(texts) - {"instead"} == set(TEXT_KEYS), language


@every_file
def test_the_keys_stand_in_the_same_order(path: Path) -> None:
    entry = read(path)
    assert list(entry) == [
        "name", "ports", "programs", "kind", "internet", "encrypted", "instead", "sources",
        "en", "ja",
    ]  # fmt: skip
    for language in ("en", "ja"):
        order = ["title", "what", "programs", "internet", "instead", "attacker"]
        texts = texts_of(entry, language)
        assert list(texts) == [key for key in order if key in texts], language


@every_file
def test_the_judgements_are_of_the_allowed_words(path: Path) -> None:
    entry = read(path)
    assert entry["kind"] in KINDS
    assert entry["internet"] in {"fine", "careful", "never"}
    assert entry["encrypted"] in {"yes", "no", "optional"}


@every_file
def test_the_ports_are_numbers_that_exist(path: Path) -> None:
    for first, last, _transport in ports_of(read(path)):
        assert last - first <= 3000  # a wider range is no usual door


@every_file
def test_the_programs_are_base_names_that_mean_something(path: Path) -> None:
    for program in strings(read(path), "programs"):
        assert "/" not in program
        assert program.isascii()
        assert program.isprintable()
        assert program not in TOO_GENERAL


@every_file
def test_the_better_door_has_words_of_its_own(path: Path) -> None:
    entry = read(path)
    better = strings(entry, "instead")
    assert set(better) <= set(names_of_all())
    assert entry["name"] not in better


@every_file
def test_a_better_door_is_explained_in_both_languages(path: Path) -> None:
    entry = read(path)
    explained = {language: "instead" in texts_of(entry, language) for language in ("en", "ja")}
    assert explained["en"] == explained["ja"]
    if strings(entry, "instead"):
        assert explained["en"]


@every_file
def test_every_fact_can_be_read_somewhere(path: Path) -> None:
    sources = strings(read(path), "sources")
    assert sources
    for source in sources:
        assert re.fullmatch(r"RFC \d{3,4}|https://\S+|[A-Za-z0-9].{5,}", source), source


@every_file
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_text_is_short_whole_and_plain(path: Path, language: str) -> None:
    texts = texts_of(read(path), language)
    for key, text in texts.items():
        assert text == text.strip(), key
        assert text.isprintable(), key
        assert "  " not in text, key
        assert not MARKDOWN.search(text), key
        assert len(text) >= (2 if key == "title" else 12), key
        assert len(text) <= (LONGEST_TITLE if key == "title" else LONGEST)[language], key
        end = {"en": ".", "ja": "。"}[language]
        assert text.endswith(end) != (key == "title"), key


@every_file
def test_the_english_text_is_english(path: Path) -> None:
    for key, text in texts_of(read(path), "en").items():
        assert text.isascii(), key


@every_file
def test_the_japanese_text_is_japanese(path: Path) -> None:
    for key, text in texts_of(read(path), "ja").items():
        assert JAPANESE.search(text), f"{key} has no Japanese letter"
        assert not WESTERN_PUNCTUATION.search(text), f"{key}: {text}"
        if key != "title":
            assert len(JAPANESE.findall(text)) > len(text) * 0.1, f"{key} is hardly Japanese"
            for sentence in text.rstrip("。").split("。"):
                polite = r"(です|ます|ません|ましょう|ました|ください|でした)(（[^（）]+）)?$"
                assert re.search(polite, sentence), f"{key}: {sentence}"


@every_file
def test_the_file_is_clean_text(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert "\t" not in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert line.isprintable()


def test_there_are_words_for_the_ports_that_people_meet_most() -> None:
    assert len(FILES) >= 130


def test_the_ports_that_everybody_learns_first_have_words() -> None:
    firsts = {ports_of(read(path))[0][0] for path in FILES}
    assert firsts >= FIRST_ELEVEN


def test_no_two_files_bear_the_same_name() -> None:
    names = names_of_all()
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("key", [*TEXT_KEYS, "instead"])
def test_no_text_is_used_twice(language: str, key: str) -> None:
    seen: dict[str, str] = {}
    for path in FILES:
        text = texts_of(read(path), language).get(key)
        if text is not None:
            assert text not in seen, f"{path.name} repeats {seen[text]}"
            seen[text] = path.name


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_sentence_is_boilerplate(language: str) -> None:
    stop = {"en": r"(?<=\.)\s+", "ja": r"(?<=。)"}[language]
    seen: dict[str, list[str]] = {}
    for path in FILES:
        for key, text in texts_of(read(path), language).items():
            for sentence in re.split(stop, text):
                if key != "title" and len(sentence) > SHORT_ANSWER:
                    seen.setdefault(sentence, []).append(path.name)
    repeated = {sentence: names for sentence, names in seen.items() if len(names) > 2}
    assert repeated == {}
