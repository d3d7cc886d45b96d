"""From processes and descriptors to owners: each process is asked once."""

from collections.abc import Iterable, Sequence
from functools import cache

from tojimari.core.socket import Evidence, Owner
from tojimari.linux import cgroups
from tojimari.sockets import containers, process, units
from tojimari.sockets.holding import Place as Held
from tojimari.sockets.units import Place


class Owners:
    """Makes owners, and remembers the processes: thousands of sockets share a few."""

    def __init__(self, paths: dict[int, str]) -> None:
        """Start with nobody known.

        Args:
            paths: Control group id to path.
        """
        self._paths = paths
        self._processes: dict[int, Owner] = {}
        self._shared: dict[tuple[int, int], tuple[Owner]] = {}

    def holders(self, places: Iterable[Held], evidence: Evidence, cgroup: int) -> tuple[Owner, ...]:
        """Those who hold one door, the smallest process number first.

        Args:
            places: Where its sockets are held; for an io_uring's or a unix socket's, that is where
                the ring or the unix socket is.
            evidence: How that was found.
            cgroup: Id of the socket's control group; 0 where it is not known.
        """
        descriptors: dict[int, set[int]] = {}
        for pid, number in places:
            descriptors.setdefault(pid, set()).add(number)
        is_direct = evidence is Evidence.DESCRIPTOR
        return tuple(
            self.owner(evidence, pid, sorted(numbers) if is_direct else (), cgroup)
            for pid, numbers in sorted(descriptors.items())
        )

    def owner(self, evidence: Evidence, pid: int, descriptors: Sequence[int], cgroup: int) -> Owner:
        """One process as an owner.

        Args:
            evidence: How it was found.
            pid: The process.
            descriptors: Ascending; empty where it has none.
            cgroup: As above.
        """
        known = self._processes.get(pid)
        if known is None:
            known = self._processes[pid] = _ask(pid, self._paths.get(cgroup))
        return Owner(
            evidence,
            pid,
            known.name,
            known.exe,
            known.deleted,
            known.command,
            known.user,
            known.started,
            tuple(descriptors),
            known.unit,
            known.container,
            self._paths.get(cgroup),
        )

    def shared(self, pid: int, cgroup: int) -> tuple[Owner]:
        """One process as the holder of connections, all of which share the answer.

        Args:
            pid: The process.
            cgroup: As above.
        """
        key = (pid, cgroup)
        known = self._shared.get(key)
        if known is None:
            known = self._shared[key] = (self.owner(Evidence.DESCRIPTOR, pid, (), cgroup),)
        return known

    def group(self, cgroup: int) -> tuple[Owner, ...]:
        """What the control group alone says; empty where even that is not known."""
        path = self._paths.get(cgroup)
        if path is None:
            return ()
        place = place_of(path)
        return (Owner(Evidence.CGROUP, unit=place.unit, container=place.container, cgroup=path),)

    def kernel(self, cgroup: int) -> Owner:
        """The kernel itself."""
        return Owner(Evidence.KERNEL, cgroup=self._paths.get(cgroup))


def _ask(pid: int, path: str | None) -> Owner:
    """What is the same for all sockets of a process.

    Args:
        pid: The process.
        path: Control group of one of its sockets, in which it is, too, as far as is known where it
            has gone meanwhile or is hidden from us.
    """
    try:
        facts = process.facts(pid)
    except ProcessLookupError:
        place = place_of(path) if path is not None else units.NOWHERE
        return Owner(Evidence.DESCRIPTOR, pid, unit=place.unit, container=place.container)
    path = cgroups.of_process(pid)
    place = place_of(path) if path is not None else units.NOWHERE
    return Owner(
        evidence=Evidence.DESCRIPTOR,
        pid=pid,
        name=facts.name,
        exe=facts.exe,
        deleted=facts.deleted,
        command=facts.command,
        user=facts.user,
        started=facts.started,
        unit=place.unit,
        container=place.container,
    )


@cache
def place_of(path: str) -> Place:
    """Unit and container of a control group, with the name that people gave the container."""
    place = units.place(path)
    if place.container is None:
        return place
    return Place(place.unit, containers.named(place.container))
