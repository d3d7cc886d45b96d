"""tojimari from Python."""

import asyncio
import socket
import threading

import pytest

from tojimari import api
from tojimari.core.errors import RefusedError
from tojimari.core.observation import Observation, State, Witness
from tojimari.scan.task import Answer


def observed(*targets: str, ports: str) -> list[Observation]:
    async def gather() -> list[Observation]:
        found = api.scan(*targets, ports=ports, method="connect")
        return [one async for one in found]

    return asyncio.run(gather())


@pytest.mark.usefixtures("network")
class TestScan:
    def test_each_door_is_an_observation(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:
            port = door.getsockname()[1]
            found = observed("127.0.0.1", ports=f"1,{port}")
        assert {one.endpoint.port: one.state for one in found} == {
            1: State.CLOSED,
            port: State.OPEN,
        }
        assert {one.witness for one in found} == {Witness.SCAN}

    def test_many_doors_are_columns(self) -> None:
        async def gather() -> list[api.Columns]:
            found = api.columns("127.0.0.1", ports="1-2000", method="connect")
            return [one async for one in found]

        with socket.create_server(("127.0.0.1", 1500)):
            found = asyncio.run(gather())
        assert sum(len(one.ports) for one in found) == 2000
        opened = [int(port) for one in found for port in one.ports[one.answers == Answer.OPEN]]
        assert opened == [1500]

    def test_leaving_early_stops_it(self) -> None:
        async def first() -> Observation:
            found = api.scan("127.0.0.1", ports="-", method="connect")
            try:
                return await anext(found)
            finally:
                await found.aclose()
                running = {one.name for one in threading.enumerate()}
                assert "scan" not in running

        asyncio.run(first())

    def test_what_must_not_be_scanned_is_refused(self) -> None:
        with pytest.raises(RefusedError):
            observed("224.0.0.1", ports="22")
