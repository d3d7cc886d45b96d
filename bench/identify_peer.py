"""The practice network identified by us and by ``nmap -sV``, from the same house in the same run.

script/bench identify_peer [-n N] [--nmap N] [SCENE ...]

For each scene: every door that can be met from another house, all together. nmap gets its best: one
process for each house, all at once, told exactly the ports that are open there (a single process
would ask every house for the ports of all). Connections are counted where they arrive: a rule in
each house counts SYNs by port (and the first-direction datagrams of UDP), so that nmap's scan that
comes before its conversations is in its figures as it is in its work.

Right is what the scene's table says (``lab.scene.Expected``). nmap's names are turned into ours by
the maps below, its products count where they contain the first word of ours, its versions where
they stand anywhere in what it says. What it says by the number alone (``method="table"``) counts as
right too, and is counted apart. Of several runs the first is judged: Murmur bans whoever comes ten
times within two minutes, and nmap does.

Whole processes: one talkative door, one silent one, medians and extremes of n runs.

The bars: 1/30 of nmap's time for all scenes together, at least as many right, fewer connections a
port; one talkative door within 150 ms, one silent one within 5 s.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _measure import machine, once, verdict
from defusedxml import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from listening import Row, Vantage, heard_by, rows_of
from tojimari.core.service import Outcome
from tojimari.lab import launch
from tojimari.lab.launch import Street
from tojimari.lab.places import Places
from tojimari.services.order import LEFT_ALONE

SCENES = ("town", "modern", "moved", "harbour")
OURS = "tojimari"
NMAP = "nmap -sV"
NAMES = {  # nmap's: ours
    "domain": "dns",
    "etcd-client": "http",
    "dhcps": "dhcp",
    "dhcpc": "dhcp-client",
    "netbios-ssn": "smb",
    "microsoft-ds": "smb",
    "memcache": "memcached",
    "X11": "x11",
    "socks5": "socks",
    "socks-proxy": "socks",
    "http-proxy": "http",
    "http-alt": "http",
    "svnserve": "svn",
    "jabber": "xmpp",
    "xmpp-client": "xmpp",
    "xmpp-server": "xmpp",
    "isakmp": "ike",
    "nat-t-ike": "ike",
    "zeroconf": "mdns",
    "ms-wbt-server": "rdp",
    "beanstalk": "beanstalkd",
    "murmur": "mumble",
    "distccd": "distcc",
    "nagios-nsca": "iperf3",
    "icecast": "http",
    "stun-p1": "stun",
    "nfs_acl": "nfs",
    "hpp": "http",
    "upnp": "http",
    "rpc.nfsd": "nfs",
}
SECURE = {  # the same, which are inside TLS
    "https": "http",
    "imaps": "imap",
    "ldaps": "ldap",
    "ldapssl": "ldap",
    "mumble": "mumble",
    "pop3s": "pop3",
}
TIMES_FASTER = 30
# By scene: a door, what it is, and within how many milliseconds the whole process ends.
ONE_DOOR = {
    "town": (("192.0.2.10:22", "talkative", 150.0), ("192.0.2.10:443", "talkative, TLS", 150.0)),
    "moved": (("192.0.2.54:9999", "silent", 5000.0),),
}
COUNTING = """
table inet tojimari_bench {
  set syns { type inet_service; flags dynamic; counter; }
  set datagrams { type inet_service; flags dynamic; counter; }
  chain in {
    type filter hook prerouting priority -300; policy accept;
    iifname != lo tcp flags & (syn | ack) == syn add @syns { tcp dport }
    iifname != lo meta l4proto udp add @datagrams { udp dport }
  }
}
"""


@dataclass(slots=True)
class Score:
    """How one of the two did at some doors.

    Attributes:
        seconds: Wall time of each run.
        right: Of the first run: how many doors had the protocol, the product, the version right.
        of: How many doors tell each of them.
        by_number: How many right protocols were said by the number alone.
        doors: TCP doors, and UDP doors.
        arrived: Connections to the former, and datagrams to the latter, of the first run.
        most: To any one TCP door.
        wrong: What was not right, a line each.
    """

    seconds: list[float] = field(default_factory=list[float])
    right: Counter[str] = field(default_factory=Counter[str])
    of: Counter[str] = field(default_factory=Counter[str])
    by_number: int = 0
    doors: Counter[str] = field(default_factory=Counter[str])
    arrived: Counter[str] = field(default_factory=Counter[str])
    most: int = 0
    wrong: list[str] = field(default_factory=list[str])

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


class Counted:
    """Counts what arrives at every house of a street, while it is open."""

    def __init__(self, street: Street) -> None:
        self._street = street
        self._houses = [house for house in street.plan.houses if house.services and house.ipv4]

    def begin(self) -> None:
        """Count from nothing."""
        for house in self._houses:
            self._nft(
                house.name,
                "-f",
                "-",
                said=f"table inet tojimari_bench\ndelete table inet tojimari_bench\n{COUNTING}",
            )

    def end(self) -> dict[tuple[str, str, int], int]:
        """How many, by house, transport and number."""
        found: dict[tuple[str, str, int], int] = {}
        for house in self._houses:
            for transport, name in (("tcp", "syns"), ("udp", "datagrams")):
                said = self._nft(house.name, "-j", "list", "set", "inet", "tojimari_bench", name)
                for part in json.loads(said)["nftables"]:
                    for one in part.get("set", {}).get("elem", ()):
                        port, packets = one["elem"]["val"], one["elem"]["counter"]["packets"]
                        found[(house.name, transport, port)] = packets
            self._nft(house.name, "delete", "table", "inet", "tojimari_bench")
        return found

    def _nft(self, house: str, *words: str, said: str = "") -> str:
        line = [*within(self._street, house), "nft", *words]
        return subprocess.run(line, input=said, capture_output=True, text=True, check=True).stdout


def within(street: Street, house: str) -> list[str]:
    """Words that run a command of this machine in the network of a house."""
    return ["nsenter", f"--net=/proc/{street.leader(house)}/ns/net"]


def by_us(street: Street, doors: Mapping[str, Sequence[str]]) -> dict[Any, dict[str, Any]]:
    """What we say, by address, transport and number."""
    words = [str(Path(sys.executable).with_name("tojimari")), "identify", "--json"]
    targets = [f"{address}:{door}" for address, each in doors.items() for door in each]
    line = [*within(street, "visitor"), *words, *targets]
    said = subprocess.run(line, capture_output=True, check=True).stdout
    return {
        (one["address"], one["transport"], one["port"]): one for one in json.loads(said)["doors"]
    }


def by_nmap(street: Street, doors: Mapping[str, Sequence[str]]) -> dict[Any, dict[str, Any]]:
    """What nmap says, in our words."""
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    for address, each in doors.items():
        tcp = ",".join(one.removesuffix("/tcp") for one in each if one.endswith("/tcp"))
        udp = ",".join(one.removesuffix("/udp") for one in each if one.endswith("/udp"))
        scans = [*(["-sS"] if tcp else []), *(["-sU"] if udp else [])]
        ports = ",".join([*([f"T:{tcp}"] if tcp else []), *([f"U:{udp}"] if udp else [])])
        line = ["nmap", "-n", "-Pn", "-sV", *scans, "-p", ports, "-oX", "-", address]
        process = subprocess.Popen([*within(street, "visitor"), *line], stdout=subprocess.PIPE)
        running.append((address, process))
    found: dict[Any, dict[str, Any]] = {}
    for address, process in running:
        for port in ElementTree.fromstring(process.communicate()[0]).iter("port"):
            number = int(port.get("portid") or 0)
            found[(address, port.get("protocol"), number)] = _in_our_words(port)
    return found


def _in_our_words(port: Any) -> dict[str, Any]:  # noqa: ANN401 - an element of defusedxml's
    service = port.find("service")
    told: dict[str, str] = {} if service is None else dict(service.attrib)
    probed = told.get("method") == "probed"
    name = told.get("name", "")
    secure = told.get("tunnel") == "ssl" or name in SECURE
    outcome = Outcome.SILENT
    if probed and name and name != "unknown":
        outcome = Outcome.IDENTIFIED
    elif "servicefp" in told:
        outcome = Outcome.UNKNOWN
    elif int(port.get("portid") or 0) in LEFT_ALONE:
        outcome = Outcome.LEFT_ALONE
    udp = port.get("protocol") == "udp"
    return {
        "outcome": outcome,
        "protocol": SECURE.get(name) or NAMES.get(name, name) or None,
        "product": told.get("product"),
        "version": (told.get("version") or "").partition(" ")[0] or None,
        "vendor": None,
        "all": " ".join(told.get(word) or "" for word in ("product", "version", "extrainfo")),
        "tls": secure and not udp,
        "by-number": bool(name) and not probed and name != "unknown",
    }


WAYS = {OURS: by_us, NMAP: by_nmap}


def scored(score: Score, rows: Sequence[Row], arrived: Mapping[tuple[str, str, int], int]) -> None:
    """Add what the rows of one scene say."""
    for row in rows:
        by_number = bool(row.said and row.said.get("by-number"))
        right = row.protocol_is_right
        if not right and by_number and row["protocol"] == row.expected.protocol:
            right, score.by_number = True, score.by_number + 1
        product = str(row.expected.product).casefold().partition(" ")[0]
        score.of["protocol"] += 1
        score.right["protocol"] += right
        wrong = [] if right else ["protocol"]
        if row.names_a_product:
            fits = row.product_is_right or product in str(row["product"]).casefold()
            score.of["product"] += 1
            score.right["product"] += fits
            wrong += [] if fits else ["product"]
        if row.names_a_version:
            said_all = str((row.said or {}).get("all"))
            fits = row.version_is_right or (row.upstream is not None and row.upstream in said_all)
            score.of["version"] += 1
            score.right["version"] += fits
            wrong += [] if fits else ["version"]
        transport = str(row.expected.transport)
        came = arrived.get((row.house, transport, row.expected.port), 0)
        score.doors[transport] += 1
        score.arrived[transport] += came
        if transport == "tcp":
            score.most = max(score.most, came)
        if wrong:
            said = (row["protocol"] or row["outcome"], row["product"], row["version"])
            door = f"{row.house} {row.expected.daemon} {row.expected.port}/{transport}"
            score.wrong.append(f"{door}: {', '.join(wrong)}; said {said}")


def measured(name: str, rounds: Mapping[str, int], scores: Mapping[str, Score]) -> None:
    """One scene, by both in turn."""
    with tempfile.TemporaryDirectory() as state:
        places = Places(cache=Places.of_user().cache, state=Path(state))
        street = launch.up(places, name, lambda _: None)
        try:
            doors: dict[str, list[str]] = {}
            for house, each in street.plan.doors():
                if house.ipv4 is not None and not each.loopback:
                    doors.setdefault(house.ipv4, []).append(f"{each.port}/{each.transport}")
            for turn in range(max(rounds.values())):
                for who, way in WAYS.items():
                    if turn >= rounds[who]:
                        continue
                    counted = Counted(street)
                    counted.begin()
                    began = time.perf_counter()
                    said = way(street, doors)
                    scores[who].seconds.append(time.perf_counter() - began)
                    arrived = counted.end()
                    if turn == 0:
                        scored(
                            scores[who],
                            rows_of(street, Vantage.OUTSIDE, heard_by(street, said)),
                            arrived,
                        )
            _processes(street, 2 * rounds[OURS] + 1)
        finally:
            launch.down(places, lambda _: None)


def _processes(street: Street, n: int) -> None:
    """The whole process, for one door."""
    command = str(Path(sys.executable).with_name("tojimari"))
    for door, title, bar in ONE_DOOR.get(street.plan.name, ()):
        words = [*within(street, "visitor"), command, "identify", door]
        once(words)
        seconds = [once(words)[0] for _ in range(n)]
        low, high = 1e3 * min(seconds), 1e3 * max(seconds)
        text = f"one {title} door, the whole process ({door}; n = {n}, {low:.0f} to {high:.0f})"
        verdict(text, 1e3 * statistics.median(seconds), bar, "ms")


def _line(title: str, who: str, score: Score) -> None:
    right = "  ".join(f"{what} {score.right[what]}/{score.of[what]}" for what in score.of)
    each = {way: score.arrived[way] / max(score.doors[way], 1) for way in ("tcp", "udp")}
    print(
        f"{title:<10} {who:<10} {score.median:>8.2f} s (n = {len(score.seconds)})  {right}"
        f"  by number alone {score.by_number}"
        f"  connections/port {each['tcp']:.2f} (most {score.most})"
        f"  datagrams/port {each['udp']:.2f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, dest="rounds", help="runs of ours")
    parser.add_argument("--nmap", type=int, default=1, help="runs of nmap's; each takes minutes")
    parser.add_argument("scenes", nargs="*", default=list(SCENES))
    given = parser.parse_args()
    if shutil.which("nmap") is None:
        sys.exit("nmap is wanted as the peer: sudo apt-get install -y --no-install-recommends nmap")
    rounds = {OURS: given.rounds, NMAP: given.nmap}
    print(
        machine(given.rounds),
        f"({given.nmap} of nmap)",
    )
    names = sorted((NAMES | SECURE).items())
    print("nmap's names in our words:", ", ".join(f"{theirs} {our}" for theirs, our in names))
    total = {who: Score() for who in WAYS}
    times = dict.fromkeys(WAYS, 0.0)
    for name in given.scenes:
        scores = {who: Score() for who in WAYS}
        measured(name, rounds, scores)
        for who, score in scores.items():
            _line(name, who, score)
            times[who] += score.median
            for what in ("right", "of", "doors", "arrived"):
                getattr(total[who], what).update(getattr(score, what))
            total[who].by_number += score.by_number
            total[who].most = max(total[who].most, score.most)
            total[who].wrong += score.wrong
    print()
    for who, score in total.items():
        score.seconds = [times[who]]
        _line("together", who, score)
    for who, score in total.items():
        print(f"\nnot right, {who}:", *score.wrong, sep="\n  ")
    print()
    ours, peer = total[OURS], total[NMAP]
    held = [
        verdict("time of ours x 30", TIMES_FASTER * times[OURS], times[NMAP], "s"),
        verdict(
            "protocols of nmap's right", peer.right["protocol"], ours.right["protocol"], "doors"
        ),
        verdict("products of nmap's right", peer.right["product"], ours.right["product"], "doors"),
        verdict("versions of nmap's right", peer.right["version"], ours.right["version"], "doors"),
        verdict(
            "connections of ours",
            ours.arrived["tcp"] / ours.doors["tcp"],
            peer.arrived["tcp"] / peer.doors["tcp"],
            "a port",
        ),
    ]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
