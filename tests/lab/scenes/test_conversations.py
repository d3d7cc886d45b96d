"""Every daemon of the practice network is identified, by strangers and from inside its house."""

from collections.abc import Callable

import pytest

from listening import Row, Vantage, listened, table
from streets import Streets
from tojimari.services import limits

SCENES = ("town", "modern", "moved", "harbour")
PRODUCTS = 0.95  # of those that are told


@pytest.fixture(scope="module", params=[(s, v) for s in SCENES for v in Vantage], ids=str)
def rows(
    streets: Streets, request: pytest.FixtureRequest, announce: Callable[[str], None]
) -> list[Row]:
    """One scene from one vantage; what was heard is shown at the end of the run."""
    name, vantage = request.param
    found = listened(streets.up(name), vantage)
    announce("\n".join([f"scene {name}, {vantage}", *table(found)]))
    return found


def test_every_protocol_is_right(rows: list[Row]) -> None:
    assert [row for row in rows if not row.protocol_is_right] == []


def test_nearly_every_product_is_right(rows: list[Row]) -> None:
    telling = [row for row in rows if row.names_a_product]
    wrong = [row for row in telling if not row.product_is_right]
    assert len(wrong) <= (1 - PRODUCTS) * len(telling), wrong


def test_every_version_that_is_told_is_right(rows: list[Row]) -> None:
    assert [row for row in rows if row.names_a_version and not row.version_is_right] == []


def test_nobody_is_spoken_to_more_often_than_the_budget_allows(rows: list[Row]) -> None:
    assert all(row["connections"] <= limits.CONNECTIONS for row in rows if row.said is not None)
