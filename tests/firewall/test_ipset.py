import pytest

from tojimari.core.errors import UsageError
from tojimari.firewall import intervals
from tojimari.firewall.dialects.ipset import DIALECT, read_sets


def members(text: str, name: str = "x") -> list[str]:
    found = read_sets(text)[name]
    return list(intervals.networks(found.content.numbers or [], found.family))


def test_addresses_networks_and_ranges_are_one_set() -> None:
    text = "create x hash:net family inet\nadd x 10.0.0.0/9\nadd x 10.128.0.0/9\nadd x 1.1.1.1-1.1.1.2\n"  # noqa: E501 - one ruleset, kept readable as it is
    assert members(text) == ["1.1.1.1", "1.1.1.2", "10.0.0.0/8"]


def test_the_longest_prefix_decides_what_is_excepted() -> None:
    text = "create x hash:net\nadd x 10.0.0.0/8\nadd x 10.1.0.0/16 nomatch\nadd x 10.1.1.1\n"
    assert "10.1.1.1" in members(text)
    assert not any(one.startswith("10.1.2") for one in members(text))


def test_an_ipv6_set_knows_its_family() -> None:
    assert members("create x hash:ip family inet6\nadd x 2001:db8::1 timeout 30\n") == [
        "2001:db8::1"
    ]


def test_commands_for_a_shell_are_read_too() -> None:
    text = "ipset create x hash:net; ipset add x 192.0.2.0/24;ipset add x 10.0.0.0/8\n"
    assert members(text) == ["10.0.0.0/8", "192.0.2.0/24"]


def test_an_empty_set_holds_nobody() -> None:
    assert members("create x hash:ip\n") == []


def test_parts_are_read_in_order() -> None:
    found = read_sets("create x hash:ip,port,net\nadd x 1.1.1.1,udp:53-60,2.2.2.0/24\n")["x"]
    assert found.kinds == ("ip", "port", "net")
    one = 0x01010101
    assert found.content.elements == [((one, one), (17, 17), (53, 60), (0x02020200, 0x020202FF))]


def test_interfaces_and_marks_are_read() -> None:
    found = read_sets("create x hash:net,iface\nadd x 10.0.0.0/8,physdev:eth0\n")["x"]
    assert found.content.elements[0][1] == "eth0"
    marked = read_sets("create x hash:ip,mark\nadd x 10.0.0.1,0x63\n")["x"]
    assert marked.content.elements[0][1] == (0x63, 0x63)


@pytest.mark.parametrize(
    "text",
    [
        "create x hash:mac\nadd x 02:00:00:00:00:01\n",
        "create x hash:ip\nadd x nonsense\n",
        "create x hash:net,port\nadd x 10.0.0.0/8,80\nadd x 10.0.0.1,80 nomatch\n",
        "create x list:set\nadd x missing\n",
        "create x list:set\nadd x x\n",
        "create x list:set\ncreate y hash:ip\ncreate z hash:net,port\nadd x y\nadd x z\n",
    ],
)
def test_what_is_not_understood_is_not_guessed(text: str) -> None:
    assert not read_sets(text)["x"].content.readable


@pytest.mark.parametrize("text", ["nonsense\n", "add x 1.1.1.1\n", 'add x "open\n', "create x\n"])
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FILE:1: "):
        read_sets(text, "FILE")


def test_sets_alone_decide_nothing() -> None:
    assert DIALECT.read("create x hash:ip\n", {}, "").tables == []
