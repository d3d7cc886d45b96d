"""Entry point of the command line: language, errors and exit codes, in one place."""

import os
import sys
from collections.abc import Sequence

import click

from tojimari import __version__
from tojimari.cli import output
from tojimari.cli.command import Example, Root
from tojimari.cli.settings import Settings
from tojimari.core.errors import TojimariError
from tojimari.core.message import mark
from tojimari.report import language

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
FAILED = 2


def root() -> Root:
    """The command ``tojimari``, anew."""
    command = Root(
        name="tojimari",
        help=mark(
            "Make the round of the house: which doors (ports) of this machine are open, whose they"
            " are, who can reach them, and whether they were meant to be open."
        ),
        examples=(
            Example("tojimari check", mark("judge every open door of this machine")),
            Example("tojimari look", mark("list the open doors and who holds them")),
            Example("tojimari port 443", mark("what a number means")),
        ),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        no_args_is_help=True,
    )
    return click.version_option(__version__, prog_name="tojimari", message="%(prog)s %(version)s")(
        command
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and leave with its exit code.

    Exit codes: 0 as intended, 1 findings, 2 could not do it or wrong usage, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    chosen = Settings(language=_language(words))
    language.for_libraries(chosen.language, os.environ)
    sys.exit(_run(words, chosen))


def _run(words: list[str], chosen: Settings) -> int:
    try:
        result: object = root().main(words, prog_name="tojimari", standalone_mode=False, obj=chosen)
        sys.stdout.flush()
    except TojimariError as error:
        output.failure(error, chosen)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has left (``| head``); nothing more can be said to it, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last stop: a traceback is no answer
        import traceback  # noqa: PLC0415 - 5 ms, for what should not happen

        lines = traceback.format_exception(error)
        click.echo("".join(lines) if chosen.verbosity else lines[-1].rstrip(), err=True)
        click.echo(
            chosen.language.text(
                mark("This is a mistake in tojimari; -v before the command shows where.")
            ),
            err=True,
        )
        return FAILED
    return result if isinstance(result, int) else 0


def _language(words: list[str]) -> language.Language:
    """The language before anything is parsed, because help and errors need it too."""
    for position, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--lang":
            value = value or next(iter(words[position + 1 :]), "")
            if value in list(language.Language):
                return language.Language(value)
    return language.from_environment(os.environ)
