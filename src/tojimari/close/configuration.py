"""The file and the line that make a door."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tojimari.close.grammar import Files
from tojimari.close.service import Service
from tojimari.close.setting import Setting
from tojimari.core import catalog
from tojimari.core.door import Door
from tojimari.core.plan import Target
from tojimari.core.socket import Owner

SERVICES = "tojimari.close.services"


@dataclass(frozen=True, slots=True)
class Found:
    """A service whose files make a door.

    Attributes:
        service: Which.
        owner: The process that holds the door; None where none runs, and the files only say so.
        settings: Every place that makes it.
    """

    service: Service
    owner: Owner | None
    settings: tuple[Setting, ...]


def services() -> tuple[Service, ...]:
    """Every service whose configuration is understood."""
    return catalog.entries(SERVICES, "SERVICE", Service)


def found(files: Files, target: Target, doors: Iterable[Door]) -> list[Found]:
    """What makes a door: by its holders' files, or where nobody holds it, by any.

    Args:
        files: Of the machine.
        target: The number.
        doors: Those that are open there.
    """
    held = list(_held(files, target, doors))
    if held:
        return held
    return [
        Found(service, None, settings)
        for service in services()
        if (settings := _settings(files, service, target, ()))
    ]


def _held(files: Files, target: Target, doors: Iterable[Door]) -> Iterator[Found]:
    seen: set[tuple[str, str | None]] = set()
    for door in doors:
        for owner in door.owners:
            programs = {owner.name, (owner.exe or "").rpartition("/")[2]}
            for service in services():
                key = service.name, owner.unit
                if key in seen or not programs & service.programs:
                    continue
                command = (owner.unit or "",) if service.unit else owner.command
                settings = _settings(files, service, target, command)
                if settings:
                    seen.add(key)
                    yield Found(service, owner, settings)


def _settings(
    files: Files, service: Service, target: Target, command: Sequence[str]
) -> tuple[Setting, ...]:
    return tuple(
        one
        for one in service.find(files, command)
        if one.port == target.port and target.transport in one.transports
    )
