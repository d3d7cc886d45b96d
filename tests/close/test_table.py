from collections.abc import Iterator

import pytest

from tojimari.close import nft, table
from tojimari.close.table import Present
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Element, Target

REDIS = Target(Transport.TCP, 6379)
NAMES = Target(Transport.UDP, 53)
NOTHING = Present(chain=False, elements=())


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "root" in request.fixturenames and nft.present() is not None:
        nft.run("delete table inet tojimari\n")


def there() -> Present:
    found = nft.present()
    assert found is not None
    return found


def shut(*elements: Element, seconds: int = 0) -> None:
    nft.run(table.shutting(elements, nft.present() or NOTHING, seconds))


def test_a_door_closed_to_everybody_is_one_element() -> None:
    assert table.closing([REDIS, NAMES]) == (
        Element("closed", "tcp . 6379"),
        Element("closed", "udp . 53"),
    )


def test_a_door_closed_to_some_has_an_element_a_network() -> None:
    assert table.closing([REDIS], ["192.0.2.7/24", "2001:db8::1"]) == (
        Element("closed4", "tcp . 6379 . 192.0.2.0/24"),
        Element("closed6", "tcp . 6379 . 2001:db8::1"),
    )


def test_nothing_is_undone_where_nothing_of_ours_is_left() -> None:
    present = Present(chain=True, elements=(Element("closed", "tcp . 22"),))
    assert table.opening(table.closing([REDIS]), present) == ""


@pytest.mark.usefixtures("root")
def test_the_kernel_takes_the_table_and_gives_back_what_was_put_in() -> None:
    everybody = table.closing([REDIS, NAMES])
    some = table.closing([REDIS], ["192.0.2.0/24", "198.51.100.9", "2001:db8::/32"])
    allowed = table.allowing([NAMES], ["10.0.0.0/8"])
    shut(*everybody, *some, *allowed)
    found = there()
    assert found.chain
    assert set(found.elements) == {*everybody, *some, *allowed}


@pytest.mark.usefixtures("root")
def test_undoing_takes_out_its_own_elements_only() -> None:
    shut(*table.closing([REDIS]))
    shut(*table.closing([NAMES]), *table.closing([NAMES], ["192.0.2.7", "2001:db8::/32"]))
    mine = (*table.closing([NAMES]), *table.closing([NAMES], ["192.0.2.7", "2001:db8::/32"]))
    nft.run(table.opening(mine, there()))
    assert there().elements == table.closing([REDIS])
    nft.run(table.opening(table.closing([REDIS]), there()))
    assert nft.present() is None


@pytest.mark.usefixtures("root")
def test_closing_again_with_a_limit_gives_what_was_for_good_a_limit() -> None:
    mine = table.closing([REDIS])
    shut(*mine)
    shut(*mine, seconds=600)
    assert there().elements == mine
    shut(*mine)  # and confirming takes the limit away
    assert there().elements == mine


@pytest.mark.usefixtures("root")
def test_rules_are_never_doubled_and_a_chain_that_was_emptied_is_made_again() -> None:
    shut(*table.closing([REDIS]))
    shut(*table.closing([NAMES]))
    assert there().chain
    nft.run("flush chain inet tojimari doors\n")
    assert not there().chain
    shut(*table.closing([REDIS]))
    assert there().chain
