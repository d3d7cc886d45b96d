import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.policy.complaints import Complaints
from tojimari.policy.positions import locate
from tojimari.policy.sources import Groups, expand, resolve, words
from tojimari.policy.syntax import Toml


def sources(value: Toml, groups: Groups | None = None) -> list[str]:
    """What a value stands for, or the hints where something is wrong."""
    complaints = Complaints(locate(""))
    found = expand(words(value, ("from",), complaints), groups or {}, complaints)
    return told(complaints) or list(found)


def told(complaints: Complaints) -> list[str]:
    return [
        f"{problem.code}: {problem.hint.text.format_map(problem.hint.values)}"
        if problem.hint
        else problem.code
        for problem in complaints.sorted()
    ]


def groups(table: dict[str, Toml]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    complaints = Complaints(locate(""))
    found = resolve(table, complaints)
    return found, told(complaints)


@pytest.mark.parametrize("zone", ["this-machine", "containers", "lan", "internet"])
def test_a_zone_is_itself(zone: str) -> None:
    assert sources(zone) == [zone]


def test_one_source_needs_no_list() -> None:
    assert sources("lan") == sources(["lan"]) == ["lan"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("::2", "::2/128"),
        ("10.0.0.0/08", "10.0.0.0/8"),
    ],
)
def test_a_network_has_one_form(text: str, canonical: str) -> None:
    assert sources(text) == [canonical]


def test_sources_are_each_told_once_in_their_order() -> None:
    known = {"a": ("lan", "192.0.2.7/32"), "b": ("192.0.2.7/32", "containers")}

    assert sources(["a", "b", "192.0.2.7"], known) == ["lan", "192.0.2.7/32", "containers"]


def test_an_address_inside_a_network_is_asked_which_it_means() -> None:
    assert sources("192.0.2.5/24") == [
        'host-bits: "192.0.2.0/24" for the whole network, "192.0.2.5" for the one machine'
    ]
    assert sources("2001:db8::5/64") == [
        'host-bits: "2001:db8::/64" for the whole network, "2001:db8::5" for the one machine'
    ]


@pytest.mark.parametrize(
    "text",
    ["192.0.2.0/33", "192.0.2", "300.0.0.1", "1.2.3.4.5", "2001:db8:::/48", "::/129", "192.0.02.1"],
)
def test_what_is_no_network_is_told(text: str) -> None:
    assert sources(text) == ["bad-network: for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"]


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("0.0.0.0/0", "internet"),
        ("::/0", "internet"),
        ("127.0.0.1", "this-machine"),
        ("127.0.0.0/8", "this-machine"),
        ("::1", "this-machine"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_one_meaning_is_written_in_one_way(text: str, better: str) -> None:
    assert sources(text) == [f'write-the-zone: write "{better}"']


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("localhost", "this-machine"),
        ("this_machine", "this-machine"),
        ("Internet", "internet"),
        ("ANY", "internet"),
        ("docker", "containers"),
        ("LAN", "lan"),
        ("offce", "office"),
        ("*", "internet"),
    ],
)
def test_the_source_that_was_probably_meant_is_offered(wrong: str, right: str) -> None:
    found = sources(wrong, {"office": ("lan",)})

    assert [one.partition(": ")[2] for one in found] == [f'did you mean "{right}"?'] or (
        wrong == "LAN"
    )


def test_a_source_like_no_other_is_told_with_the_zones() -> None:
    assert sources("zzz") == [
        "unknown-source: the zones are: this-machine, containers, lan, internet"
    ]


@pytest.mark.parametrize("value", [1, True, {"a": 1}, 1.5])
def test_a_source_is_text(value: Toml) -> None:
    assert sources(value) == ['wrong-type: for example "lan", or "192.0.2.0/24"']


def test_a_list_within_a_list_is_no_source() -> None:
    assert sources([["lan"]]) == ['wrong-type: for example "lan", or "192.0.2.0/24"']


def test_a_source_twice_is_told() -> None:
    assert sources(["lan", "lan"]) == ["repeated-item"]


def test_nobody_is_no_source() -> None:
    assert sources([]) == ['empty: "this-machine" is the least; or leave the whole door out']


def test_more_sources_than_anybody_reads_are_refused() -> None:
    many: list[Toml] = [str(ipaddress.IPv4Address(0x0A000000 + n)) for n in range(1025)]

    assert len(sources(many[:1024])) == 1024
    assert sources(many) == ["too-many-sources: write wider networks"]


def test_groups_may_hold_groups_in_any_order() -> None:
    found, problems = groups({"c": ["b", "lan"], "a": "192.0.2.7", "b": ["a", "containers"]})

    assert problems == []
    assert found == {
        "c": ("192.0.2.7/32", "containers", "lan"),
        "a": ("192.0.2.7/32",),
        "b": ("192.0.2.7/32", "containers"),
    }


@pytest.mark.parametrize("name", ["lan", "internet", "this-machine", "containers", "LAN"])
def test_a_group_cannot_have_the_name_of_a_zone(name: str) -> None:
    assert groups({name: "192.0.2.7"})[1] == ["group-name: choose another name"]


@pytest.mark.parametrize("name", ["", "1a", "Office", "a b", "事務所", "a.b", "-a"])
def test_the_name_of_a_group_is_a_plain_word(name: str) -> None:
    assert groups({name: "192.0.2.7"})[1] == [
        "group-name: a to z, digits, - and _, beginning with a letter"
    ]


def circles(table: dict[str, Toml]) -> list[object]:
    complaints = Complaints(locate(""))
    resolve(table, complaints)
    return [problem.message.values["circle"] for problem in complaints.sorted()]


def test_a_group_that_holds_itself_is_told_with_the_way() -> None:
    assert circles({"a": ["b"], "b": ["c", "lan"], "c": ["a"]}) == ["a > b > c > a"]


def test_a_group_cannot_name_itself() -> None:
    assert circles({"x": "a", "a": ["a"]}) == ["a > a"]


def test_each_circle_is_told_once() -> None:
    assert circles({"a": ["b", "c"], "b": ["a"], "c": ["a"], "d": ["a"]}) == [
        "a > b > a",
        "a > c > a",
    ]


def test_a_long_chain_of_groups_is_read() -> None:
    table: dict[str, Toml] = {f"g{n}": f"g{n + 1}" for n in range(10_000)}

    found, problems = groups({**table, "g10000": "lan"})

    assert problems == []
    assert found["g0"] == ("lan",)


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_network_is_read_as_itself_or_told(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    text = f"{address}/{length}"

    found = sources(text)

    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        assert found[0].startswith(("host-bits", "bad-network"))
        return
    assert found == [str(network)] or found[0].startswith("write-the-zone")


SOURCE = st.sampled_from(["lan", "internet", "a", "b", "c", "d", "192.0.2.0/24", "x", "", "1.2"])


@given(st.dictionaries(st.sampled_from("abcd"), SOURCE | st.lists(SOURCE), max_size=4))
def test_groups_never_hold_what_is_no_zone_and_no_network(table: dict[str, Toml]) -> None:
    found, _ = groups(table)

    assert {word for members in found.values() for word in members} <= {
        "lan",
        "internet",
        "192.0.2.0/24",
    }
    assert found.keys() == table.keys()
