"""How long the reasoner takes: compiling, asking, and proving for every port.

Run: .venv/bin/python bench/firewall_speed.py [FIREWALLD_JSON]
"""

import gc
import ipaddress
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tojimari.firewall import intervals
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.dialects import nft_json
from tojimari.firewall.machine import Address, Machine, Route
from tojimari.firewall.program import Program
from tojimari.firewall.proof import Allowed, Approach, Outcome, prove
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.ruleset import TCP, UDP

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "firewall"
INTERFACES = ("eth0", "eth1", "eth2")
COMMON = (22, 80, 443, 53, 25, 110, 143, 993, 3306, 5432, 6379, 8080, 8443, 9000)
ROUNDS = 5
QUESTIONS = 400
HERE = {4: intervals.parse_ipv4("192.0.2.1"), 6: intervals.parse_address("2001:db8::1", 6)}

Match = dict[str, object]


def rule(chance: random.Random) -> list[Match]:
    """One rule of the kind that large generated firewalls have: first match wins."""
    parts: list[Match] = []
    if chance.random() < 0.25:
        parts.append(matching({"meta": {"key": "iifname"}}, chance.choice(INTERFACES)))
    has_source = chance.random() < 0.8
    if has_source:
        length = chance.choice([8, 12, 16, 20, 22, 24, 24, 24, 26, 28, 30, 32, 32])
        network = ipaddress.IPv4Network((chance.getrandbits(32), length), strict=False)
        value = {"prefix": {"addr": str(network[0]), "len": length}}
        parts.append(matching(payload("ip", "saddr"), value if length < 32 else str(network[0])))
    if chance.random() < 0.85 or not has_source:
        protocol = chance.choice(["tcp", "tcp", "tcp", "udp"])
        port: object = chance.choice([*COMMON, chance.randrange(65536)])
        if chance.random() < 0.2:
            first = chance.randrange(1024, 65000)
            port = {"range": [first, first + chance.choice([1, 9, 99, 500])]}
        parts.append(matching(payload(protocol, "dport"), port))
    return [*parts, {"accept": None} if chance.random() < 0.6 else {"drop": None}]


def matching(left: object, right: object) -> Match:
    """A condition, as nft's JSON has it."""
    return {"match": {"op": "==", "left": left, "right": right}}


def payload(protocol: str, field: str) -> object:
    """A header's field."""
    return {"payload": {"protocol": protocol, "field": field}}


def ruleset(count: int, blocked: int = 0) -> str:
    """So many rules in the input chain, perhaps behind a list of blocked addresses."""
    chance = random.Random(1)  # noqa: S311 - for variety, with a fixed seed
    where = {"family": "inet", "table": "f"}
    chain = {**where, "name": "input", "hook": "input", "prio": 0, "type": "filter"}
    items: list[object] = [
        {"table": {"family": "inet", "name": "f"}},
        {"chain": {**chain, "policy": "drop"}},
    ]
    rules = [rule(chance) for _ in range(count)]
    if blocked:
        numbers = {chance.getrandbits(32) for _ in range(blocked)}
        content = [str(ipaddress.IPv4Address(number)) for number in sorted(numbers)]
        named = {**where, "name": "blocked", "type": "ipv4_addr", "elem": content}
        items.append({"set": named})
        rules.insert(0, [matching(payload("ip", "saddr"), "@blocked"), {"drop": None}])
    items += [
        {"rule": {**where, "chain": "input", "handle": n, "expr": e}} for n, e in enumerate(rules)
    ]
    return json.dumps({"nftables": items})


def machine() -> Machine:
    """A machine with one network and a default route."""
    addresses = tuple(
        Address(family, number, 24 if family == 4 else 64, "eth0")
        for family, number in HERE.items()
    )
    routes = tuple(Route(family, 0, 0, "eth0") for family in HERE)
    return Machine(addresses, routes, {4: False, 6: False})


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median seconds of processor time of several rounds; there is one thread."""
    taken: list[float] = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def questions() -> list[Question]:
    """Ports that rules name often, and ports that they do not."""
    chance = random.Random(3)  # noqa: S311 - for variety, with a fixed seed
    return [
        Question(
            4,
            chance.choice([TCP, TCP, UDP]),
            chance.choice([*COMMON, *[chance.randrange(65536)] * 6]),
            HERE[4],
            chance.choice(INTERFACES),
        )
        for _ in range(QUESTIONS)
    ]


def ask_all(program: Program) -> Callable[[], None]:
    """Ask every question."""
    reasoner, asked = Reasoner(program, machine()), questions()

    def work() -> None:
        for question in asked:
            reasoner.ask(question)

    return work


def prove_all(program: Program) -> Callable[[], dict[Outcome, int]]:
    """Prove for all 131,072 ports of both families that only one network comes in."""
    first, last = intervals.parse_network("10.0.0.0/8", 4)
    allowed = [
        Allowed(protocol, 0, 65535, {4: intervals.interval(first, last), 6: []})
        for protocol in (TCP, UDP)
    ]
    approaches = [Approach(family, "eth0", number) for family, number in HERE.items()]

    def work() -> dict[Outcome, int]:
        counts = dict.fromkeys(Outcome, 0)
        for found in prove(Reasoner(program, machine()), allowed, approaches, (TCP, UDP)):
            counts[found.outcome] += found.last - found.first + 1
        return counts

    return work


def proof_of_all(program: Program) -> str:
    """Seconds for a proof for every port, and what came of it."""
    work = prove_all(program)
    counts = work()
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return f"{timed(work, 1):.2f} s ({outcomes})"


def report(count: int) -> None:
    """Everything about so many rules."""
    text = ruleset(count)
    listed = nft_json.read(text)
    program = compile_ruleset(listed)
    gc.freeze()
    asking = ask_all(program)
    print(f"{count} rules (bars are for 10,000)")
    print(f"  read     {timed(lambda: nft_json.read(text)):.3f} s")
    print(f"  compile  {timed(lambda: compile_ruleset(listed)):.3f} s      (bar: 0.5 s)")
    print(f"  question {timed(asking) / QUESTIONS * 1000:.3f} ms     (bar: 0.5 ms)")
    print(f"  prove    {proof_of_all(program)}        (bar: 30 s)")
    shut = compile_ruleset(nft_json.read(text.replace('"accept": null', '"drop": null')))
    gc.freeze()
    print(f"  prove, nothing let in  {proof_of_all(shut)}        (bar: 30 s)")


def main() -> None:
    """Print every figure with its bar."""
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()};")
    print(f"processor time, medians of {ROUNDS} rounds; load {os.getloadavg()[0]:.1f}")
    for count in (5_000, 10_000):
        report(count)
    text, without = ruleset(1_000, 100_000), ruleset(1_000)
    read, plain = timed(lambda: nft_json.read(text)), timed(lambda: nft_json.read(without))
    program = compile_ruleset(nft_json.read(text))
    asking = ask_all(program)
    print("1,000 rules behind a set of 100,000 addresses")
    print(f"  set      {read - plain:.3f} s      (bar: 0.1 s)")
    print(f"  question {timed(asking) / QUESTIONS * 1000:.1f} ms       (bar: 60 ms)")
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN / "firewalld-default.json"
    program = compile_ruleset(nft_json.read(path.read_text(encoding="utf-8")))
    print(f"firewalld's default ruleset: prove {proof_of_all(program)} (bar: 2 s)")


if __name__ == "__main__":
    main()
