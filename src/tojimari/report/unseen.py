"""What could not be seen, at the end of every list."""

from collections.abc import Iterator, Sequence

from tojimari.core.message import mark
from tojimari.core.socket import Unseen
from tojimari.core.text import printable
from tojimari.report import columns
from tojimari.report.style import Style
from tojimari.report.view import View

INDENT = 4


def unseen(found: Sequence[Unseen], view: View) -> Iterator[str]:
    """Each thing with what to type to see it, what is the same for several only once."""
    if not found:
        return
    yield ""
    yield view.paint(view.language.text(mark("What could not be seen")), Style.STRONG)
    for position, one in enumerate(found):
        yield from columns.wrapped(view.language.say(one.message), view.columns, INDENT)
        following = [later.next for later in found[position + 1 : position + 2]]
        if one.next and one.next not in following:
            yield " " * INDENT + view.paint(f"> {printable(one.next)}", Style.CALM)
