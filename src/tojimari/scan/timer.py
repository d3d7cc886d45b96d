"""How long to wait for an answer where each tells which probe it answers (RFC 6298)."""

from collections.abc import Iterable

from tojimari.scan.timing import INITIAL, MOST, Timing

# The clock's granularity of section 2.3, which the round trip's variation is never taken to be
# less than: not how often a clock ticks, but what a busy machine needs to be given its turn. The
# second of section 2.4 keeps a spurious retransmission from shrinking a TCP connection's window.
# Here a needless probe costs a probe, and what comes late still counts, since our port says which
# probe it answers.
GRAIN = 0.05

# Seconds before anything was heard: to a neighbour, and beyond (RFC 6298, section 2.1).
FIRST_ON_LINK, FIRST_BEYOND = 0.2, 1.0


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
        trip = self._trip
        if trip.smoothed is not None and trip.expected is not None:
            self.timeout = min(max(trip.expected, trip.smoothed + GRAIN), MOST)

    def back_off(self) -> None:
        """A pass is over: wait twice as long in the next, while nothing was heard (section 5.5).

        What is beside us may yet be far away, and its answers still be coming when the last pass
        is over. It stops at what is waited for at first where nobody claims to be near.
        """
        if self._trip.smoothed is None:
            self.timeout = max(self.timeout, min(2 * self.timeout, INITIAL))
