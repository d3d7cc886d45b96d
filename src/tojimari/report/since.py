"""How long something has been so, in the largest unit that says it."""

from tojimari.core.message import Message
from tojimari.report.language import Language

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def since(started: float, now: float, language: Language) -> str:
    """``for 3 min``; a clock that was set back gives the shortest.

    Args:
        started: Seconds since the epoch.
        now: The same.
        language: Of the result.
    """
    seconds = max(0.0, now - started)
    if seconds < MINUTE:
        return language.say(Message("since-s", "for {count} s", {"count": int(seconds)}))
    if seconds < HOUR:
        return language.say(
            Message("since-min", "for {count} min", {"count": int(seconds / MINUTE)})
        )
    if seconds < DAY:
        return language.say(Message("since-h", "for {count} h", {"count": int(seconds / HOUR)}))
    return language.say(Message("since-d", "for {count} d", {"count": int(seconds / DAY)}))
