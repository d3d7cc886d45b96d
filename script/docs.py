"""Write what is said of the commands outside the program, from the commands themselves.

    script/docs.py [--check]

``docs/reference/cli.md`` and ``cli.ja.md`` hold every ``--help``, ``docs/man/tojimari.1`` is the
man page, ``docs/reference/json.md`` and ``docs/reference/schema`` describe the JSON documents.
``--check`` writes nothing and exits with 1 where a file is not as it should be; the test suite does
the same.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import schemas

from tojimari import __version__
from tojimari.cli.command import Group
from tojimari.cli.main import root
from tojimari.cli.settings import Settings
from tojimari.report.language import Language, for_libraries

ROOT = Path(__file__).parent.parent
WIDTH = 100  # columns of a help text
OPENING = {
    Language.ENGLISH: "# Commands\n\nEvery command with its `--help`, written by the commands.",
    Language.JAPANESE: "# コマンド\n\nすべてのコマンドの説明 (`--help`) です。",
}


def commands() -> Iterator[tuple[str, ...]]:
    """Every command as the words to type, ``tojimari`` itself first."""
    context = click.Context(root(), info_name="tojimari", obj=Settings())
    yield from _below(root(), ("tojimari",), context)


def _below(
    command: click.Command, words: tuple[str, ...], context: click.Context
) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _below(found, (*words, name), context)


def help_of(words: tuple[str, ...], language: Language) -> str:
    """What ``WORDS --help`` prints."""
    for_libraries(language, os.environ)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        root().main(
            [*words[1:], "--help"],
            prog_name="tojimari",
            standalone_mode=False,
            obj=Settings(language=language),
            terminal_width=WIDTH,
            max_content_width=WIDTH,
        )
    return printed.getvalue().rstrip()


def reference(language: Language) -> str:
    """The Markdown page of every ``--help``."""
    parts = [OPENING[language]]
    parts += [
        f"## {' '.join(words)}\n\n```text\n{help_of(words, language)}\n```" for words in commands()
    ]
    return "\n\n".join(parts) + "\n"


def manual() -> str:
    """The man page, in roff (man(7))."""
    lines = [
        f'.TH TOJIMARI 1 "" "tojimari {__version__}" "User Commands"',
        ".SH NAME",
        r"tojimari \- which doors of this machine are open, whose they are, and were they meant",
        ".SH SYNOPSIS",
        ".B tojimari",
        "[OPTIONS] COMMAND [ARGS]",
        ".SH COMMANDS",
    ]
    for words in commands():
        lines += [
            f".SS {' '.join(words)}",
            ".nf",
            _escaped(help_of(words, Language.ENGLISH)),
            ".fi",
        ]
    lines += [
        ".SH EXIT STATUS",
        "0 as intended; 1 findings; 2 could not do it, or wrong usage; 130 interrupted.",
        ".SH ENVIRONMENT",
        "LC_ALL, LC_MESSAGES and LANG choose the language (English or Japanese).",
        "NO_COLOR, when not empty, takes the colour away.",
        "XDG_CONFIG_HOME and XDG_CACHE_HOME are honoured.",
    ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Text as roff takes it literally: no escapes, no requests at the start of a line."""
    safe = text.replace("\\", r"\e").replace("-", r"\-")
    return "\n".join(
        rf"\&{line}" if line.startswith((".", "'")) else line for line in safe.split("\n")
    )


def pages() -> dict[Path, str]:
    """Each file, and what it must hold."""
    return {
        ROOT / "docs" / "reference" / "cli.md": reference(Language.ENGLISH),
        ROOT / "docs" / "reference" / "cli.ja.md": reference(Language.JAPANESE),
        ROOT / "docs" / "man" / "tojimari.1": manual(),
        **schemas.pages(),
    }


def main() -> int:
    """Write, or with ``--check`` compare."""
    stale = 0
    for path, content in pages().items():
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale += 1
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
