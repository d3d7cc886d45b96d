"""What somebody asks for when they have a door closed, moved or opened."""

from dataclasses import dataclass

SECONDS = 60  # until a change undoes itself, where nothing else is asked for


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for.

    Attributes:
        words: The numbers as they were typed.
        sources: To whom doors are closed: zones and networks; empty for everybody.
        allowed: Who is left in while they are closed to all others; empty for nobody.
        by: The way that is to be taken; None for the smallest.
        port: The new number; 0 where doors are closed.
        addresses: Where the service may go on listening; empty for this machine alone.
        seconds: Until it undoes itself; 0 for never.
        mask: Whether a unit is kept from starting in any way.
        kill: Whether a process that does not end may be killed.
        end_sessions: Whether the sessions that exist are ended too.
        command: The whole command line, for the journal.
        why: The reason that is written into the policy; empty where nothing is written.
        policy: The policy file; None for the usual one.
    """

    words: tuple[str, ...]
    sources: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    by: str | None = None
    port: int = 0
    addresses: tuple[str, ...] = ()
    seconds: int = SECONDS
    mask: bool = False
    kill: bool = False
    end_sessions: bool = False
    command: str = ""
    why: str = ""
    policy: str | None = None
