"""The witnesses of a door in a house of the practice network, each asked anew after a change.

Inside: the kernel's sockets (by ``ss``) and the rules (by ``reach``). From another house: a scan,
and a conversation.
"""

import json
from dataclasses import dataclass

from streets import inside
from tojimari.lab.launch import Street
from visits import VISITOR, tojimari

OPEN, SHUT, SILENT = "open", "shut", "-"
_LOOPBACK = ("127.", "[::1]")
# Seconds for a conversation, by what the scan said: behind a strange number many are tried, and
# where nobody answers nobody speaks.
_PATIENCE = {OPEN: "6", SHUT: "1"}
_FATES = {"certainly": OPEN, "certainly-not": SHUT}


@dataclass(frozen=True)
class Word:
    """What each witness says of one door.

    Attributes:
        sockets: Whether somebody waits there for others than the machine itself.
        rules: Whether the visitor's packets come through.
        scan: What a scan from the visitor's house says.
        spoken: The protocol that the door speaks with the visitor; ``-`` where it is silent.
    """

    sockets: str
    rules: str
    scan: str
    spoken: str

    @property
    def is_open(self) -> bool:
        """Whether somebody from elsewhere is answered."""
        return self.scan == OPEN or self.spoken != SILENT

    def __str__(self) -> str:
        """A row of a table."""
        return f"{self.sockets:9}{self.rules:9}{self.scan:15}{self.spoken:13}"


HEADING = f"{'sockets':9}{'rules':9}{'scan':15}{'conversation':13}"


def asked(street: Street, house: str, port: int, *, udp: bool = False) -> Word:
    """Ask all of them."""
    transport = "udp" if udp else "tcp"
    address = str(street.plan.house(house).ipv4)
    door = f"{port}/{transport}"
    scan = _scan(street, address, door)
    patience = _PATIENCE[OPEN if scan.startswith(OPEN) else SHUT]
    return Word(
        _sockets(street, house, port, transport),
        _rules(street, house, address, door),
        scan,
        _spoken(street, address, door, patience),
    )


def _sockets(street: Street, house: str, port: int, transport: str) -> str:
    listed = inside(street, house, "ss", "-Hln", f"--{transport}", "sport", "=", f":{port}")
    local = [line.split()[3] for line in listed.splitlines()]
    return OPEN if any(not one.startswith(_LOOPBACK) for one in local) else SHUT


def _rules(street: Street, house: str, address: str, door: str) -> str:
    source = str(street.plan.house(VISITOR).ipv4)
    words = ("reach", door, "--from", source, "--to", address, "--json")
    answer = json.loads(inside(street, house, "tojimari", *words))
    fates = {
        _FATES.get(passage["certainty"], "maybe")
        for one in answer["ports"]
        for reached in one["reaches"]
        for passage in reached["passages"]
    }
    return ",".join(sorted(fates))


def _scan(street: Street, address: str, door: str) -> str:
    # Exit 1 says that no door was open, 2 that silence left one unknown: both are answers here.
    code, said = tojimari(street, VISITOR, "scan", address, "-p", door, "--all", "--json")
    assert code in {0, 1, 2}, said
    (found,) = json.loads(said.splitlines()[0])["doors"]
    state: str = found["state"]
    return state


def _spoken(street: Street, address: str, door: str, patience: str) -> str:
    words = ("identify", f"{address}:{door}", "--seconds", patience, "--all", "--json")
    code, said = tojimari(street, VISITOR, *words)
    assert code in {0, 1}, said
    (found,) = json.loads(said.splitlines()[0])["doors"]
    return found["protocol"] or SILENT
