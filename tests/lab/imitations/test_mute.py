import asyncio
import contextlib
from pathlib import Path

import pytest

from tojimari.lab.imitations import mute
from tojimari.lab.imitations.mute import Mute

pytestmark = pytest.mark.usefixtures("network")


async def visit(door: Mute, said: bytes, hear: int) -> bytes:
    """Say something at the door, hear some bytes, and go."""
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(said)
        writer.write_eof()
        heard = await reader.readexactly(hear)
        rest = await reader.read() if not hear else b""
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return heard + rest


def test_silence_is_all_that_is_heard() -> None:
    assert asyncio.run(visit(Mute(None, None), b"hello?\r\n", 0)) == b""


def test_a_printer_keeps_what_is_written(tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    asyncio.run(visit(Mute(paper, None), b"GET / HTTP/1.0\r\n\r\n", 0))
    assert paper.read_bytes() == b"GET / HTTP/1.0\r\n\r\n"


def test_paper_is_not_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mute, "LIMIT", 4)
    door = Mute(tmp_path / "paper", None)
    asyncio.run(visit(door, b"12345", 0))
    asyncio.run(visit(door, b"67890", 0))
    assert (tmp_path / "paper").read_bytes() == b"12345"


def test_a_tarpit_drips() -> None:
    async def three() -> bytes:
        server = await asyncio.start_server(Mute(None, 0.001).serve, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            heard = await reader.readexactly(3)
            writer.close()
            await writer.wait_closed()
        return heard

    assert asyncio.run(three()) == b"..."


def test_a_sleeping_visitor_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mute, "PATIENCE", 0.01)

    async def sleep() -> bytes:
        server = await asyncio.start_server(Mute(None, None).serve, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            heard = await reader.read()
            writer.close()
            await writer.wait_closed()
        return heard

    assert asyncio.run(sleep()) == b""


def test_it_listens_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[int, Mute]] = []

    async def serve(port: int, door: Mute) -> None:
        served.append((port, door))

    monkeypatch.setattr(mute, "serve", serve)
    monkeypatch.setattr("sys.argv", ["mute", "--port", "9100", "--record", "/x", "--drip"])
    mute.main()
    ((port, door),) = served
    assert (port, door.record, door.drip) == (9100, Path("/x"), 1.0)


def test_it_serves_both_families() -> None:
    async def knock() -> None:
        serving = asyncio.ensure_future(mute.serve(9101, Mute(None, None)))
        for address in ("127.0.0.1", "::1"):
            for _ in range(1000):
                try:
                    _, writer = await asyncio.open_connection(address, 9101)
                except ConnectionRefusedError:
                    await asyncio.sleep(0)
                else:
                    writer.close()
                    await writer.wait_closed()
                    break
            else:
                pytest.fail(f"nobody listens at {address}")
        serving.cancel()

    asyncio.run(knock())
