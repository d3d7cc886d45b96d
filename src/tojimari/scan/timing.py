"""How long to wait for an answer.

Source: RFC 6298, sections 2 and 3: smoothed round trip and its variation; only probes that were
sent once are measured (Karn's algorithm), unless the answer says which probe it answers.
"""

from dataclasses import dataclass

INITIAL = 1.0  # seconds before anything was heard (RFC 6298, section 2.1)
LEAST = 0.1  # seconds; a busy machine answers late. RFC 6298 has 1 s, for connections that last
MOST = 3.0  # seconds; who answers later than that is called silent
_GAIN, _VARIATION_GAIN = 1 / 8, 1 / 4
_WIDTH = 4  # variations


@dataclass(slots=True)
class Timing:
    """What is known of the round trip to somebody.

    Attributes:
        smoothed: Seconds; None before anything was heard.
        variation: Seconds.
    """

    smoothed: float | None = None
    variation: float = 0.0

    def heard(self, seconds: float) -> None:
        """An answer took so long."""
        if self.smoothed is None:
            self.smoothed, self.variation = seconds, seconds / 2
            return
        self.variation += _VARIATION_GAIN * (abs(self.smoothed - seconds) - self.variation)
        self.smoothed += _GAIN * (seconds - self.smoothed)

    @property
    def expected(self) -> float | None:
        """Seconds after which hardly an answer comes any more; None before anything was heard."""
        if self.smoothed is None:
            return None
        return self.smoothed + _WIDTH * self.variation

    def patience(self, tries: int) -> float:
        """Seconds to wait for an answer; longer each time (RFC 6298, section 5.5).

        Args:
            tries: Which probe, from 1.
        """
        if self.expected is None:
            return min(MOST, INITIAL * (1 + (tries - 1) / 2))
        return min(MOST, max(LEAST, self.expected) * (1 << tries - 1))
