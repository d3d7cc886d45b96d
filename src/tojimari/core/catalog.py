"""One thing, one file, no second list: a catalogue is found by walking a package.

A protocol, a check, a dialect, a move, a report format and a command are each one file with one
module constant. Adding a file adds the thing; nothing else names it.
"""

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


@cache
def names(package: str) -> tuple[str, ...]:
    """The files of a package, without importing them.

    Args:
        package: Dotted name, such as ``tojimari.audit.checks``.

    Returns:
        Module names without the package, sorted; those that begin with ``_`` are left out.
    """
    path = importlib.import_module(package).__path__
    return tuple(
        sorted(found.name for found in pkgutil.iter_modules(path) if not found.name.startswith("_"))
    )


def entry(package: str, name: str, constant: str, kind: type[T]) -> T:
    """The thing that one file holds.

    Args:
        package: Dotted name of the catalogue.
        name: The file, as ``names`` gives it.
        constant: The module constant that every file of this catalogue has.
        kind: The class of the thing.

    Raises:
        TypeError: The file does not hold such a constant; a mistake of ours, not of the user's.
    """
    module: ModuleType = importlib.import_module(f"{package}.{name}")
    found: object = getattr(module, constant, None)
    if not isinstance(found, kind):
        msg = f"{package}.{name} must define {constant} as a {kind.__name__}"
        raise TypeError(msg)
    return found


def entries(package: str, constant: str, kind: type[T]) -> tuple[T, ...]:
    """Everything in a catalogue, in the order of the file names."""
    return tuple(entry(package, name, constant, kind) for name in names(package))
