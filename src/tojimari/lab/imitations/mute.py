"""Doors that say nothing, or next to nothing: silence, a printer that prints, a tarpit.

``--record FILE`` keeps every byte that arrives, as a network printer puts it on paper; the tests
read it to see that nothing was written to a printer's door. ``--drip`` sends one byte a second.
"""

import argparse
import asyncio
from pathlib import Path

LIMIT = 1 << 20  # bytes kept of what arrives
PATIENCE = 60.0  # seconds without a byte, then the door is shut


class Mute:
    """One door.

    Attributes:
        record: Where what arrives is kept; None where it is thrown away.
        drip: Seconds between two bytes that it sends; None where it sends none.
    """

    def __init__(self, record: Path | None, drip: float | None) -> None:
        """Remember how to behave."""
        self.record = record
        self.drip = drip
        self.kept = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stand at the door until the visitor goes, or falls asleep."""
        dripping = asyncio.ensure_future(self._send(writer)) if self.drip is not None else None
        try:
            while said := await asyncio.wait_for(reader.read(4096), PATIENCE):
                self._keep(said)
        except (OSError, TimeoutError):
            pass
        finally:
            if dripping is not None:
                dripping.cancel()
            writer.close()

    def _keep(self, said: bytes) -> None:
        if self.record is None or self.kept >= LIMIT:
            return
        self.kept += len(said)
        with self.record.open("ab") as paper:
            paper.write(said)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        assert self.drip is not None  # noqa: S101 - serve looked
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(self.drip)


async def serve(port: int, mute: Mute) -> None:
    """Listen at a port, in both families, until ended."""
    server = await asyncio.start_server(mute.serve, None, port)
    await server.serve_forever()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--drip", action="store_const", const=1.0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, Mute(given.record, given.drip)))


if __name__ == "__main__":
    main()
