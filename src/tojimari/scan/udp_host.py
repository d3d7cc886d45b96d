"""One machine that is knocked at by UDP: what is not known yet, and how fast it may be asked.

Most systems answer at a shut door with an ICMP error, and only so many a second: Linux one a second
to each peer, after six at once (icmp(7): icmp_ratelimit; net/ipv4/inetpeer.c). Every error tells
one door for certain, so nothing can be quicker than the limit itself. To reach it, the unknown are
asked round and round a little faster than errors come: whichever is asked when the next one may be
sent is told, and none is wasted. The doors that are likeliest to be open are asked first.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from tojimari.scan.timing import Timing

FIRST_RATE = 1000.0  # probes a second to one machine before anything is known of it
MOST_RATE = 50_000.0
LEAST_RATE = 2.0  # twice what Linux answers
FASTER_THAN_ERRORS = 2.0
WINDOW = 0.5  # seconds over which errors are counted
WINDOW_PROBES = 8  # at least, too
GOOD, POOR = 0.8, 0.5  # shares of probes that are answered: nothing is limited; something is
LONGEST_SWEEP = 4  # passes after which patience grows no more
# Seconds that a pass waits where no error has come yet: another scan may just have used up what a
# machine sends at once, and the next comes after a second (icmp(7): icmp_ratelimit).
UNHEARD = 1.2
UNPROVED = 8  # silent passes in a row in which the control was silent too: it has changed its mind
SURE = 2  # passes in which none of the silent answers
BRIEF = 0.5  # seconds that a pass waits where nobody is to be waited for; daemons take milliseconds


@dataclass(slots=True)
class UdpHost:
    """What is known of a machine.

    Attributes:
        unknown: Places that are still to be asked in this pass.
        asked: Those that were asked in this pass and have not answered, with the time of it.
        tries: How often each was asked.
        rate: Probes a second.
        limited: Whether it answers only so many a second.
        silent: Passes in which none of the silent answered.
        sweep: Which pass, from 1.
        control: A door that is known to be shut: whether its error comes tells a limit from a wall.
        wants_control: Whether the control should be asked now.
        brief: Whether the silent are asked once more and then left, shut or not.
    """

    unknown: deque[int]
    asked: dict[int, float] = field(default_factory=dict[int, float])
    tries: dict[int, int] = field(default_factory=dict[int, int])
    rate: float = FIRST_RATE
    limited: bool = False
    silent: int = 0
    sweep: int = 1
    control: int | None = None
    wants_control: bool = False
    brief: bool = False
    timing: Timing = field(default_factory=Timing)
    _control_asked: bool = False
    _control_heard: bool = False
    _unproved: int = 0
    _since: float = 0.0
    _sent: int = 0
    _told: int = 0
    _answered: int = 0

    def sent(self, place: int, now: float) -> None:
        """A door is asked."""
        if not self._sent:
            self._since = now
        self._sent += 1
        self.asked[place] = now
        self.tries[place] = self.tries.get(place, 0) + 1

    def heard(self, place: int, now: float) -> tuple[int, float] | None:
        """A door answered: at which try, and after how long since; None where it is known already.

        An answer may come when the door is already waiting to be asked once more.
        """
        tries = self.tries.pop(place, 0)
        if not tries:
            return None
        self._told += 1
        self._answered += 1
        began = self.asked.pop(place, None)
        if began is None:
            self.unknown.remove(place)
            return tries, math.nan
        if tries == 1:
            self.timing.heard(now - began)
        return tries, now - began

    def asked_control(self) -> None:
        """The control is asked."""
        self.wants_control = False
        self._control_asked, self._control_heard = True, False

    def heard_control(self) -> None:
        """The error of the control came."""
        self._control_heard = True

    def pace(self, now: float) -> None:
        """Look back, and choose how fast to go on."""
        if self.brief:
            return
        lasted = now - self._since
        window = max(WINDOW, 2 * (self.timing.smoothed or 0.0))
        if lasted < window or self._sent < WINDOW_PROBES:
            return
        if self._told >= GOOD * self._sent:
            self.rate = min(MOST_RATE, self.rate * 2)
        elif self._control_asked and self._control_heard:
            # The silent are silent by themselves, not because errors have become scarce.
            self.limited = False
            self.rate = min(MOST_RATE, self.rate * 4)
            self._control_asked = False
        elif self._control_asked:
            self.limited = True
            self.rate = max(LEAST_RATE, FASTER_THAN_ERRORS * self._told / lasted)
            self._control_asked = False
        elif self.control is not None and (not self.limited or not self._told):
            self.wants_control = True
        elif self.limited:
            self.rate = max(LEAST_RATE, FASTER_THAN_ERRORS * self._told / lasted)
        self._since, self._sent, self._told = now, 0, 0

    def patience(self) -> float:
        """Seconds to wait after the last probe of a pass."""
        if self.brief:
            return BRIEF
        wait = self.timing.patience(min(self.sweep, LONGEST_SWEEP))
        if self.control is None:
            wait = max(wait, UNHEARD)
        return max(wait, 3 / self.rate) if self.limited else wait

    def turn(self) -> bool:
        """A pass is over; whether another is needed."""
        proved = self.control is None or self._control_heard
        self._unproved = 0 if proved or self._answered else self._unproved + 1
        if self._answered:
            self.silent = 0
        elif proved or self._unproved >= UNPROVED:
            self.silent += 1
        self._answered = 0
        enough = self.sweep >= SURE if self.brief else self.silent >= SURE
        if not self.asked or enough:
            return False
        self.sweep += 1
        self.unknown = deque(self.asked)
        self.asked = {}
        return True
