"""tojimari from Python: ``async for observation in tojimari.api.scan("192.0.2.7")``."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tojimari.app.scan import Event, Found, Run
from tojimari.app.scan_plan import Wish, plan
from tojimari.core.endpoint import Transport
from tojimari.core.observation import Observation
from tojimari.scan.plan import Plan
from tojimari.scan.tally import Tally
from tojimari.scan.task import Answers, Limits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    U8: TypeAlias = NDArray[np.uint8]
    U16: TypeAlias = NDArray[np.uint16]
    U64: TypeAlias = NDArray[np.uint64]
    F32: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Columns:
    """Doors as columns of one length.

    Attributes:
        transport: How all of them were knocked at.
        version: 4 or 6.
        hosts: Which of the addresses of the part each is at, from 0, ascending by address.
        ports: Numbers.
        answers: ``tojimari.scan.task.Answer``.
        reasons: ``tojimari.scan.task.Reason``.
        ttls: Of the answers; 0 where none was seen.
        seconds: From the probe to its answer; not a number where not known.
        tries: Which probe was answered; for the silent, how many there were.
    """

    transport: Transport
    version: int
    hosts: "U64"
    ports: "U16"
    answers: "U8"
    reasons: "U8"
    ttls: "U8"
    seconds: "F32"
    tries: "U8"


def _wish(
    targets: Iterable[str],
    ports: str,
    transports: Iterable[Transport],
    limits: Limits | None,
    method: str,
    *,
    may_scan: bool,
) -> Wish:
    return Wish(
        targets=tuple(targets),
        ports=ports,
        transports=tuple(transports),
        limits=limits or Limits(),
        method=method,
        may_scan=may_scan,
        everything=True,
    )


async def scan(
    *targets: str,
    ports: str = "",
    transports: Iterable[Transport] = (Transport.TCP,),
    limits: Limits | None = None,
    method: str = "",
    may_scan: bool = False,
) -> AsyncGenerator[Observation, None]:
    """Knock at doors, and tell of each as it becomes known.

    Leaving the loop, or cancelling the task, stops the scan and closes what it opened.

    Args:
        targets: As ``tojimari scan`` has them; without any, this machine.
        ports: The same; empty for the usual ones.
        transports: How to knock where ``ports`` does not say.
        limits: What is insisted on.
        method: The way of knocking; empty for the best that can be used here.
        may_scan: Whether the owners of public networks have given leave.

    Raises:
        TojimariError: It cannot be done, or must not be.
    """
    wish = _wish(targets, ports, transports, limits, method, may_scan=may_scan)
    made = await asyncio.to_thread(plan, wish)
    tally = Tally(made)
    vantage = socket.gethostname()
    async with aclosing(_events(made)) as events:
        async for event in events:
            if isinstance(event, Found):
                for row in tally.rows_of(tally.found(event.part, event.answers)):
                    yield row.observation(time.time(), vantage)


async def columns(
    *targets: str,
    ports: str = "",
    transports: Iterable[Transport] = (Transport.TCP,),
    limits: Limits | None = None,
    method: str = "",
    may_scan: bool = False,
) -> AsyncGenerator[Columns, None]:
    """The same, many doors at a time, as columns of numpy; arguments and errors as in ``scan``."""
    wish = _wish(targets, ports, transports, limits, method, may_scan=may_scan)
    made = await asyncio.to_thread(plan, wish)
    async with aclosing(_events(made)) as events:
        async for event in events:
            if isinstance(event, Found):
                yield _columns(made, event.part, event.answers)


def _columns(made: Plan, part: int, answers: Answers) -> Columns:
    import numpy as np  # noqa: PLC0415 - 60 ms, for those who want columns

    task = made.parts[part].task
    numbers = np.array(task.space.ports, np.uint16)
    places = np.frombuffer(answers.places, np.uint64)
    each = np.uint64(len(numbers))
    return Columns(
        transport=task.transport,
        version=task.space.family,
        hosts=places // each,
        ports=numbers[places % each],
        answers=np.frombuffer(answers.answers, np.uint8),
        reasons=np.frombuffer(answers.reasons, np.uint8),
        ttls=np.frombuffer(answers.ttls, np.uint8),
        seconds=np.frombuffer(answers.seconds, np.float32),
        tries=np.frombuffer(answers.tries, np.uint8),
    )


async def _events(made: Plan) -> AsyncGenerator[Event, None]:
    """What a run tells; the waiting is done in a thread."""
    running = Run(made)
    await asyncio.to_thread(running.__enter__)
    try:
        words = iter(running)
        while (event := await asyncio.to_thread(next, words, None)) is not None:
            yield event
    finally:
        running.stop()
        await asyncio.to_thread(running.__exit__)
