"""A number that is nobody's: ``tojimari port free``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from tojimari.app import occupancy
from tojimari.app.occupancy import Trial
from tojimari.core.endpoint import MAX_PORT, Transport
from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.linux.sysctl import PortSettings, port_settings
from tojimari.registry import assignments, defacto, words

SCHEMA: Final = "tojimari.port-free/1"
# Where to begin when no number is wished for: above the numbers that Linux hands out unless it was
# told otherwise (32768-60999, ip-sysctl.rst), in the range that IANA gives to nobody.
START = 61000
UNPRIVILEGED = 1024  # where the kernel does not say (ip-sysctl.rst, ip_unprivileged_port_start)
Holding = Callable[[Transport], frozenset[int] | None]
Trying = Callable[[int, Transport], Trial]
_TRIALS = 200  # doors that are tried before giving up


@dataclass(frozen=True, slots=True)
class FreePort:
    """A free number, and what was asked about it.

    Attributes:
        schema: Name and version of this form.
        port: The number.
        transport: Under which it is free.
        near: The number that was wished for; None where none was.
        needs_root: Whether only root may open it.
        machine: This machine's settings.
        unseen: What could not be asked; empty where everything was.
    """

    schema: Literal["tojimari.port-free/1"]
    port: int
    transport: Transport
    near: int | None
    needs_root: bool
    machine: PortSettings
    unseen: tuple[Unseen, ...]


def find(
    near: int | None = None,
    transport: Transport = Transport.TCP,
    *,
    settings: PortSettings | None = None,
    in_use: Holding = occupancy.in_use,
    trial: Trying = occupancy.trial,
) -> FreePort:
    """The nearest number that is nobody's.

    IANA has given it to nobody, nothing is known to use it, no socket of this machine holds it, and
    the kernel does not hand it out. It stays free only until somebody takes it.

    Args:
        near: The wish; None for any number.
        transport: TCP or UDP.
        settings: This machine's, unless a test has its own.
        in_use: Which numbers sockets hold; the same.
        trial: Whether the door opens; the same.

    Raises:
        UsageError: The wish is no port.
        HostError: There is no such number, or nothing here can be asked.
    """
    if near is not None and not 0 < near <= MAX_PORT:
        raise UsageError(
            "{number} is no port to be near: the numbers go from 1 to 65535",
            hint="tojimari port free --near 8080",
            number=near,
        )
    machine = port_settings() if settings is None else settings
    held = in_use(transport)
    candidates = _candidates(START if near is None else near, machine, held or frozenset())
    for port in islice(candidates, _TRIALS):
        outcome = trial(port, transport)
        if outcome is Trial.UNABLE and held is None:
            break
        if outcome is not Trial.TAKEN:
            return FreePort(
                schema=SCHEMA,
                port=port,
                transport=transport,
                near=near,
                needs_root=machine.is_privileged(port) or outcome is Trial.REFUSED,
                machine=machine,
                unseen=tuple(_unseen(machine, held, outcome)),
            )
    raise HostError(
        "no number was found that is surely free on this machine",
        hint="tojimari port free --near 8080; tojimari look lists what is open",
    )


def _candidates(wish: int, machine: PortSettings, held: frozenset[int]) -> Iterator[int]:
    """Numbers that are nobody's, the nearest to the wish first, of two equally near the higher.

    Numbers for root alone are left out, unless the wish is one.
    """
    lowest = UNPRIVILEGED if machine.unprivileged_start is None else machine.unprivileged_start
    first = 1 if wish < lowest else max(1, lowest)
    anybodys = (
        held
        | assignments.given_between(first, MAX_PORT)
        | defacto.used_between(first, MAX_PORT)
        | words.told_between(first, MAX_PORT)
    )
    for distance in range(MAX_PORT + 1):
        for port in dict.fromkeys((wish + distance, wish - distance)):
            if first <= port <= MAX_PORT and port not in anybodys and not machine.hands_out(port):
                yield port


def _unseen(machine: PortSettings, held: frozenset[int] | None, outcome: Trial) -> Iterator[Unseen]:
    if held is None:
        yield Unseen(
            Message(
                "no-socket-table",
                "This system has no table of sockets to read; the door was only tried.",
            ),
            0,
        )
    if outcome is Trial.REFUSED:
        yield Unseen(
            Message(
                "door-not-tried",
                "The door could not be tried, which takes root; only the table was read.",
            ),
            1,
            "sudo tojimari port free",
        )
    if outcome is Trial.UNABLE:
        yield Unseen(
            Message(
                "door-unable",
                "The door could not be tried on this machine; only the table was read.",
            ),
            1,
        )
    if machine.ephemeral is None:
        yield Unseen(
            Message(
                "no-ephemeral-range",
                "Which numbers the system hands out to programs that call out is not known here.",
            ),
            0,
        )
