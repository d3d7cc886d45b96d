"""``tojimari port``: what a number means, and which number is free."""

import click

from tojimari.cli import output, settings
from tojimari.cli.command import Command, Example
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.message import mark
from tojimari.report.ports import View

FREE = "free"  # no service of IANA's has this name; a test holds that
RANGES = ("well-known", "registered", "dynamic")


def port(
    words: tuple[str, ...],
    search: str | None,
    within: str | None,
    near: int | None,
    *,
    udp: bool,
) -> None:
    """Parse, ask, print."""
    if words and words[0].lower() == FREE:
        if len(words) > 1 or search is not None or within is not None:
            raise UsageError(
                "free stands alone: it finds a number, it explains none",
                hint="tojimari port free --near 8080",
            )
        _free(near, udp=udp)
        return
    if near is not None or udp:
        raise UsageError(
            "--near and --udp belong to: tojimari port free",
            hint="tojimari port free --near 8080, or tojimari port 53/udp",
        )
    if sum((bool(words), search is not None, within is not None)) != 1:
        raise UsageError(
            "name a number, or words to search for, or a range",
            hint="tojimari port 443; tojimari port --search mail; tojimari port --range dynamic",
        )
    _explain(words, search, within)


def _explain(words: tuple[str, ...], search: str | None, within: str | None) -> None:
    from tojimari.app import port as app  # noqa: PLC0415 - --help needs no registry
    from tojimari.registry.ranges import RangeName  # noqa: PLC0415 - the same
    from tojimari.report import ports  # noqa: PLC0415 - the same

    if search is not None:
        document = app.find(search)
    elif within is not None:
        document = app.meaning(RangeName(within))
    else:
        document = app.explain(words)
    if settings.current().json:
        output.json(document)
    else:
        output.lines(ports.text(document.answers, document.machine, _view()))


def _free(near: int | None, *, udp: bool) -> None:
    from tojimari.app import free as app  # noqa: PLC0415 - --help needs no registry
    from tojimari.report import free_port  # noqa: PLC0415 - the same

    found = app.find(near, Transport.UDP if udp else Transport.TCP)
    chosen = settings.current()
    if chosen.json:
        output.json(found)
    elif chosen.plain:
        output.lines([str(found.port)])
        for one in found.unseen:
            output.note(chosen.language.say(one.message))
    else:
        output.lines(
            free_port.text(
                f"{found.port}/{found.transport}",
                needs_root=found.needs_root,
                machine=found.machine,
                unseen=found.unseen,
                view=_view(),
            )
        )


def _view() -> View:
    chosen = settings.current()
    return View(
        language=chosen.language,
        columns=output.columns(),
        paint=output.paint,
        plain=chosen.plain,
        sources=chosen.verbosity > 0,
    )


COMMAND = Command(
    name="port",
    callback=port,
    help=mark(
        "Say what a port number means: whose it is by IANA, who really uses it, what comes through"
        " the door, and whether it may face the internet. Several questions at once are fine."
    ),
    examples=(
        Example("tojimari port 443", mark("what a number means")),
        Example("tojimari port https 53/udp", mark("by name; under one transport")),
        Example("tojimari port 8000-8100", mark("what is known of a range of numbers")),
        Example(
            "tojimari port --search mail", mark("find a number by words; mistakes are forgiven")
        ),
        Example("tojimari port --range dynamic", mark("what one of the three ranges means")),
        Example(
            "tojimari port free --near 8080",
            mark("a number that is nobody's; --plain prints it alone"),
        ),
    ),
    params=[
        click.Argument(["words"], nargs=-1, metavar="[NUMBER|RANGE|NAME|free]..."),
        click.Option(
            ["--search"],
            metavar="WORDS",
            help=mark("Find numbers by words, English or Japanese."),
        ),
        click.Option(
            ["--range", "within"],
            type=click.Choice(RANGES),
            help=mark("Say what one of the three ranges of numbers means (RFC 6335)."),
        ),
        click.Option(
            ["--near"],
            type=int,
            metavar="NUMBER",
            help=mark("With free: as near to this number as there is one."),
        ),
        click.Option(
            ["--udp"], is_flag=True, help=mark("With free: a number for UDP instead of TCP.")
        ),
    ],
)
