"""Statements and expressions one by one, as nft's JSON has them."""

import json
from collections.abc import Sequence

import pytest

from firewall.worlds import ask, reasoner
from tojimari.firewall.dialects import nft_json

Node = object
YES, NO = "certainly", "certainly-not"
WHERE = {"family": "inet", "table": "t"}


def base(name: str, hook: str, priority: int = 0, kind: str = "filter") -> Node:
    chain = {**WHERE, "name": name, "hook": hook, "prio": priority, "type": kind}
    return {"chain": {**chain, "policy": "accept"}}


def listing(
    *rules: Sequence[Node], more: Sequence[Node] = (), nat: Sequence[Sequence[Node]] = ()
) -> str:
    """A table with an input chain, a chain to jump to, and a chain that translates."""
    items: list[Node] = [
        {"table": {"family": "inet", "name": "t"}},
        *more,
        base("i", "input"),
        base("f", "forward"),
        base("n", "prerouting", -100, "nat"),
        {"chain": {**WHERE, "name": "c"}},
        {"rule": {**WHERE, "chain": "c", "expr": [{"drop": None}]}},
    ]
    for chain, many in (("i", rules), ("n", nat)):
        items += [{"rule": {**WHERE, "chain": chain, "expr": list(rule)}} for rule in many]
    return json.dumps({"nftables": items})


def match(left: Node, right: Node, operator: str = "==") -> Node:
    return {"match": {"op": operator, "left": left, "right": right}}


def payload(protocol: str, field: str) -> Node:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> Node:
    return {"meta": {"key": key}}


def ct(key: str, direction: str = "") -> Node:
    return {"ct": {"key": key, **({"dir": direction} if direction else {})}}


def named(name: str, kind: Node, elements: Sequence[Node], **more: Node) -> Node:
    word = "map" if "map" in more else "set"
    return {word: {**WHERE, "name": name, "type": kind, "elem": list(elements), **more}}


DROP: Node = {"drop": None}
ACCEPT: Node = {"accept": None}


@pytest.mark.parametrize(
    ("left", "right", "operator", "matches"),
    [
        (payload("tcp", "dport"), {"range": [20, 22]}, "==", True),
        (payload("tcp", "dport"), 22, "<", False),
        (payload("tcp", "dport"), 22, "<=", True),
        (payload("tcp", "dport"), 21, ">", True),
        (payload("tcp", "dport"), 23, ">=", False),
        (payload("udp", "dport"), 23, "!=", False),
        (payload("arp", "htype"), 1, "==", False),
        (payload("ip6", "saddr"), "::1", "!=", False),
        (payload("icmp", "type"), "echo-request", "==", False),
        (payload("icmpv6", "type"), "echo-request", "!=", False),
        (meta("l4proto"), {"set": ["tcp", "udp"]}, "==", True),
        (meta("l4proto"), {"set": ["17", 1]}, "==", False),
        (meta("nfproto"), "ipv6", "==", False),
        (meta("protocol"), "ip", "==", True),
        (meta("protocol"), {"set": ["arp", "ip6"]}, "==", False),
        (meta("iif"), "eth0", "==", True),
        (meta("iifname"), {"set": ["br*", "eth*"]}, "==", True),
        (meta("oifname"), "eth0", "==", False),
        (meta("mark"), {"range": [0, 3]}, "==", True),
        (meta("pkttype"), "unicast", "==", True),
        ({"&": [meta("mark"), 3]}, 0, "==", True),
        (ct("state"), ["new", "untracked"], "in", True),
        (ct("state"), {"|": ["established", "related"]}, "!=", True),
        (ct("status"), "dnat", "in", False),
        (ct("direction"), "reply", "==", False),
        (ct("ip daddr", "original"), "192.168.0.2", "==", True),
        (ct("ip saddr", "original"), "8.8.8.8", "==", True),
        (ct("proto-src", "original"), 40000, "==", True),
        ({"exthdr": {"name": "rt", "field": "type"}}, 0, "==", False),
        ({"exthdr": {"name": "frag"}}, False, "==", True),
        ({"fib": {"result": "type", "flags": ["daddr"]}}, "local", "==", True),
        ({"fib": {"result": "type", "flags": ["saddr"]}}, "local", "==", False),
        ({"fib": {"result": "oif", "flags": ["saddr"]}}, True, "==", True),
        ({"fib": {"result": "oif", "flags": ["saddr", "mark", "iif"]}}, False, "==", False),
        (payload("tcp", "flags"), "syn", "in", True),
        ({"&": [payload("tcp", "flags"), {"|": ["syn", "ack"]}]}, "syn", "==", True),
        (payload("tcp", "flags"), {"set": [{"|": ["syn", "ack"]}, "syn"]}, "==", True),
        (
            {"concat": [payload("ip", "saddr"), payload("tcp", "dport")]},
            {"set": [{"concat": [{"prefix": {"addr": "8.0.0.0", "len": 8}}, 22]}]},
            "==",
            True,
        ),
        (
            {"concat": [meta("iifname"), meta("l4proto")]},
            {"set": [{"concat": ["eth0", "udp"]}, {"concat": ["lo", "tcp"]}]},
            "!=",
            True,
        ),
    ],
)  # fmt: skip
def test_an_expression_decides(left: Node, right: Node, operator: str, matches: bool) -> None:
    answer = ask(reasoner(listing([match(left, right, operator), DROP])), 22)
    assert answer.startswith(f"{NO if matches else YES} |"), answer


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (match(meta("skuid"), 0), "meta skuid 0"),
        (match(payload("ip", "ttl"), 64), "ip ttl 64"),
        (match(payload("tcp", "window"), 1), "tcp window 1"),
        (match(payload("ether", "saddr"), "02::"), "ether saddr 02::"),
        (match({"payload": {"base": "th", "offset": 0, "len": 8}}, 1), "@th,0,8 1"),
        (match({"&": [{"&": [meta("mark"), 1]}, 2]}, 0), "meta mark & 1 & 2 == 0"),
        (match({"&": [payload("tcp", "flags"), "new"]}, 0), "tcp flags & new == 0"),
        (match(meta("mark"), "@nowhere"), "@nowhere"),
        (match(ct("status"), "dnat"), "ct-status"),
        (match(ct("bytes", "reply"), 1), "ct reply bytes 1"),
        (match({"rt": {"key": "mtu"}}, 1), "rt key mtu 1"),
        (match(meta("l4proto"), "nonsense"), "meta l4proto nonsense"),
        (match(meta("iifname"), 7), "iifname 7"),
        (match(payload("tcp", "dport"), "eth*", "<"), "tcp dport < eth*"),
        (match(payload("ip", "saddr"), {"prefix": {"addr": "x", "len": 8}}), "ip saddr x/8"),
        ({"quota": "q"}, 'quota "q"'),
        ({"xt": {"type": "match", "name": "string"}}, "xt match string"),
        ({"set": {"op": "add", "elem": payload("ip", "saddr"), "set": "@s"}}, "add @s { ip saddr }"),  # noqa: E501 - one ruleset, kept readable as it is
        ("nonsense", "nonsense"),
        ({"unheard": 1, "of": 2}, "{'unheard': 1, 'of': 2}"),
    ],
)  # fmt: skip
def test_what_is_not_modelled_is_quoted(statement: Node, said: str) -> None:
    answer = ask(reasoner(listing([statement, DROP])), 22)
    assert answer == f"maybe | policy of i | doubt {said}"


@pytest.mark.parametrize(
    "statement",
    [
        {"synproxy": {}},
        {"queue": {"num": 1}},
        {"tproxy": {"port": 1}},
        {"fwd": {"dev": "lo"}},
        {"xt": {"type": "target", "name": "TARPIT"}},
    ],
)
def test_what_somebody_else_decides_is_unsure(statement: Node) -> None:
    assert ask(reasoner(listing([statement])), 22).startswith("maybe")


def test_a_port_that_rules_write_anew_is_unsure() -> None:
    statement = {"mangle": {"key": payload("tcp", "dport"), "value": 80}}
    assert ask(reasoner(listing([statement])), 22).startswith("maybe")


@pytest.mark.parametrize(
    "statement",
    [
        {"counter": None},
        {"log": {"prefix": "x"}},
        {"xt": {"type": "target", "name": "LOG"}},
        {"ct helper": "ftp"},
        {"mangle": {"key": meta("priority"), "value": 1}},
        {"set": {"op": "delete", "elem": payload("ip", "saddr"), "set": "@s"}},
    ],
)
def test_statements_without_effect_go_on(statement: Node) -> None:
    assert ask(reasoner(listing([statement, DROP])), 22).startswith(NO)


@pytest.mark.parametrize(
    ("statement", "limit"),
    [
        ({"limit": {"rate": 3, "per": "minute"}}, "limit rate 3/minute"),
        ({"limit": {"rate": 3, "per": "minute", "rate_unit": "kbytes"}}, "limit rate 3 kbytes/minute"),  # noqa: E501 - one ruleset, kept readable as it is
        ({"limit": "slow"}, "limit rate 5/second"),
        ({"limit": "nowhere"}, 'limit name "nowhere"'),
        ({"ct count": {"val": 3, "inv": True}}, "ct count over 3"),
        ({"meter": {"name": "m"}}, "meter name m"),
        (match({"numgen": {"mode": "random", "mod": 2, "offset": 0}}, 0), "at random"),
        (
            {"set": {"op": "add", "elem": payload("ip", "saddr"), "set": "@s", "stmt": [{"limit": "slow"}]}},  # noqa: E501 - one ruleset, kept readable as it is
            'add @s { ip saddr limit name "slow" }',
        ),
    ],
)  # fmt: skip
def test_a_rate_is_open_for_the_patient(statement: Node, limit: str) -> None:
    more = [{"limit": {**WHERE, "name": "slow", "rate": 5, "per": "second"}}]
    answer = ask(reasoner(listing([statement, ACCEPT], [DROP], more=more)), 22)
    assert answer.startswith(f"{YES} |")
    assert answer.endswith(f"limit {limit}")


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        (5, 5),
        ({"|": [meta("mark"), 6]}, 6),
        ({"^": [{"|": [meta("mark"), 6]}, 3]}, 5),
        ({"&": [{"|": [meta("mark"), 7]}, 3]}, 3),
        (ct("mark"), 0),
    ],
)
def test_marks_are_followed(value: Node, mark: int) -> None:
    setting = {"mangle": {"key": meta("mark"), "value": value}}
    rules = listing([setting], [match(meta("mark"), mark), DROP])
    assert ask(reasoner(rules), 22).startswith(NO)


@pytest.mark.parametrize(
    "value",
    [{"map": {}}, {"|": [meta("cpu"), 1]}, {"&": [meta("mark"), "x"]}, "x", ct("id"), {"^": [1]}],
)
def test_a_mark_that_is_not_known_is_unsure(value: Node) -> None:
    setting = {"mangle": {"key": meta("mark"), "value": value}}
    rules = listing([setting], [match(meta("mark"), 1), DROP])
    assert ask(reasoner(rules), 22).startswith("maybe")


@pytest.mark.parametrize(
    ("statement", "end"),
    [
        ({"dnat": {"addr": "192.0.2.9", "port": 80, "family": "ip"}}, "to 192.0.2.9:80"),
        ({"dnat": {"port": 81}}, "to 192.168.0.2:81"),
        ({"redirect": {"port": 82}}, "to 192.168.0.2:82"),
        (
            {"dnat": {"family": "ip", "addr": {"map": {"key": payload("tcp", "dport"), "data": "@d"}}}},  # noqa: E501 - one ruleset, kept readable as it is
            "to 192.0.2.7:8000",
        ),
        (
            {
                "dnat": {
                    "family": "ip",
                    "addr": "192.0.2.3",
                    "port": {"map": {"key": payload("tcp", "dport"), "data": {"set": [[8080, 90]]}}},  # noqa: E501 - one ruleset, kept readable as it is
                }
            },
            "to 192.0.2.3:90",
        ),
        (
            {
                "dnat": {
                    "family": "ip",
                    "type_flags": "prefix",
                    "addr": {
                        "map": {
                            "key": payload("ip", "daddr"),
                            "data": {
                                "set": [
                                    [
                                        {"prefix": {"addr": "192.168.0.0", "len": 24}},
                                        {"prefix": {"addr": "192.0.2.0", "len": 24}},
                                    ]
                                ]
                            },
                        }
                    },
                }
            },
            "to 192.0.2.2:8080",
        ),
    ],
)  # fmt: skip
def test_translations_are_followed(statement: Node, end: str) -> None:
    data = named(
        "d",
        "inet_service",
        [[8080, {"concat": ["192.0.2.7", 8000]}]],
        map="ipv4_addr . inet_service",
    )
    rules = listing(more=[data], nat=[[match(payload("tcp", "dport"), 8080), statement]])
    assert end in ask(reasoner(rules), 8080)
    assert " to " not in ask(reasoner(rules), 8081)


@pytest.mark.parametrize(
    "statement",
    [
        {"dnat": {"family": "ip", "addr": "nonsense"}},
        {"dnat": {"family": "ip", "addr": {"map": {"key": meta("cpu"), "data": {"set": [[0, "1.1.1.1"]]}}}}},  # noqa: E501 - one ruleset, kept readable as it is
        {"dnat": {"family": "ip", "addr": {"map": {"key": payload("tcp", "dport"), "data": "@nowhere"}}}},  # noqa: E501 - one ruleset, kept readable as it is
        {"dnat": {"family": "ip", "addr": {"map": {"key": payload("tcp", "dport"), "data": {"set": ["x"]}}}}},  # noqa: E501 - one ruleset, kept readable as it is
        {
            "dnat": {
                "family": "ip",
                "addr": {
                    "map": {
                        "key": {"numgen": {"mode": "inc", "mod": 2, "offset": 0}},
                        "data": {"set": [[0, "192.0.2.3"], [1, "192.0.2.4"]]},
                    }
                },
            }
        },
    ],
)  # fmt: skip
def test_a_destination_that_is_not_known_is_one_of_several(statement: Node) -> None:
    dropped = {
        "rule": {**WHERE, "chain": "f", "expr": [match(payload("ip", "daddr"), "192.0.2.3"), DROP]}
    }
    text = json.loads(listing(nat=[[statement]]))
    text["nftables"].append(dropped)
    assert ask(reasoner(json.dumps(text)), 22).startswith("maybe")


def test_ports_that_cannot_be_read_are_any() -> None:
    rules = listing([match(payload("tcp", "dport"), 99), DROP], nat=[[{"redirect": {"port": "x"}}]])
    assert ask(reasoner(rules), 22).startswith(f"{YES} |")


@pytest.mark.parametrize(
    ("kind", "elements", "left", "matches"),
    [
        ("ipv4_addr", ["8.8.8.8", "8.8.8.9"], payload("ip", "saddr"), True),
        ("ipv4_addr", [{"elem": {"val": "8.8.8.8", "timeout": 5}}], payload("ip", "saddr"), True),
        ("ipv4_addr", [{"range": ["8.8.8.0", "8.8.8.9"]}], payload("ip", "saddr"), True),
        ("ipv4_addr", ["*"], payload("ip", "saddr"), True),
        ("inet_service", [22, {"range": [80, 90]}], payload("tcp", "dport"), True),
        ("ifname", ["eth*"], meta("iifname"), True),
        ("mark", [1, 2], meta("mark"), False),
        ({"typeof": payload("tcp", "dport")}, [22], payload("tcp", "dport"), True),
        (
            ["ipv4_addr", "inet_service"],
            [{"concat": ["8.8.8.8", port]} for port in range(20, 40)],
            {"concat": [payload("ip", "saddr"), payload("tcp", "dport")]},
            True,
        ),
        (
            ["inet_proto", "inet_service"],
            [{"concat": ["tcp", port]} for port in range(20, 40)],
            {"concat": [meta("l4proto"), payload("th", "dport")]},
            True,
        ),
    ],
)  # fmt: skip
def test_named_sets_are_asked(
    kind: Node, elements: Sequence[Node], left: Node, matches: bool
) -> None:
    rules = listing([match(left, "@s"), DROP], more=[named("s", kind, elements)])
    assert ask(reasoner(rules), 22).startswith(NO if matches else YES)


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        ("ether_addr", ["02:00:00:00:00:01"]),
        ({"typeof": meta("cpu")}, [1]),
        ("ipv4_addr", ["nonsense"]),
        ("inet_service", [{"elem": {"val": 22, "limit": {"rate": 1}}}]),
        (["ipv4_addr", "inet_service"], ["8.8.8.8"]),
    ],
)
def test_a_set_that_is_not_understood_is_unsure(kind: Node, elements: Sequence[Node]) -> None:
    rules = listing([match(payload("ip", "saddr"), "@s"), DROP], more=[named("s", kind, elements)])
    assert ask(reasoner(rules), 22) == "maybe | policy of i | doubt @s"


def test_a_list_that_packets_fill_may_hold_anybody_later() -> None:
    filled = named("s", "ipv4_addr", ["9.9.9.9"], flags="dynamic")
    shut = listing([match(payload("ip", "saddr"), "@s"), DROP], more=[filled])
    assert ask(reasoner(shut), 22) == f"{YES} | policy of i | limit @s"
    assert ask(reasoner(shut), 22, "9.9.9.9").startswith(NO)
    knock = listing([match(payload("ip", "saddr"), "@s"), ACCEPT], [DROP], more=[filled])
    assert ask(reasoner(knock), 22).startswith("maybe")
    others = listing([match(payload("ip", "saddr"), "@s", "!="), DROP], more=[filled])
    assert ask(reasoner(others), 22, "9.9.9.9") == f"{YES} | policy of i"
    assert ask(reasoner(others), 22) == "maybe | policy of i | limit @s | doubt @s"
    unlisted = listing([match(payload("ip", "saddr"), "@s", "!="), ACCEPT], [DROP], more=[filled])
    assert ask(reasoner(unlisted), 22).startswith(f"{YES} | ip saddr != @s accept")
    by_port = named("s", "inet_service", [80], flags="dynamic")
    ports = listing([match(payload("tcp", "dport"), "@s"), DROP], more=[by_port])
    assert ask(reasoner(ports), 80).startswith(NO)
    assert ask(reasoner(ports), 22) == f"{YES} | policy of i | limit @s"


@pytest.mark.parametrize(
    ("key", "data", "answer"),
    [
        (payload("tcp", "dport"), [[22, DROP], [80, ACCEPT]], NO),
        (payload("tcp", "dport"), [["*", DROP], [22, ACCEPT]], YES),
        (payload("udp", "dport"), [[22, DROP]], YES),
        (ct("state"), [["established", ACCEPT], ["new", {"jump": {"target": "c"}}]], NO),
        (meta("iifname"), [["eth0", {"goto": {"target": "c"}}]], YES),
        (meta("iifname"), [["eth0", {"goto": {"target": "nowhere"}}]], YES),
        (meta("cpu"), [[0, DROP]], "maybe"),
        (meta("mark"), [["x", DROP]], "maybe"),
        ({"numgen": {"mode": "random", "mod": 2, "offset": 0}}, [[0, DROP]], YES),
        ({"numgen": {"mode": "random", "mod": 1, "offset": 0}}, [[0, DROP]], NO),
        ({"numgen": {"mode": "random", "mod": 2, "offset": 1}}, [[0, DROP]], "maybe"),
        ({"concat": [payload("ip", "saddr"), payload("tcp", "dport")]},
         [[{"concat": ["8.8.8.8", 22]}, DROP]], NO),
        ({"concat": [meta("iifname"), {"numgen": {"mode": "inc", "mod": 2, "offset": 0}}]},
         [[{"concat": ["eth0", 0]}, DROP]], "maybe"),
    ],
)  # fmt: skip
def test_verdict_maps_decide(key: Node, data: Sequence[Node], answer: str) -> None:
    rules = listing([{"vmap": {"key": key, "data": {"set": list(data)}}}])
    found = ask(reasoner(rules), 22)
    if key == meta("iifname") and "c" in str(data) and "nowhere" not in str(data):
        answer = NO
    assert found.startswith(f"{answer} |"), found


@pytest.mark.parametrize("flags", [{}, {"flags": "dynamic"}])
def test_named_verdict_maps_decide_where_they_stand_still(flags: dict[str, Node]) -> None:
    verdicts = named("v", "inet_service", [[22, DROP]], map="verdict", **flags)
    rules = listing([{"vmap": {"key": payload("tcp", "dport"), "data": "@v"}}], more=[verdicts])
    assert ask(reasoner(rules), 22).startswith("maybe" if flags else NO)
    missing = listing([{"vmap": {"key": payload("tcp", "dport"), "data": "@nowhere"}}])
    assert ask(reasoner(missing), 22).startswith(f"{YES} |")


def test_an_interface_that_is_not_known_leaves_it_open() -> None:
    jumps = [["eth0", DROP], ["*", ACCEPT]]
    rules = listing([{"vmap": {"key": meta("iifname"), "data": {"set": jumps}}}])
    assert ask(reasoner(rules), 22, interface=None).startswith("maybe")
    one = listing([match(meta("iifname"), "eth0"), DROP])
    assert ask(reasoner(one), 22, interface=None).startswith("maybe")
    pattern = listing([match(meta("iifname"), "eth*"), DROP])
    assert ask(reasoner(pattern), 22, interface=None).startswith("maybe")


def test_a_table_that_sleeps_decides_nothing() -> None:
    text = json.loads(listing([DROP]))
    text["nftables"][0]["table"]["flags"] = "dormant"
    assert ask(reasoner(json.dumps(text)), 22) == f"{YES} | nothing"


def test_rules_of_chains_that_are_not_there_are_left_out() -> None:
    text = json.loads(listing())
    text["nftables"].append({"rule": {**WHERE, "chain": "nowhere", "expr": [DROP]}})
    assert ask(reasoner(json.dumps(text)), 22).startswith(f"{YES} |")


def test_many_marks_are_given_up_before_they_are_too_many() -> None:
    rules: list[list[Node]] = []
    for bit in range(8):
        value = {"|": [meta("mark"), 1 << bit]}
        rules.append([match(meta("cpu"), bit), {"mangle": {"key": meta("mark"), "value": value}}])
    rules.append([match(meta("mark"), 3), DROP])
    assert ask(reasoner(listing(*rules)), 22).startswith("maybe")


def test_chains_that_call_each_other_for_ever_end() -> None:
    text = listing([{"jump": {"target": "c"}}]).replace(
        '"chain": "c", "expr": [{"drop": null}]',
        '"chain": "c", "expr": [{"jump": {"target": "c"}}]',
    )
    assert ask(reasoner(text), 22).startswith("maybe")


def test_chains_that_call_many_others_many_times_end() -> None:
    chains: list[Node] = []
    for number in range(40):
        chains.append({"chain": {**WHERE, "name": f"d{number}"}})
        jump = {"jump": {"target": f"d{number + 1}"}}
        once = {**WHERE, "chain": f"d{number}", "expr": [jump]}
        chains += [{"rule": once}] * 3
    chains.append({"chain": {**WHERE, "name": "d40"}})
    rules = listing([{"jump": {"target": "d0"}}], more=chains)
    assert ask(reasoner(rules), 22).startswith("maybe")


def test_plain_words_are_kept_with_the_rule() -> None:
    rules = nft_json.read(listing([match(meta("iifname"), "eth0"), {"reject": {"type": "icmp"}}]))
    assert rules.tables[0].chains["i"].rules[0].text == 'iifname "eth0" reject with icmp'
