import struct

import pytest

from tojimari.linux import routes
from tojimari.linux.netlink import HEADER, NetlinkError, attribute


def message(kind: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, 0, 1, 0) + body


def route(
    family: int = 2, length: int = 8, table: int = 254, sort: int = 1, extra: bytes = b""
) -> bytes:
    body = struct.pack("=BBBBBBBBI", family, length, 0, 0, table, 3, 0, sort, 0) + extra
    return message(24, body)


DESTINATION = attribute(1, bytes([10, 0, 0, 0]))
BY_2 = attribute(4, struct.pack("=I", 2))


def test_a_line_of_the_main_table_is_read() -> None:
    assert routes.parse_routes([route(extra=DESTINATION + BY_2)]) == (
        routes.Route("10.0.0.0/8", (2,)),
    )


def test_a_default_route_has_no_destination() -> None:
    found = routes.parse_routes([route(length=0, extra=BY_2), route(10, 0, extra=BY_2)])
    assert [one.destination for one in found] == ["0.0.0.0/0", "::/0"]


def test_several_next_hops_are_all_kept() -> None:
    hops = b"".join(struct.pack("=HBBi", 8, 0, 0, index) for index in (2, 3))
    (found,) = routes.parse_routes([route(extra=DESTINATION + attribute(9, hops))])
    assert found.interfaces == (2, 3)


def test_a_hop_of_no_length_ends_the_list() -> None:
    hops = struct.pack("=HBBi", 0, 0, 0, 2) + struct.pack("=HBBi", 8, 0, 0, 3)
    (found,) = routes.parse_routes([route(extra=DESTINATION + attribute(9, hops))])
    assert found.interfaces == (2,)


def test_a_refusing_route_leads_nowhere() -> None:
    assert routes.parse_routes([route(sort=6, extra=DESTINATION)])[0].interfaces == ()


def test_other_tables_and_kinds_are_left_out() -> None:
    other = attribute(15, struct.pack("=I", 1000))
    datagrams = [
        route(table=255, extra=DESTINATION + BY_2),
        route(table=254, extra=DESTINATION + BY_2 + other),
        route(sort=2, extra=DESTINATION + BY_2),
        route(family=28, extra=BY_2),
        message(3, b""),
    ]
    assert routes.parse_routes(datagrams) == ()


def test_rules_that_choose_other_tables_are_noticed() -> None:
    def rule(table: int, extra: bytes = b"") -> bytes:
        return message(32, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, table, 0, 0, 1, 0) + extra)

    assert not routes.parse_rules([rule(255), rule(254), rule(253), message(3, b"")])
    assert routes.parse_rules([rule(77)])
    assert routes.parse_rules([rule(252, attribute(15, struct.pack("=I", 1000)))])


@pytest.mark.parametrize("parse", [routes.parse_routes, routes.parse_rules])
def test_a_message_that_is_cut_off_is_refused(parse: object) -> None:
    kind = 24 if parse is routes.parse_routes else 32
    with pytest.raises(NetlinkError):
        parse([message(kind, b"\0" * 4)])  # type: ignore[operator]  # one of the two


def test_a_number_of_another_length_is_refused() -> None:
    with pytest.raises(NetlinkError):
        routes.parse_routes([route(extra=attribute(4, b"\0\0"))])


@pytest.mark.usefixtures("network")
def test_the_kernel_answers() -> None:
    assert isinstance(routes.routes(), tuple)
    assert routes.uses_other_tables() is False
