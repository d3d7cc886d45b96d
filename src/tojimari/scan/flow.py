"""How many probes may go now: a window that answers open, a rate for the silent, and less on loss.

Where doors answer, their answers clock the sending: only so many probes are under way, and as many
go as come back. Where nothing answers there is no such clock, and a stated rate takes its place.
Where probes get lost by the quarter because there are too many of them, the rate that is delivered
is the rate that is sent. Less loss than that is taken as it is: a line that loses one probe in ten
does so at any rate, and another pass costs less than waiting.
"""

import math
from typing import NamedTuple

WINDOW = 256  # probes under way before the first answer; a device's queue holds 1,000 (ifconfig(8))
WIDEST = 4096  # measured: a wider one found nothing faster on 2 cores
BURST = 0.001  # seconds of the stated rate that may go at once

# Where probes are counted out, few go at once: a limit that allows bursts of five packets (so do
# nftables and iptables, unless told otherwise) would refuse the rest of a larger one.
FINE_BURST = 0.0001
COARSE = 1_000_000.0  # probes a second from which nobody counts them so finely
LEAST_BATCH = 64  # probes that are worth a call where there is no hurry
LEAST_RATE = 20.0  # probes a second

CROWDED = 0.25  # share of probes lost from which there may be too many of them
PROVEN = 0.08  # the same, once it has been seen that fewer are lost of fewer
EASY = 0.03  # share lost under which there may be more
_SLOWER = 0.8  # times a rate: what is slower than that is a trial of it
_HELPED = 0.5  # times the loss before: what is not more than that was a help,
_TWICE = 2.0  # and so was what brought so many times the share that was heard before
_REMEMBERED = 160  # probes: as many of the last measurements at one rate are taken together
_DOUBTED = 2.0  # standard errors that a loss is doubted by, until it is seen that less speed helps
_ABOVE = 1.02  # times what is delivered: so nothing is left unused
_BOLDEST, _BOLD = 2.0, 1.1  # times the rate: at first, and when the limit has been met again
_BOLDER = 1.2  # times the step, each time that it went well
_MULTIPLIER = 1664525  # Knuth, "The Art of Computer Programming", 3.3.4, for numbers of 32 bits


class Flow:
    """See the module; no clock of its own, times are handed in."""

    def __init__(self, silent: float, limit: float | None) -> None:
        """Begin.

        Args:
            silent: Probes a second where nothing answers.
            limit: Probes a second at most, by the user's word; None for none.
        """
        self._limit = limit
        self._floor = min(silent, limit or silent)
        self._paced: float | None = limit
        self._window = WINDOW
        self._tokens = 0.0
        self._at: float | None = None
        self._usual = 0.0  # loss that no rate helps against
        self._trial: _Trial | None = None
        self._proven = False  # whether going slower has helped
        self._step = _BOLDEST
        self._dither = 1
        self._lost = self._checked = 0.0  # at the rate of now

    @property
    def crowded(self) -> float | None:
        """Probes a second that loss has slowed us down to; None where it has not."""
        return self._paced if self._paced != self._limit else None

    def room(self, now: float, under_way: int) -> int:
        """How many probes may go."""
        rate, burst = self._rate_and_burst()
        if self._at is None:
            self._tokens = burst
        else:
            self._tokens = min(burst, self._tokens + (now - self._at) * rate)
        self._at = now
        if self._paced is None:
            return max(int(self._tokens), self._window - under_way)
        return int(self._tokens)

    def pause(self, wanted: int) -> float:
        """Seconds until the rate alone allows so many."""
        rate, burst = self._rate_and_burst()
        return max(0.0, (min(wanted, burst) - self._tokens) / rate)

    def _rate_and_burst(self) -> tuple[float, float]:
        if self._paced is None:
            return self._floor, max(1.0, self._floor * BURST)
        if self._paced >= COARSE and self.crowded is None:
            return self._paced, self._paced * BURST
        return self._paced, max(1.0, self._paced * FINE_BURST)

    def least(self, wanted: int) -> int:
        """How many of those wanted are worth a call.

        Where probes are counted out it is never the same number: a limit is met at another point
        of its own rhythm each time, or the checks would measure that rhythm.
        """
        _, burst = self._rate_and_burst()
        if burst >= COARSE * BURST:
            return min(wanted, int(burst) // 4)
        most = max(1, min(wanted, int(burst), LEAST_BATCH))
        if self.crowded is None:
            return most
        self._dither = self._dither * _MULTIPLIER + 1 & 0xFFFFFFFF
        return 1 + (self._dither >> 16) % most

    def sent(self, count: int) -> None:
        """So many went."""
        self._tokens = max(self._tokens - count, -self._floor * BURST)

    def answered(self, count: int) -> None:
        """So many were answered: as many more may be under way, as in RFC 5681, section 3.1."""
        self._window = min(self._window + count, WIDEST)

    def judge(self, lost: int, checked: int, rate: float, answered: float = 0.0) -> bool:
        """Take a measured loss into account.

        Args:
            lost: Probes to answering doors that stayed without an answer.
            checked: Of how many.
            rate: Probes a second, of every kind, at which they were sent.
            answered: Share of these that were answered: at least so many came through.

        Returns:
            Whether the rate is another now: then older measurements say nothing about it.
        """
        before = self._paced
        self._learn(lost, checked, rate, answered)
        if self._paced == before:
            return False
        self._lost = self._checked = 0.0
        return True

    def forget(self) -> None:
        """What was judged was no loss: go on as if it had not been."""
        self._paced = self._limit
        self._usual = 0.0
        self._trial = None
        self._proven = False
        self._step = _BOLDEST
        self._lost = self._checked = 0.0

    def _learn(self, lost: float, checked: float, rate: float, answered: float) -> None:
        if not self._proven and self._trial is None:
            # A line that loses at any rate loses much now and then: what it lost before counts too.
            fading = min(1.0, (_REMEMBERED - checked) / self._checked) if self._checked else 0.0
            self._lost = lost = self._lost * max(fading, 0.0) + lost
            self._checked = checked = self._checked * max(fading, 0.0) + checked
        loss = lost / checked
        heard = max(1 - loss, 1 / checked, answered)
        if self._trial is not None and rate < _SLOWER * self._trial.rate:
            trial, self._trial = self._trial, None
            if loss > _HELPED * trial.loss and heard < _TWICE * trial.heard:
                # As many are lost at the lower rate: it is the line, not the crowd.
                self._usual = max(self._usual, loss)
                self._paced = trial.paced
                return
            self._proven = True
        doubt = 1.0 if self._proven else _DOUBTED
        sure = loss - doubt * math.sqrt(loss * (1 - loss) / checked)
        if sure > self._usual + (PROVEN if self._proven else CROWDED):
            self._trial = self._trial or _Trial(self._paced, rate, loss, heard)
            if self._paced is not None:
                self._step = _BOLD
            paced = max(rate * heard * _ABOVE, LEAST_RATE)
        elif self._paced is not None and loss <= self._usual + EASY:
            # From the rate that was measured: what was learnt since is not yet known.
            paced = max(self._paced, rate * self._step)
            self._step = min(self._step * _BOLDER, _BOLDEST)
        else:
            return
        self._paced = min(paced, self._limit) if self._limit else paced


class _Trial(NamedTuple):
    """What was before we slowed down: whether that helped is seen when there are checks of it."""

    paced: float | None
    rate: float
    loss: float
    heard: float
