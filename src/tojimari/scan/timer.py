"""How long to wait for an answer where each tells which probe it answers (RFC 6298)."""

from collections.abc import Iterable

from tojimari.scan.timing import MOST, Timing

# The second of section 2.4 keeps a spurious retransmission from shrinking a TCP connection's
# window. Here a needless probe costs a probe, and what comes late still counts, since our port says
# which probe it answers; the least is what a busy machine needs to be given its turn.
LEAST = 0.05


class Timer:
    """One patience for all of a task's probes.

    Attributes:
        timeout: Seconds to wait now.
    """

    def __init__(self, first: float) -> None:
        """Begin without a measurement.

        Args:
            first: Seconds to wait until there is one (section 2.1 says 1).
        """
        self.timeout = first
        self._trip = Timing()

    def measure(self, seconds: Iterable[float]) -> None:
        """Take round trips into account, in their order."""
        for one in seconds:
            self._trip.heard(one)
        if self._trip.expected is not None:
            self.timeout = min(max(self._trip.expected, LEAST), MOST)
