"""What ``tojimari identify`` says of every door of a scene, held against what the scene knows.

Each door is met twice: by a stranger from another house, who has only its number, and from inside
its own house, where the kernel tells which program holds it.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tojimari.core.service import Outcome
from tojimari.lab.launch import Street
from tojimari.lab.scene import Audience, Expected, House, upstream
from tojimari.services.order import LEFT_ALONE

DEADLINE = 120  # seconds for one run in one house
QUIET = {Outcome.SILENT, Outcome.RESET, Outcome.LEFT_ALONE}
HEARD_OUTSIDE = {Audience.EVERYBODY, Audience.OTHERS}
HEARD_INSIDE = {Audience.EVERYBODY, Audience.HOUSE}


class Vantage(StrEnum):
    """From where a door was met."""

    OUTSIDE = "from another house"
    INSIDE = "from inside, by its program"


Met = tuple[str, str, int]  # house or address, transport, number
Said = dict[Met, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One door: what is right, and what was said.

    Attributes:
        house: Whose door it is.
        expected: What the scene says of it.
        said: The door's entry in the JSON document; None where there is none.
        upstream: The version of its package, as its authors write it; None for an imitation.
        answers: Whether it answers whoever asked.
    """

    house: str
    expected: Expected
    said: dict[str, Any] | None
    upstream: str | None
    answers: bool

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - of a JSON document
        """What the document says, None where the door is not in it."""
        return None if self.said is None else self.said[name]

    @property
    def protocol_is_right(self) -> bool:
        """Whether the protocol is; for doors that do not answer, whether that was said."""
        if self.said is None:  # tied to another plug: it cannot be met from here
            return not self.answers
        if self.expected.port in LEFT_ALONE:
            return bool(self["outcome"] == Outcome.LEFT_ALONE)
        if self.expected.protocol == Outcome.UNKNOWN:
            return bool(self["outcome"] == Outcome.UNKNOWN)
        if not self.answers or self.expected.protocol == Outcome.SILENT:
            return self["outcome"] in QUIET
        told = (self["outcome"], self["protocol"], self["tls"])
        return told == (Outcome.IDENTIFIED, self.expected.protocol, self.expected.tls)

    @property
    def names_a_product(self) -> bool:
        """Whether the daemon tells whoever asked which product it is."""
        left_alone = self.expected.port in LEFT_ALONE
        return self.answers and self.expected.product is not None and not left_alone

    @property
    def product_is_right(self) -> bool:
        """Whether the product is, with or without its maker's name before it."""
        alone = str(self["product"])
        names = {alone.casefold(), f"{self['vendor']} {alone}".casefold()}
        return str(self.expected.product).casefold() in names

    @property
    def names_a_version(self) -> bool:
        """Whether the daemon tells its version."""
        return self.names_a_product and self.expected.tells_version

    @property
    def version_is_right(self) -> bool:
        """Whether it is the package's, or (CUPS) the first two of its numbers."""
        if self.upstream is None or self["version"] is None:
            return self["version"] is not None
        told = upstream(self["version"])
        shorter = told.count(".") == 1 and self.upstream.startswith(f"{told}.")
        return told == self.upstream or shorter

    @property
    def wrong(self) -> str:
        """What is not right; empty where all is."""
        parts = (
            ("protocol", not self.protocol_is_right),
            ("product", self.names_a_product and not self.product_is_right),
            ("version", self.names_a_version and not self.version_is_right),
        )
        return " ".join(name for name, is_wrong in parts if is_wrong)


def listened(street: Street, vantage: Vantage) -> list[Row]:
    """Identify every door of a street."""
    said = _outside(street) if vantage is Vantage.OUTSIDE else _inside(street)
    return rows_of(street, vantage, said)


def rows_of(street: Street, vantage: Vantage, said: Said) -> list[Row]:
    """What was said of each door, beside what is right."""
    versions = {house.name: _versions(street, house) for house in street.plan.houses}
    from_outside = vantage is Vantage.OUTSIDE
    heard = HEARD_OUTSIDE if from_outside else HEARD_INSIDE
    return [
        Row(
            house.name,
            each,
            said.get((house.name, str(each.transport), each.port)),
            versions[house.name].get(each.package or ""),
            each.answers in heard,
        )
        for house, each in street.plan.doors()
        if not (from_outside and (house.ipv4 is None or each.loopback))
    ]


def heard_by(street: Street, said: dict[Met, dict[str, Any]]) -> Said:
    """By houses, what is said of addresses."""
    houses = {house.ipv4: house.name for house in street.plan.houses}
    return {(houses[address], way, port): one for (address, way, port), one in said.items()}


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows for a person."""
    yield (
        f"{'':8} {'daemon':25}{'port':>10}  {'expected':26}{'got':26}"
        f"{'version':18}{'connections':>11}{'ms':>6}  wrong"
    )
    for row in rows:
        expected, door = row.expected, f"{row.expected.port}/{row.expected.transport}"
        wanted = _name(expected.protocol, expected.product, tls=expected.tls)
        if row.said is None:
            yield f"{row.house:8} {expected.daemon:25}{door:>10}  {wanted:26}(not met from here)"
            continue
        got = _name(row["protocol"] or row["outcome"], row["product"], tls=row["tls"])
        yield (
            f"{row.house:8} {expected.daemon:25}{door:>10}  {wanted:26}{got:26}"
            f"{row['version'] or '':18}{row['connections']:>11}{1000 * row['seconds']:>6.0f}"
            f"  {row.wrong}"
        )


def _name(protocol: str, product: str | None, *, tls: bool) -> str:
    return f"{'tls ' if tls and protocol != 'tls' else ''}{protocol} {product or ''}".strip()


def _outside(street: Street) -> Said:
    """What the visitor is told."""
    doors = [
        f"{house.ipv4}:{each.port}/{each.transport}"
        for house, each in street.plan.doors()
        if house.ipv4 is not None and not each.loopback
    ]
    told = identified(street, "visitor", doors)
    return heard_by(street, {(one["address"], one["transport"], one["port"]): one for one in told})


def _inside(street: Street) -> Said:
    """What each house is told of itself; at the first of its addresses."""
    found: Said = {}
    for house in street.plan.houses:
        for one in identified(street, house.name, []) if house.services else ():
            found.setdefault((house.name, one["transport"], one["port"]), one)  # of all addresses
    return found


def identified(street: Street, house: str, targets: Iterable[str]) -> list[dict[str, Any]]:
    """The doors of the document that ``tojimari identify`` prints in a house."""
    line = street.line(house, ["tojimari", "identify", "--json", *targets])
    done = subprocess.run(
        line, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=DEADLINE
    )
    assert done.returncode in {0, 1}, done.stderr.decode()
    doors: list[dict[str, Any]] = json.loads(done.stdout)["doors"]
    return doors


def _versions(street: Street, house: House) -> dict[str, str]:
    """The upstream version of each package behind a house's doors."""
    packages = sorted({each.package for each in house.services if each.package is not None})
    if not packages:
        return {}
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *packages]
    done = subprocess.run(
        street.line(house.name, query), capture_output=True, text=True, check=True
    )
    pairs = (line.split(" ") for line in done.stdout.splitlines())
    return {package: upstream(version) for package, version in pairs}
