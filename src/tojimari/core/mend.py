"""The command that mends what was found: as it is typed, and as it is carried out."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mend:
    """A door closed to all, or to some, or left open to those alone for whom it is meant.

    Attributes:
        port: The door as it is typed: ``6379``, ``53/udp``.
        sources: To whom it is closed, or with ``why`` who is left in; empty for everybody.
        by: The way that is taken; empty for the smallest.
        why: Why it is meant to be open to those; empty where it is closed.
        policy: The policy file that was asked for; empty for the usual one.
    """

    port: str
    sources: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    policy: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What is typed after ``tojimari``."""
        found = ["allow" if self.why else "close", self.port]
        for one in self.sources:
            found += ["--from", one]
        for option, value in (("--by", self.by), ("--why", self.why), ("--policy", self.policy)):
            if value:
                found += [option, value]
        return tuple(found)

    @property
    def typed(self) -> str:
        """The whole command line."""
        return shlex.join(("sudo", "tojimari", *self.words))
