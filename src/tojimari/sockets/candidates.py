"""Who may hold a socket, by the control group that opened it."""

from collections.abc import Callable, Collection, Mapping

from tojimari.core.socket import Evidence, Owner
from tojimari.sockets.owners import Owners

MANY = 8  # a longer list of maybes tells nobody anything; the group's name does


class Candidates:
    """What control groups say of sockets whose holder could not be found."""

    def __init__(
        self,
        owners: Owners,
        paths: Mapping[int, str],
        members: Callable[[str], Collection[int]],
        may_hold: Callable[[int], bool],
    ) -> None:
        """Start with nothing known.

        Args:
            owners: Makes owners.
            paths: Control group id to path.
            members: Processes in a group, by its path.
            may_hold: Whether a process may hold something that we could not see.
        """
        self._owners = owners
        self._paths = paths
        self._members = members
        self._may_hold = may_hold
        self._known: dict[int, tuple[Owner, ...]] = {}

    def of(self, cgroup: int) -> tuple[Owner, ...]:
        """Those who may hold the sockets of one control group.

        Args:
            cgroup: Its id; 0 where it is not known.

        Returns:
            The processes in it whose descriptors could not be read; where there are none, or more
            than a few, one owner without a process, which names the group. Empty where even the
            group is not known.
        """
        known = self._known.get(cgroup)
        if known is None:
            known = self._known[cgroup] = self._find(cgroup)
        return known

    def _find(self, cgroup: int) -> tuple[Owner, ...]:
        path = self._paths.get(cgroup)
        if path is None:
            return ()
        pids = sorted(filter(self._may_hold, self._members(path)))
        if not 0 < len(pids) <= MANY:
            return self._owners.group(cgroup)
        return tuple(self._owners.owner(Evidence.CGROUP, pid, (), cgroup) for pid in pids)
