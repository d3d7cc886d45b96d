"""Copies of a packet, sent by a program inside the kernel."""

import socket
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

import yard
from tojimari.linux.assembler import R0, R2, R3, Assembler
from tojimari.linux.copied_frames import AT_ONCE, CLONE_REDIRECT, CopiedFrames
from tojimari.linux.live_frames import left
from yard import CABLE, Yard

_IPV4_FRAME = bytes(12) + b"\x08\x00" + bytes(40)


@pytest.fixture
def cable(root: None) -> Generator[Yard]:
    del root
    with yard.yard() as made:
        yield made


def _program(device: int) -> bytes:
    code = Assembler().set(R2, device).set(R3, 0).call(CLONE_REDIRECT)
    return code.set(R0, 0).exit().build()


def test_every_run_sends_one_copy(cable: Yard) -> None:
    del cable
    before = left(CABLE)
    with closing(CopiedFrames(_program(socket.if_nametoindex(CABLE)), _IPV4_FRAME)) as frames:
        frames.run(AT_ONCE)
        frames.run(1)
    assert left(CABLE) - before >= AT_ONCE + 1


def test_nothing_is_left_open(cable: Yard) -> None:
    del cable
    before = len(list(Path("/proc/self/fd").iterdir()))
    CopiedFrames(_program(socket.if_nametoindex(CABLE)), _IPV4_FRAME).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_unsafe_program_is_refused_with_the_reason(root: None) -> None:
    del root
    with pytest.raises(OSError, match="R0 !read_ok"):
        CopiedFrames(Assembler().exit().build(), _IPV4_FRAME)
