"""How a look is shown: as a table, or a door in full, or that nobody is there."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tojimari.app import look
from tojimari.cli import output
from tojimari.core.look import Look
from tojimari.registry.query import Query
from tojimari.report import doors

if TYPE_CHECKING:
    from tojimari.report.documents import LookDocument


def in_full(queries: Sequence[Query]) -> bool:
    """Whether single doors were asked for, by their numbers."""
    return bool(queries) and all(query.port is not None for query in queries)


def document(found: Look, queries: Sequence[Query]) -> "LookDocument":
    """The JSON document."""
    from tojimari.report import documents  # noqa: PLC0415 - 12 ms, for those who ask for JSON

    close = in_full(queries)
    return documents.look(found, [look.inspections(one) for one in found.doors] if close else None)


def lines(found: Look, queries: Sequence[Query]) -> Iterable[str]:
    """The text for a person, at this terminal."""
    view = output.view()
    if queries and not found.doors:
        meanings = [look.usually(query) for query in queries]
        asked = [
            doors.Asked(query.text, said, look.words(said))
            for query, said in zip(queries, meanings, strict=True)
        ]
        return doors.nothing(found, asked, view)
    if in_full(queries):
        from tojimari.report import door  # noqa: PLC0415 - 20 ms, for a door in full

        return door.texts(found, door.Sources(look.inspections, look.words), view)
    return doors.text(found, view)
