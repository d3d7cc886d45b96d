"""When silence is proof: how many passes, given how many probes get lost.

Losses are measured, not guessed: by probes to doors that are known to answer, sent among the
others, and by doors that answer a later try only.
"""

import math
from copy import copy

from tojimari.scan.book import Checked, Tally

PASSES = 2  # silent passes after the first that it takes at least
MISSED = 1e-4  # how many answering doors may be missed, as a mean over many scans
_ENOUGH = 20  # checks of one kind before they prove something
_PRIOR = 20
_LIMITED = 0.6  # times the share of open doors heard: no more of the closed, if resets are limited
_SURE = 5.0  # standard errors between the two: it is asked at every look, and not taken back
_SUSPECTED = 0.5  # share of closed doors heard under which resets may be limited


class Certainty:
    """What the passes so far prove.

    Attributes:
        silent: Passes, one after the other, in which no door answered for the first time.
        lossy: Whether any probe to an answering door was lost at all.
        resets_limited: Whether the target answers for every open door, but not for every closed.
    """

    def __init__(self) -> None:
        self.silent = 0
        self.lossy = False
        self.resets_limited = False
        self._chance = 1.0  # that a door which answers was lost in every pass so far
        self._pass = Checked()
        self._all = Checked()
        self._pairs = _Pairs()
        self._fresh = self._fresh_opens = self._retried = 0

    @property
    def loss(self) -> float | None:
        """Share of the probes to answering doors that were lost; None where none were checked."""
        sent, heard = self._of(self._all)
        if sent:
            return 1 - heard / sent
        return None

    def saw(self, tally: Tally) -> None:
        """Take in what one look brought."""
        self._fresh += tally.opens + tally.closed
        self._fresh_opens += tally.opens
        self._retried += tally.retried_opens if self.resets_limited else tally.retried

    def saw_checks(self, checked: Checked) -> None:
        """Take in checks whose time is over, in the order in which they were sent."""
        self._pass.add(checked)
        self._all.add(checked)
        self._pairs.add(checked)
        self.resets_limited = self.resets_limited or self._pairs.differ

    def rate_changed(self) -> None:
        """Compare nothing before with anything after."""
        self._pairs.part()

    def may_be_resets(self, checked: Checked) -> bool:
        """Whether what some checks lost may be nothing but resets that were not sent."""
        if self.resets_limited or checked.opens >= _ENOUGH:
            return False
        return checked.closed_heard <= _SUSPECTED * checked.closed

    def of(self, checked: Checked) -> tuple[int, int]:
        """How many of some checks count as measuring the way, and how many of these were heard.

        Open doors are the better measure: resets may be limited.
        """
        return self._of(checked)

    def _of(self, one: Checked) -> tuple[int, int]:
        if self.resets_limited or one.opens >= _ENOUGH:
            return one.opens, one.opens_heard
        return one.opens + one.closed, one.opens_heard + one.closed_heard

    def end_pass(self, attempt: int, answering: int) -> bool:
        """Close a pass.

        Args:
            attempt: Which, from 0.
            answering: Doors that answered so far.

        Returns:
            Whether it is certain now that the rest does not answer.
        """
        self.silent, self.lossy, self._chance = self._after(attempt)
        self._pass = Checked()
        self._fresh = self._fresh_opens = self._retried = 0
        return self._enough(answering)

    def proves_nothing_yet(self, attempt: int, answering: int) -> bool:
        """Whether closing the pass now would prove nothing yet, so that its last answers can wait.

        Args:
            attempt: Which, from 0.
            answering: Doors that answered so far.
        """
        after = copy(self)
        after.silent, after.lossy, after._chance = self._after(attempt)  # noqa: SLF001 - our own
        return not after._enough(answering)  # noqa: SLF001

    def _after(self, attempt: int) -> tuple[int, bool, float]:
        """What is known when the pass is closed: silent passes, loss, and the chance of a miss."""
        fresh = self._fresh_opens if self.resets_limited else self._fresh
        silent = self.silent
        if attempt:
            silent = 0 if fresh else silent + 1
        sent, heard = self._of(self._pass)
        lossy = self.lossy or heard < sent or self._retried > 0
        # Few checks prove little: what all of them say counts as so many more (a beta prior).
        every, every_heard = self._of(self._all)
        usual = (every - every_heard + 1) / (every + 2)
        return silent, lossy, self._chance * (sent - heard + usual * _PRIOR) / (sent + _PRIOR)

    def _enough(self, answering: int) -> bool:
        if self.silent < PASSES:
            return False
        return not self.lossy or answering * self._chance <= MISSED


class _Pairs:
    """Open and closed doors that were checked about the same time, and so at the same rate.

    Both are counted as if there had been as many closed as open ones each time: how many there were
    of each changes while doors are found, and so does what is lost.
    """

    def __init__(self) -> None:
        self._sent = self._opens = 0
        self._closed = 0.0
        self._now = Checked()

    def add(self, one: Checked) -> None:
        """Take checks in; they count when there are some of both kinds."""
        now = self._now
        now.add(one)
        if now.opens and now.closed:
            self._sent += now.opens
            self._opens += now.opens_heard
            self._closed += now.opens * now.closed_heard / now.closed
            self._now = Checked()

    def part(self) -> None:
        """What comes now is not of the same time."""
        self._now = Checked()

    @property
    def differ(self) -> bool:
        """Whether closed doors surely answer less often than open ones."""
        if self._sent < _ENOUGH or self._closed > _LIMITED * self._opens:
            return False
        share = (self._opens + self._closed) / (2 * self._sent)
        error = math.sqrt(2 * self._sent * share * (1 - share))
        return self._opens - self._closed >= _SURE * error
