"""What daemons write into their own logs when they are identified: docs/concepts/do-no-harm.md."""

import re
import time

import pytest

from listening import identified
from streets import Streets, ask, inside
from tojimari.lab.launch import Street

# One after the other. TigerVNC shuts out for a while whoever comes five times and does not log in;
# at its own number it is met once a time, at another's (443, where TLS is tried first) twice.
SSHD = {"web", "swap"}
PATIENCE = 20  # seconds
MARK = "/run/before-identification"  # where journalctl keeps how far it has read
ROUNDS = {"town": 3, "modern": 3, "moved": 1}


def doors(street: Street) -> list[str]:
    """Every door that the visitor can stand before."""
    return [
        f"{house.ipv4}:{each.port}/{each.transport}"
        for house, each in street.plan.doors()
        if house.ipv4 is not None and not each.loopback
    ]


def journal(street: Street, house: str, *units: str) -> str:
    """What some units of a house wrote."""
    names = [word for unit in units for word in ("-u", unit)]
    return inside(street, house, "journalctl", "--no-pager", "-o", "cat", *names)


def written_since(street: Street, house: str) -> str:
    """What sshd wrote since the mark; the journal of a busy machine is some seconds late."""
    words = ("journalctl", "--no-pager", "-o", "cat", "-u", "ssh.service")
    log = ""
    deadline = time.monotonic() + PATIENCE
    while not re.search(r"Connection (closed|reset)|identifier", log):
        assert time.monotonic() < deadline, f"sshd wrote of nobody who came: {log}"
        log += inside(street, house, *words, f"--cursor-file={MARK}")
    return log


@pytest.fixture(scope="module", params=ROUNDS)
def street(streets: Streets, request: pytest.FixtureRequest) -> Street:
    """A street whose doors have been identified by a stranger."""
    standing = streets.up(request.param)
    for house in SSHD & {each.name for each in standing.plan.houses}:
        # Other tests may have logged in there before.
        inside(standing, house, "journalctl", "--quiet", f"--cursor-file={MARK}", "-n", "1")
    for _ in range(ROUNDS[request.param]):
        identified(standing, "visitor", doors(standing))
    return standing


def test_redis_takes_nothing_for_an_attack(street: Street) -> None:
    if "data" not in {house.name for house in street.plan.houses}:
        return
    log = inside(street, "data", "cat", "/var/log/redis/redis-server.log")
    assert "Ready to accept connections" in log
    assert "ATTACK" not in log


def test_a_screen_shuts_nobody_out(street: Street) -> None:
    for house, port in (("desk", 5901), ("odd", 443)):
        if house in {each.name for each in street.plan.houses}:
            address = street.plan.house(house).ipv4
            assert address is not None
            log = journal(street, house, "vnc.service")
            assert "blacklist" not in log.casefold()
            assert "Too many security failures" not in log
            assert ask(street, "visitor", [(address, port, "")])[0] == "RFB 003.008\n"


def test_sshd_writes_of_no_failed_login(street: Street) -> None:
    for house in sorted(SSHD & {each.name for each in street.plan.houses}):
        log = written_since(street, house)
        if house == "swap":  # at 80, where everybody is asked for a page first
            complaint = (
                r"identifier \"GET / HTTP/1.1\"|invalid format|send_error: write: Broken pipe"
            )
            log = re.sub(rf".*({complaint})\n?", "", log)
        assert not re.search(r"fail|invalid|illegal|error|attack", log, re.IGNORECASE), log


def test_nothing_is_printed(street: Street) -> None:
    if street.plan.name == "moved":
        assert inside(street, "riddles", "sh", "-c", "cat /run/printer/* 2>/dev/null || :") == ""
