"""When silence is proof: how many passes, given how many probes get lost.

Losses are measured, not guessed: by probes to doors that are known to answer, sent among the
others, and by doors that answer a later try only.
"""

from copy import copy

from tojimari.scan.book import Checked, Tally

PASSES = 2  # silent passes after the first that it takes at least
MISSED = 1e-4  # how many answering doors may be missed, as a mean over many scans
_ENOUGH = 20  # checks of one kind before they prove something
_PRIOR = 20
_MOST_HEARD, _LEAST_HEARD = 0.5, 0.8  # shares that tell a limit of resets from loss


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
        self._steady = Checked()  # since the rate was last changed
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

    def saw_checks(self, checked: Checked, *, steady: bool = True) -> None:
        """Take in checks whose time is over.

        Args:
            checked: They.
            steady: Whether they were sent at the rate of now.
        """
        self._pass.add(checked)
        self._all.add(checked)
        if steady:
            self._steady.add(checked)
        one = self._steady
        if one.opens >= _ENOUGH and one.closed >= _ENOUGH:
            open_share, closed_share = one.opens_heard / one.opens, one.closed_heard / one.closed
            self.resets_limited = open_share >= _LEAST_HEARD and closed_share <= _MOST_HEARD

    def rate_changed(self) -> None:
        """Compare nothing before with anything after."""
        self._steady = Checked()

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
