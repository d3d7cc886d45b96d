"""The inside view, for people and programs: which doors are open, and one door in full."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tojimari.app import firewalls, join
from tojimari.core.door import Door
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.errors import UsageError
from tojimari.core.look import Look
from tojimari.core.meaning import NOTHING_KNOWN, Meaning
from tojimari.core.message import Message, mark
from tojimari.core.socket import InsideView, Namespace, Owner, Role
from tojimari.registry import meaning
from tojimari.registry import words as registry_words
from tojimari.registry.query import Query, parse
from tojimari.registry.words import Words

if TYPE_CHECKING:
    from tojimari.app.firewalls import Firewalls
    from tojimari.app.hearing import Progress
    from tojimari.sockets.inspection import Inspection

ANYWHERE = "0.0.0.0"  # noqa: S104 - a number means the same at every address; nothing is bound
HINT = mark("tojimari look 80, tojimari look 53/udp, tojimari look 8000-8100, tojimari look nginx")


def question(text: str) -> Query:
    """Read which doors somebody asks for: ``80``, ``53/udp``, ``8000-8100``, ``nginx``.

    Raises:
        UsageError: It is no number of a door and no name.
    """
    try:
        return parse(text)
    except UsageError as error:
        error.hint = Message(error.hint.code, HINT)
        raise


def look(
    queries: Sequence[Query] = (),
    *,
    clients: bool = False,
    namespace: str | None = None,
    identify: bool = False,
    scan: bool = False,
    progress: "Progress | None" = None,
) -> Look:
    """Look at the doors of this machine.

    Args:
        queries: Only what one of them asks for; empty for everything.
        clients: Whether to list UDP sockets that only wait for an answer, too. A query that names a
            number lists them in any case.
        namespace: Only the doors in this network namespace: its name, its inode or the name of a
            container; None for all.
        identify: Whether to speak with each of these doors, which takes up to some seconds.
        scan: Whether to knock at these doors from outside, which takes some seconds and root's
            rights; with no query at every number.
        progress: Is told how many were knocked at or spoken with, of how many.

    Raises:
        UsageError: There is no such namespace.
        HostError: The kernel's sockets cannot be read.
    """
    seen, walls = guarded(view())
    joined = doors(seen, walls)
    if scan:
        from tojimari.app import sighting  # noqa: PLC0415 - only where somebody asks for it

        wanted = select(seen, joined, queries, clients=clients, namespace=namespace)
        numbers = None if not queries else sighting.numbers(queries, wanted.doors)
        sighted = sighting.see(seen, joined, walls, ports=numbers, progress=progress)
        joined, seen = sighted.doors, replace(seen, unseen=(*seen.unseen, *sighted.unseen))
    found = select(seen, joined, queries, clients=clients, namespace=namespace)
    if not identify:
        return found
    from tojimari.app import hearing  # noqa: PLC0415 - heavy, and only where somebody asks for it

    heard = hearing.listen(seen, found.doors, progress)
    return replace(found, doors=heard.doors, unseen=(*found.unseen, *heard.unseen))


def view(*, connections: bool = False) -> InsideView:
    """What the kernel says of this machine's sockets, by the best means that it has.

    Args:
        connections: Whether to read the conversations, too.

    Raises:
        HostError: The sockets cannot be read.
    """
    if on_linux():
        from tojimari.sockets import inside  # noqa: PLC0415 - each is heavy, and one is needed

        return inside.view(connections=connections)
    from tojimari.sockets import portable  # noqa: PLC0415 - the same

    return portable.view(connections=connections)


def guarded(seen: InsideView, command: str = "look") -> "tuple[InsideView, Firewalls]":
    """What was seen, and the firewalls before it; what of them could not be read is said with it.

    Args:
        seen: What the kernel said.
        command: The command to type again with more rights.
    """
    walls = firewalls.survey(seen, command=command)
    return replace(seen, unseen=(*seen.unseen, *walls.unseen)), walls


def doors(seen: InsideView, walls: "Firewalls | None" = None) -> tuple[Door, ...]:
    """Everything that was seen, joined into doors, by port.

    Args:
        seen: What the kernel said.
        walls: What the firewalls said; None where nobody asked them.
    """
    return join.doors(seen, meaning.of, walls)


def select(
    seen: InsideView,
    joined: Sequence[Door],
    queries: Sequence[Query] = (),
    *,
    clients: bool = False,
    namespace: str | None = None,
) -> Look:
    """The doors that are asked for, out of all.

    Args:
        seen: What the kernel said.
        joined: The same, joined.
        queries: As for ``look``.
        clients: As for ``look``.
        namespace: As for ``look``.

    Raises:
        UsageError: There is no such namespace.
    """
    inodes = _inodes(seen.namespaces, namespace)
    asked = [
        door
        for door in joined
        if (inodes is None or door.namespace.inode in inodes)
        and (not queries or any(asks_for(query, door) for query in queries))
    ]
    clients = clients or any(query.ports is not None for query in queries)
    shown = tuple(door for door in asked if clients or _serves(door))
    return Look(
        host=seen.host,
        at=seen.at,
        namespaces=seen.namespaces,
        doors=shown,
        clients=len(asked) - len(shown),
        unseen=seen.unseen,
        method=seen.method,
    )


def asks_for(query: Query, door: Door) -> bool:
    """Whether a question is about this door.

    A name may be that of a program, a unit, a container, a user or a service.
    """
    if query.transport not in {None, door.endpoint.transport}:
        return False
    if query.ports is not None:
        return door.endpoint.port in query.ports
    said = door.meaning
    wanted = query.name
    return wanted in {said.service, said.usual, said.assignment} or any(
        wanted in _names(owner) for owner in door.owners
    )


def words(said: Meaning) -> Words | None:
    """The plain words of the service that a door or a number usually is."""
    return registry_words.by_name(said.service) if said.service else None


def usually(query: Query) -> Meaning:
    """What the number that somebody asked for usually is; nothing where they gave a name."""
    if query.port is None:
        return NOTHING_KNOWN
    return meaning.of(Endpoint(query.transport or Transport.TCP, ANYWHERE, query.port))


def inspections(door: Door) -> "tuple[Inspection, ...]":
    """One door in full: each process that holds it, looked at more closely."""
    from tojimari.sockets.inspection import inspect  # noqa: PLC0415 - 17 ms, for one door in full

    listener = door.listener
    if listener is None:
        return ()
    return tuple(
        inspect(owner.pid, owner.exe, listener.inodes)
        for owner in listener.owners
        if owner.pid is not None
    )


def _names(owner: Owner) -> set[str | None]:
    """Everything that an owner is called by."""
    unit = (owner.unit or "").rpartition(".")[0]
    names = {owner.name, (owner.exe or "").rpartition("/")[2], owner.unit, unit, owner.user}
    if owner.container is not None:
        names |= {owner.container.name, owner.container.id}
    return names - {"", None}


def on_linux() -> bool:
    """Whether the kernel is Linux; everything else is asked through psutil."""
    return sys.platform == "linux"


def _serves(door: Door) -> bool:
    return door.listener is None or door.listener.role is not Role.CLIENT


def _inodes(namespaces: Sequence[Namespace], name: str | None) -> set[int] | None:
    """The namespaces that a name stands for; None where none was given.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return None
    found = {one.inode for one in namespaces if name in {one.name, str(one.inode)}}
    if not found:
        raise UsageError(
            "There is no network namespace {name}.",
            hint="--namespace takes one of these: {known}",
            name=name,
            known=", ".join(one.name for one in namespaces),
        )
    return found
