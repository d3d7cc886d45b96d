"""What a number, and the program behind it, usually mean."""

from dataclasses import dataclass
from enum import StrEnum


class Advice(StrEnum):
    """Whether a service may face the internet."""

    FINE = "fine"
    CAREFUL = "careful"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the registry says of a door. A convention, not a law.

    Attributes:
        assignment: IANA's name for the number; None where there is none.
        usual: What really uses the number; None where nothing is known to.
        service: Short name of the service whose plain words fit: by the program that holds the
            door, else by the number; None where there are no words.
        by_program: Whether ``service`` was found by the program, or by what spoke there: both are
            surer than the number.
        kind: The service's kind (``database``, ``remote-shell``, …); None without ``service``.
        internet: Whether such a service may face the internet; None without ``service``.
    """

    assignment: str | None = None
    usual: str | None = None
    service: str | None = None
    by_program: bool = False
    kind: str | None = None
    internet: Advice | None = None


NOTHING_KNOWN = Meaning()
