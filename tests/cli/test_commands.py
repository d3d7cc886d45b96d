"""What holds for every command, found by walking them."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tojimari.cli import settings
from tojimari.cli.command import Command, Group
from tojimari.cli.main import root
from tojimari.cli.settings import Settings
from tojimari.report.language import Language

SOURCE = Path(__file__).parent.parent.parent / "src" / "tojimari"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, by the words to type after ``tojimari``."""
    context = click.Context(root(), info_name="tojimari", obj=Settings())
    pending: list[tuple[str, click.Command]] = [("", root())]
    while pending:
        words, command = pending.pop()
        yield words, command
        if isinstance(command, Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                pending.append((f"{words} {name}".strip(), found))


EVERY = dict(commands())


def resolved(line: str) -> tuple[click.Command, list[str]]:
    """The command that a line names, and the words after it."""
    words = shlex.split(line)
    while words and words[0] in {"sudo", "tojimari"}:
        words.pop(0)
    command: click.Command = root()
    context = click.Context(command, obj=Settings())
    while isinstance(command, Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"{line}: no command {words[0]}"
        command = found
        words.pop(0)
    return command, words


def options(command: click.Command) -> set[str]:
    """The option names that a command takes."""
    taken = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return taken | {"--help", "-h"}


@pytest.mark.parametrize("words", EVERY)
def test_a_command_explains_itself_with_examples(words: str) -> None:
    command = EVERY[words]
    assert isinstance(command, Command | Group)
    assert command.help
    assert command.examples


@pytest.mark.parametrize("words", EVERY)
def test_every_example_is_a_command_line_that_exists(words: str) -> None:
    command = EVERY[words]
    assert isinstance(command, Command | Group)
    for example in command.examples:
        for part in re.split(r"\s(?:\||>|&&)\s", example.line):
            if part.split()[0] in {"sudo", "tojimari"}:
                named, rest = resolved(part)
                unknown = [one for one in rest if one.startswith("-") and one != "-"]
                assert {one.partition("=")[0] for one in unknown} <= options(named), example.line


@pytest.mark.parametrize("words", EVERY)
def test_every_command_takes_the_common_options(words: str) -> None:
    common = {name for option in settings.options() for name in option.opts}
    assert common <= options(EVERY[words])


@pytest.mark.parametrize("words", EVERY)
@pytest.mark.parametrize("language", list(Language))
def test_help_is_given_in_both_languages(words: str, language: Language) -> None:
    command = EVERY[words]
    with click.Context(command, info_name="x", obj=Settings(language=language)):
        shown = command.get_help(click.get_current_context())
    japanese = re.search(r"[\u3040-\u30ff]", shown)
    assert (japanese is not None) is (language is Language.JAPANESE)


def suggested() -> Iterator[tuple[str, str]]:
    """Every command line that the source tells people to type, and where."""
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name in {"commands", "linux"}:
            continue  # examples, which are tested above; and a layer that knows no commands
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in prose
            ):
                for line in re.findall(r"(?:^|> )((?:sudo )?tojimari [a-z].*)$", node.value):
                    yield line, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(("line", "where"), list(suggested()))
def test_every_command_that_is_suggested_exists(line: str, where: str) -> None:
    words = [word for word in line.replace("{", " {").split() if not word.startswith("{")]
    command, _ = resolved(" ".join(words[:3] if words[0] == "sudo" else words[:2]))
    assert command.name in {"tojimari", *words}, where
