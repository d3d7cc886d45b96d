"""Products that are known by their web pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tojimari.core import catalog
from tojimari.core.message import Value
from tojimari.services.http import Response

PAGES = "tojimari.services.pages"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says of its product.

    Attributes:
        version: None where it does not say.
        details: What else a person wants to know.
    """

    version: str | None = None
    details: dict[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A product that speaks HTTP, as one file of ``services/pages`` tells it.

    Attributes:
        name: Short, in kebab case.
        product: Its name for people.
        vendor: Who makes it.
        source: The documentation of what is asked and answered.
        recognise: Whether an answer to ``GET /`` is this product's; its version if it says so.
        path: What to ask for the version (or, at the usual ports, whether it is this product).
        confirm: What the answer to ``path`` says; None where it is not this product's.
        ports: The usual numbers, at which ``path`` is asked although ``/`` told nothing.
    """

    name: str
    product: str
    vendor: str | None
    source: str
    recognise: Callable[[Response], Answer | None]
    path: str = ""
    confirm: Callable[[Response], Answer | None] | None = None
    ports: frozenset[int] = frozenset()


@cache
def pages() -> tuple[Page, ...]:
    """Every page of the catalogue."""
    return catalog.entries(PAGES, "PAGE", Page)


def never(response: Response) -> Answer | None:
    """For a product whose first page says nothing."""
    del response
    return None
