"""What is known of one server's configuration: a file of ``close/services`` each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tojimari.close.grammar import Files
from tojimari.close.setting import Setting

Find = Callable[[Files, Sequence[str]], Iterable[Setting]]
RESTART, RELOAD = "restart", "reload"


@dataclass(frozen=True, slots=True)
class Service:
    """A server whose configuration is understood.

    Attributes:
        name: As its file is called.
        programs: Names of the processes that hold its doors.
        find: Every place that makes a door: given the files and the command line of the process,
            which is empty where none runs.
        test: The server's own test of its files, ``{file}`` for the first of them and ``{exe}`` for
            the program; empty where it has none.
        on_move: How it takes up another number: ``reload`` or ``restart``.
        on_bind: How it takes up another address. Where a socket of every address is still open,
            the kernel refuses one of a single address (EADDRINUSE): hence ``restart``.
        unit: Whether settings are of the unit that holds the door and of no other.
        source: Where its language is described.
    """

    name: str
    programs: frozenset[str]
    find: Find
    test: tuple[str, ...] = ()
    on_move: str = RESTART
    on_bind: str = RESTART
    unit: bool = False
    source: str = ""
