"""What ``tojimari port free`` says to a person."""

from collections.abc import Iterator, Sequence

from tojimari.core.message import mark
from tojimari.core.socket import Unseen
from tojimari.linux.sysctl import PortSettings
from tojimari.report import columns
from tojimari.report.ports import INDENT, WIDEST, View
from tojimari.report.style import Style


def text(
    door: str, *, needs_root: bool, machine: PortSettings, unseen: Sequence[Unseen], view: View
) -> Iterator[str]:
    """The number, and why it may be called free.

    Args:
        door: ``8079/tcp``.
        needs_root: Whether only root may open it.
        machine: This machine's settings.
        unseen: What could not be asked.
        view: How it is shown.
    """
    yield view.paint(view.say(mark("{door} is free."), door=door), Style.STRONG)
    reasons = [
        view.say(mark("IANA has given it to nobody, and nothing is known to use it.")),
        view.say(mark("No socket of this machine holds it now, in this network namespace.")),
    ]
    if machine.ephemeral is not None:
        reasons.append(
            view.say(
                mark("The kernel does not hand it out to programs that call out ({first}-{last})."),
                first=machine.ephemeral.first,
                last=machine.ephemeral.last,
            )
        )
    if needs_root:
        reasons.append(
            view.say(mark("Only root may open it here, or a program with CAP_NET_BIND_SERVICE."))
        )
    reasons.append(view.say(mark("It is free until somebody takes it: nothing keeps it for you.")))
    for reason in reasons:
        yield from columns.wrapped(reason, min(view.columns, WIDEST), INDENT)
    if unseen:
        yield view.paint(view.say(mark("What could not be seen")), Style.STRONG)
    for one in unseen:
        yield from columns.wrapped(
            view.language.say(one.message), min(view.columns, WIDEST), INDENT
        )
        if one.next:
            yield " " * INDENT + view.paint(f"> {one.next}", Style.CALM)
