"""JSON objects from strangers: what is no object is an empty one."""

import json
from typing import cast

Json = dict[str, object]


def parsed(data: bytes | str) -> Json:
    """The object in a text; empty where it is none, or is nested beyond sense."""
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def field(found: Json, *names: str) -> str | None:
    """A text inside nested objects; None where there is none.

    Args:
        found: The outermost object.
        names: The way to it.
    """
    here = found
    for name in names[:-1]:
        inner: object = here.get(name)
        if not isinstance(inner, dict):
            return None
        here = cast("Json", inner)
    last = here.get(names[-1])
    return last if isinstance(last, str) else None
