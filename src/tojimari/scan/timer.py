"""How long to wait for an answer (RFC 6298), from round trips whose probe is known for certain."""

from collections.abc import Iterable

_ALPHA, _BETA = 1 / 8, 1 / 4  # RFC 6298, section 2.3
_K = 4  # section 2.3

# The second of section 2.4 keeps a spurious retransmission from shrinking a TCP connection's
# window. Here a needless probe costs a probe, and what comes late still counts, since our port says
# which probe it answers; the least is what a busy machine needs to be given its turn.
LEAST = 0.05
MOST = 3.0  # seconds: nobody's door takes longer


class Timer:
    """The state of section 2.

    Attributes:
        timeout: Seconds to wait now.
        smoothed: Seconds a round trip takes; None before the first is known.
    """

    def __init__(self, first: float) -> None:
        """Begin without a measurement.

        Args:
            first: Seconds to wait until there is one (section 2.1 says 1).
        """
        self.timeout = first
        self.smoothed: float | None = None
        self._variation = 0.0

    def measure(self, seconds: Iterable[float]) -> None:
        """Take round trips into account, in their order."""
        for one in seconds:
            if self.smoothed is None:
                self.smoothed, self._variation = one, one / 2
            else:
                self._variation += _BETA * (abs(self.smoothed - one) - self._variation)
                self.smoothed += _ALPHA * (one - self.smoothed)
        if self.smoothed is not None:
            wanted = self.smoothed + _K * self._variation
            self.timeout = min(max(wanted, LEAST), MOST)
