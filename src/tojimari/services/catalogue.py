"""The protocols that there are, and which of them a number or a program points to."""

import posixpath
from collections.abc import Iterable
from functools import cache

from tojimari.core import catalog
from tojimari.core.endpoint import Transport
from tojimari.services.dialogue import Protocol

PROTOCOLS = "tojimari.services.protocols"


@cache
def protocols() -> tuple[Protocol, ...]:
    """Every protocol, the likeliest first."""
    found = catalog.entries(PROTOCOLS, "PROTOCOL", Protocol)
    return tuple(sorted(found, key=lambda one: (-one.likelihood, one.name)))


def over(transport: Transport, among: Iterable[Protocol] | None = None) -> tuple[Protocol, ...]:
    """Those of one transport, the likeliest first."""
    return tuple(
        one for one in (protocols() if among is None else among) if one.transport is transport
    )


def expected(port: int, executable: str | None, among: Iterable[Protocol]) -> tuple[Protocol, ...]:
    """Those that the program or else the number points to, the surest first.

    The program's word is worth more: a number can be given to any program, and a program seldom
    speaks another language because it was moved.

    Args:
        port: The number.
        executable: Path or name of the program behind the door; None where it is not known.
        among: Protocols of one transport, the likeliest first.
    """
    by_number = [one for one in among if port in one.ports or port in one.tls_ports]
    by_program = spoken_by(executable, among)
    if not by_program:
        return tuple(by_number)
    both = [one for one in by_program if one in by_number]
    return tuple(both + [one for one in by_program if one not in both])


def spoken_by(executable: str | None, among: Iterable[Protocol]) -> list[Protocol]:
    """Those that a program is known to speak.

    Args:
        executable: Its path or name; None where it is not known.
        among: Protocols of one transport, the likeliest first.
    """
    program = posixpath.basename(executable) if executable else ""
    return [one for one in among if program and program in one.executables]
