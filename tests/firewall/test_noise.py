"""Rulesets with parts replaced by noise: refused with a reason or read, never more than that."""

import copy
import json
import random
import re
import shlex
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firewall.worlds import GOLDEN, MACHINE
from tojimari.core.errors import UsageError
from tojimari.firewall import intervals, owners
from tojimari.firewall.answer import pieces
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.reading import from_texts
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP

Json = object
NOISE: list[Json] = [
    None, True, -1, 0, 7, 1 << 70, 0.5, "", "x", "@", "@x", "*", "eth*", "10.0.0.0/8", "::1", [],
    [1], [1, 2, 3], {}, {"x": 1}, {"set": []}, {"set": [[]]}, {"range": [1]}, {"range": [9, 1]},
    {"prefix": {}}, {"concat": []}, {"concat": ["x", 1]}, {"elem": {}}, {"map": {}}, {"|": []},
    {"&": [1, 2]}, {"payload": {}}, {"meta": {}}, {"ct": {}}, {"fib": {}},
    {"jump": {"target": "x"}}, {"accept": None}, {"numgen": {"mod": 0}}, {"numgen": {"mod": 3, "offset": 0}},  # noqa: E501 - one ruleset, kept readable as it is
]  # fmt: skip
DOCUMENTS = {path.name: json.loads(path.read_text("utf-8")) for path in GOLDEN.glob("*.json")}
DUMPS = {path.name: path.read_text("utf-8") for path in GOLDEN.glob("*.save")}
WORDS = (
    "!", "-m", "-p", "-s", "-d", "-i", "-j", "-g", "--dport", "--ctstate", "--match-set", "--mark",
    "--tcp-flags", "-A", "x", "22", "1:", ":1", "1,,2", "0x", "eth+", "10.0.0.0/99", "::/0", "''",
    "DNAT", "--to-destination", "[::1", "recent", "limit", "set", "--set-xmark", "9" * 30,
)  # fmt: skip

NFT_WORDS = (
    "{", "}", "(", ")", ";", "\n", ",", ".", ":", "=", "!=", "!", "&", "|", "/", "-", '"', '"x"',
    "@x", "$x", "@nh,0,8", "[::1]:80", "1-", "10.0.0.0/99", "9" * 30, "0x", "ip", "saddr", "tcp",
    "dport", "meta", "mark", "set", "map", "vmap", "jump", "dnat", "to", "ct", "state", "fib",
    "oif", "type", "hook", "input", "priority", "policy", "drop", "elements", "flags", "limit",
    "rate", "over", "add", "rule", "# handle 5", "# match x",
)  # fmt: skip


def spoiled(node: Json, chance: random.Random, often: float) -> Json:
    """A document with some of its parts replaced."""
    if chance.random() < often:
        return copy.deepcopy(chance.choice(NOISE))
    if isinstance(node, dict):
        members = cast("dict[str, Json]", node)
        return {name: spoiled(one, chance, often) for name, one in members.items()}
    if isinstance(node, list):
        return [spoiled(one, chance, often) for one in cast("list[Json]", node)]
    return node


def survive(text: str) -> None:
    """Read it, compile it, ask it, name its rules."""
    try:
        ruleset = from_texts([text])
    except UsageError:
        return
    reasoner = Reasoner(compile_ruleset(ruleset), MACHINE)
    for family, here in ((4, 0xC0A80002), (6, intervals.parse_address("2001:db8::2", 6))):
        question = Question(family, TCP, 22, here, "eth0")
        for piece in pieces(reasoner.program, reasoner.ask(question)):
            if piece.place is not None:
                owners.decider(piece.place, 22, TCP)
    owners.owners(ruleset.tables)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 30), often=st.sampled_from([0.002, 0.02, 0.2]))
def test_noise_in_a_listing_of_nft(name: str, seed: int, often: float) -> None:
    document = cast("dict[str, Json]", DOCUMENTS[name])
    content = spoiled(document["nftables"], random.Random(seed), often)  # noqa: S311 - for variety, with a fixed seed
    survive(json.dumps({"nftables": content}))


@pytest.mark.parametrize("name", sorted(DUMPS))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 30), often=st.sampled_from([0.005, 0.05, 0.3]))
def test_noise_in_a_dump_of_iptables(name: str, seed: int, often: float) -> None:
    chance = random.Random(seed)  # noqa: S311 - for variety, with a fixed seed
    lines: list[str] = []
    for line in DUMPS[name].splitlines():
        words = [
            chance.choice(WORDS) if chance.random() < often else shlex.quote(word)
            for word in line.split(" ")
        ]
        lines.append(" ".join(words) if line.startswith("-A") else line)
    survive("\n".join(lines))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 1 << 30), often=st.sampled_from([0.005, 0.05, 0.3]))
def test_noise_in_a_text_of_nft(seed: int, often: float) -> None:
    chance = random.Random(seed)  # noqa: S311 - for variety, with a fixed seed
    words = re.split(r"([ \n\t]+)", (GOLDEN / "kitchen-sink.nft").read_text("utf-8"))
    spoilt = [chance.choice(NFT_WORDS) if chance.random() < often else word for word in words]
    survive("table inet x {\n}\n" + "".join(spoilt))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_at_all(text: str) -> None:
    survive(text)
    survive(f"*filter\n{text}\nCOMMIT\n")
    survive(f"create x hash:net\n{text}\n")
    survive(f"table ip x {{\n chain y {{\n{text}\n}}\n}}\n")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1 << 30), often=st.sampled_from([0.002, 0.02]))
def test_noise_in_a_long_chain(seed: int, often: float) -> None:
    """Long chains are sorted by what their rules need, which has traps of its own."""
    document = cast("dict[str, Json]", DOCUMENTS["kitchen-sink.json"])
    items = cast("list[dict[str, dict[str, Json]]]", copy.deepcopy(document["nftables"]))
    for item in items:
        if "rule" in item and item["rule"].get("table") == "ks":
            item["rule"]["chain"] = "input"
    content = spoiled(items * 2, random.Random(seed), often)  # noqa: S311 - with a fixed seed
    survive(json.dumps({"nftables": content}))
