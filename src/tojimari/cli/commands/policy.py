"""``tojimari policy``: the file that says which doors are meant to be open."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from tojimari.cli import output, proving, settings
from tojimari.cli.command import Command, Example, Group
from tojimari.core.errors import UsageError
from tojimari.core.message import Message, mark

if TYPE_CHECKING:
    from tojimari.app.policy import Survey
    from tojimari.policy.draft import Proposal
    from tojimari.policy.writing import Line

NOT_IN_ORDER = 1  # lint found mistakes; or no line speaks of the port
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
HERE = "doors.toml"
STANDARD_OUTPUT = "-"


def _init(path: str, force: bool, accept_all: bool) -> int:  # noqa: FBT001 - click's flags
    from tojimari.app import policy as app  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import policy_file  # noqa: PLC0415 - the same

    chosen = settings.current()
    if chosen.json and path == STANDARD_OUTPUT:
        raise UsageError(
            mark("--json and --output - both want standard output"),
            hint=mark("tojimari policy init --json --output doors.toml"),
        )
    if path != STANDARD_OUTPUT and not force:
        app.refuse_to_replace(path)
    survey = app.survey()
    _tell(survey)
    meant: Sequence[tuple[Line, Proposal]]
    refused: Sequence[Proposal] = ()
    if accept_all:
        why = policy_file.unreviewed(survey.host, survey.day, chosen.language)
        meant = app.accepted(survey, why)
    else:
        from tojimari.cli import asking  # noqa: PLC0415 - the same

        try:
            meant, refused = asking.about(survey.proposals)
        except click.Abort:
            output.note("")
            output.note(chosen.language.text(mark("Nothing was written.")))
            return INTERRUPTED
    text = policy_file.text(survey.host, survey.day, meant, refused, chosen.language)
    if path == STANDARD_OUTPUT:
        output.lines([text.rstrip("\n")])
        return 0
    app.write(path, text, force=force)
    if chosen.json:
        from tojimari.report import policy_documents  # noqa: PLC0415 - the same

        output.json(policy_documents.init(path, meant, refused, survey.elsewhere))
        return 0
    values: dict[str, str | int] = {"path": path, "meant": len(meant), "refused": len(refused)}
    output.note("")
    output.note(
        chosen.language.say(
            Message(
                "written",
                "{path} is written. Meant to be open: {meant}; not meant to be: {refused}.",
                values,
            )
        )
    )
    output.note("> tojimari check")
    return 0


def _tell(survey: "Survey") -> None:
    """What the survey leaves out, before anybody answers."""
    from tojimari.report.unseen import unseen  # noqa: PLC0415 - so that the help starts at once

    language = settings.current().language
    for line in unseen(survey.unseen, output.view()):
        output.note(line)
    if survey.elsewhere:
        message = Message(
            "elsewhere",
            "Doors inside containers' own networks are left out: {count}. For one of them, write a"
            " line that names the container.",
            {"count": survey.elsewhere},
        )
        output.note(language.say(message))


def _lint(file: str | None, policy: str | None) -> int:
    from tojimari.app import policy as app  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import policies, policy_documents  # noqa: PLC0415 - the same

    chosen = settings.current()
    found = app.lint(file if file is not None else policy)
    reading = found.reading
    if chosen.json:
        output.json(policy_documents.lint(reading.path, found.origin, found.passed, found.problems))
    else:
        _warn(found.passed)
        if chosen.plain:
            output.lines(policies.linted_plain(reading.path, found.problems, chosen.language))
        else:
            output.lines(policies.linted(reading.path, reading.text, found.problems, output.view()))
    return NOT_IN_ORDER if found.errors else 0


def _explain(question: str, address: str | None, policy: str | None) -> int:
    from tojimari.app import policy as app  # noqa: PLC0415 - so that the help starts at once
    from tojimari.report import policies, policy_documents  # noqa: PLC0415 - the same

    chosen = settings.current()
    found = app.explain(question, policy, address=address)
    if chosen.json:
        output.json(
            policy_documents.explain(
                found.policy,
                found.origin,
                found.passed,
                found.port,
                found.transports,
                found.address,
                found.answers,
                found.today,
            )
        )
    else:
        _warn(found.passed)
        if chosen.plain:
            output.lines(policies.explained_plain(found.port, found.transports, found.answers))
        else:
            output.lines(
                policies.explained(
                    found.policy,
                    found.port,
                    found.transports,
                    found.answers,
                    found.today,
                    output.view(),
                )
            )
    return 0 if found.answers else NOT_IN_ORDER


def _schema() -> None:
    from tojimari.app import policy as app  # noqa: PLC0415 - so that the help starts at once

    output.lines([app.schema().rstrip("\n")])


def _warn(passed: Iterable[Message]) -> None:
    """Files that were not believed are said whatever else is said."""
    for message in passed:
        output.note(settings.current().language.say(message))


def _policy_option() -> click.Option:
    """Anew, since a click parameter belongs to one command."""
    return click.Option(
        ["--policy"],
        metavar="FILE",
        help=mark("The policy file; otherwise it is looked for in its usual places."),
    )


COMMAND = Group(
    name="policy",
    help=mark(
        "Write down which doors are meant to be open, in a file for review in git. It is looked for"
        " as ./doors.toml, as tojimari/doors.toml in your own settings (XDG) and as"
        " /etc/tojimari/doors.toml. A doors.toml in the current directory is only believed if it"
        " is yours or root's and nobody else may write to it."
    ),
    examples=(
        Example("tojimari policy init", mark("write one, asking about each open door")),
        Example("tojimari policy lint", mark("look for mistakes in it")),
        Example("tojimari policy explain 443", mark("which line decides for a port, and why")),
    ),
    no_args_is_help=True,
    commands=[
        Command(
            name="init",
            callback=_init,
            help=mark(
                "Write a policy from what is open now. It asks about each door: whether it is meant"
                " to be open, to whom and why. Nothing is approved in silence, and nothing is"
                " written before the last answer. As root it sees who holds each door."
            ),
            examples=(
                Example("sudo tojimari policy init", mark("ask, and write ./doors.toml")),
                Example(
                    "tojimari policy init --accept-all --output -",
                    mark("everything that is open now, to be reviewed"),
                ),
            ),
            params=[
                click.Option(
                    ["-o", "--output", "path"],
                    default=HERE,
                    metavar="FILE",
                    help=mark("Where to write it; - for standard output."),
                ),
                click.Option(
                    ["--force"], is_flag=True, help=mark("Replace a file that is there already.")
                ),
                click.Option(
                    ["--accept-all"],
                    is_flag=True,
                    help=mark(
                        "Ask nothing: take every open door as it is, with a reason that says so."
                    ),
                ),
            ],
        ),
        Command(
            name="lint",
            callback=_lint,
            help=mark(
                "Look a policy over: every mistake with its line, its column and a hint, and what"
                " is doubtful. Exits with 0, with 1 when there are mistakes, and with 2 when the"
                " file cannot be read."
            ),
            examples=(
                Example("tojimari policy lint", mark("the file that check would use")),
                Example("tojimari policy lint web1/doors.toml", mark("another one")),
                Example("tojimari policy lint - < doors.toml", mark("from standard input")),
            ),
            params=[click.Argument(["file"], required=False, metavar="[FILE]"), _policy_option()],
        ),
        Command(
            name="explain",
            callback=_explain,
            help=mark(
                "Say which line of the policy decides for a port, from where it may be reached and"
                " why. Exits with 0, and with 1 when no line speaks of the port."
            ),
            examples=(
                Example("tojimari policy explain 443", mark("TCP and UDP")),
                Example("tojimari policy explain 53/udp", mark("UDP alone")),
                Example(
                    "tojimari policy explain 53 --address 127.0.0.53",
                    mark("at one address of this machine"),
                ),
            ),
            params=[
                click.Argument(["question"], metavar="PORT[/TRANSPORT]"),
                click.Option(
                    ["--address"],
                    metavar="ADDRESS",
                    help=mark("Only at this address of the machine."),
                ),
                _policy_option(),
            ],
        ),
        proving.command(_policy_option()),
        Command(
            name="schema",
            callback=_schema,
            help=mark(
                "Print the JSON Schema of the policy file, by which editors complete and check it."
            ),
            examples=(
                Example(
                    "tojimari policy schema > doors.schema.json",
                    mark("for editors: begin doors.toml with #:schema ./doors.schema.json"),
                ),
            ),
        ),
    ],
)
