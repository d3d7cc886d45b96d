"""The JSON Schema of every document that a command prints, from the types that make them.

What the attributes mean stands in the docstring of each type, and goes into the schema from there.
"""

import collections.abc
import dataclasses
import datetime as dt
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

import tojimari.app
import tojimari.report

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference" / "schema"
PACKAGES = (tojimari.app, tojimari.report)

Schema = dict[str, Any]


def documents() -> dict[str, type]:
    """Every document, by the name that its ``schema`` has: ``tojimari.look/1``."""
    found: dict[str, type] = {}
    for package in PACKAGES:
        for module in pkgutil.iter_modules(package.__path__):
            members = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
            for kind in members.values():
                if isinstance(kind, type) and _is_document(kind):
                    (name,) = get_args(get_type_hints(kind)["schema"])
                    found[name] = kind
    return dict(sorted(found.items()))


def _is_document(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) and any(
        field.name == "schema" for field in dataclasses.fields(kind)
    )


def pages() -> dict[Path, str]:
    """Each file, and what it must hold."""
    schemas = {name: schema(name, kind) for name, kind in documents().items()}
    found = {
        FOLDER / f"{name.replace('/', '-')}.schema.json": json.dumps(one, indent=2) + "\n"
        for name, one in schemas.items()
    }
    found[ROOT / "docs" / "reference" / "json.md"] = overview(schemas)
    return found


def schema(name: str, kind: type) -> Schema:
    """The schema of one document (JSON Schema, draft 2020-12)."""
    known: dict[str, Schema] = {}
    made = _of(kind, known)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        **made,
        "$defs": dict(sorted(known.items())),
    }


_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    dt.date: {"type": "string", "format": "date"},
}


def _of(kind: Any, known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - any type that a field has
    """The schema of the values of a type; records are put into ``known``, by their name.

    Raises:
        TypeError: A document holds a type that is none of JSON's.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is not None:
        return _composed(kind, known)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    if isinstance(kind, type) and (
        dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)
    ):
        return _record(kind, known)
    msg = f"no JSON for {kind}"
    raise TypeError(msg)


def _composed(kind: Any, known: dict[str, Schema]) -> Schema:  # noqa: ANN401 - the same
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in {Union, UnionType}:
        return {"anyOf": [_of(one, known) for one in inner]}
    if origin in {dict, collections.abc.Mapping}:
        return {"type": "object", "additionalProperties": _of(inner[1], known)}
    return {"type": "array", "items": _of(inner[0], known)}


def _record(kind: type, known: dict[str, Schema]) -> Schema:
    """A reference to a record, which is described once."""
    name = kind.__name__
    if name not in known:
        known[name] = {}
        text, _, rest = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:\n")
        meanings = dict(_attributes(rest))
        hints = get_type_hints(kind)
        names = [field for field in hints if not field.startswith("_")]
        known[name] = {
            "type": "object",
            "description": " ".join(text.split()),
            "properties": {
                field: _of(hints[field], known)
                | ({"description": meanings[field]} if field in meanings else {})
                for field in names
            },
            "required": names,
        }
    return {"$ref": f"#/$defs/{name}"}


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Name and meaning of each attribute of a docstring in Google's style."""
    for block in re.split(r"\n(?=    \w+: )", "\n" + text):
        name, found, meaning = block.strip().partition(": ")
        if found:
            yield name, " ".join(meaning.split())


def overview(schemas: dict[str, Schema]) -> str:
    """The page for people: each document with its own fields, and where its schema is."""
    parts = [
        (
            "# JSON documents\n\nWith `--json` a command prints one document. Its `schema` names"
            " form and version: a version may gain fields, and never loses or changes one."
            " Keys and codes are English, text from the system is given as it is."
        )
    ]
    for name, one in schemas.items():
        top = str(one["$ref"]).rpartition("/")[2]
        rows = [
            f"| `{field}` | {_kind(value)} | {value.get('description', '')} |"
            for field, value in one["$defs"][top]["properties"].items()
        ]
        parts.append(
            f"## {name}\n\n{one['$defs'][top].get('description', '')}"
            f" ([schema](schema/{name.replace('/', '-')}.schema.json))\n\n"
            + "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts) + "\n"


def _kind(value: Schema) -> str:
    """A type in a word."""
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if value.get("type") == "array":
        return f"array of {_kind(value.get('items', {}))}" if value.get("items") else "array"
    return str(value.get("type", "string"))
