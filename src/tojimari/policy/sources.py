"""Who may come: zones, networks, and the named groups of a policy."""

import ipaddress
import re
from collections.abc import Mapping

from tojimari.core.exposure import Zone
from tojimari.core.message import Message
from tojimari.policy.complaints import Complaints
from tojimari.policy.positions import Path
from tojimari.policy.syntax import Toml

# Enough for every office of a company, and little enough for somebody to read.
MAX_SOURCES = 1024

ZONES = frozenset(str(zone) for zone in Zone)
GROUP_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]+)?")
_LOOPBACK = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
_MAPPED_BITS = 96  # before the IPv4 address in ::ffff:0:0/96 (RFC 4291, section 2.5.5.2)
# What people write for a zone at first, and the word that this file has for it.
_SYNONYMS = {
    **dict.fromkeys(("localhost", "local", "loopback", "host", "self", "me"), Zone.THIS_MACHINE),
    **dict.fromkeys(("container", "docker", "podman", "pods"), Zone.CONTAINERS),
    **dict.fromkeys(("local-network", "localnet", "intranet", "private", "home"), Zone.LAN),
    **dict.fromkeys(
        ("any", "all", "anyone", "anywhere", "everyone", "public", "wan", "world", "*"),
        Zone.INTERNET,
    ),
}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Groups = Mapping[str, tuple[str, ...]]


def words(value: Toml, path: Path, complaints: Complaints) -> list[tuple[str, Path]]:
    """The sources as the file has them: one, or a list of them, each of the right form.

    Args:
        value: Anything that TOML can hold.
        path: Where it stands.
        complaints: Takes what is wrong.

    Returns:
        Each with its own path; what has not the form of a source is left out.
    """
    items = _items(value, path, complaints)
    kept: dict[str, Path] = {}
    for item, place in items:
        if not isinstance(item, str):
            complaints.value(
                place,
                Message("wrong-type", "a source is a text in quotes"),
                Message("try", 'for example "lan", or "192.0.2.0/24"'),
            )
        elif not GROUP_NAME.fullmatch(item) and not _NETWORK.fullmatch(item):
            complaints.value(
                place,
                Message("source-form", '"{word}" cannot name a source', {"word": item}),
                _meant(item, {}, complaints),
            )
        elif item in kept:
            complaints.value(
                place, Message("repeated-item", '"{word}" is there twice', {"word": item})
            )
        else:
            kept[item] = place
    return list(kept.items())


def _items(value: Toml, path: Path, complaints: Complaints) -> list[tuple[Toml, Path]]:
    if not isinstance(value, list):
        return [(value, path)]
    if not value:
        complaints.value(
            path,
            Message("empty", "nobody is named here"),
            Message("try", '"this-machine" is the least; or leave the whole door out'),
        )
    return [(item, (*path, number)) for number, item in enumerate(value)]


def resolve(table: Mapping[str, Toml], complaints: Complaints) -> dict[str, tuple[str, ...]]:
    """The groups, each as the zones and networks that it stands for in the end.

    Args:
        table: The table ``[groups]``.
        complaints: Takes what is wrong.
    """
    said: dict[str, list[tuple[str, Path]]] = {}
    for name, value in table.items():
        path: Path = ("groups", name)
        if name in ZONES or not GROUP_NAME.fullmatch(name):
            complaints.key(path, *_bad_name(name))
        said[name] = words(value, path, complaints)
    resolved: dict[str, tuple[str, ...]] = dict.fromkeys(said, ())
    for name in _innermost_first(said, complaints):
        resolved[name] = expand(said[name], resolved, complaints)
    return resolved


def _bad_name(name: str) -> tuple[Message, Message]:
    if name.lower() in ZONES:
        return (
            Message("group-name", '"{word}" has its meaning already', {"word": name}),
            Message("try", "choose another name"),
        )
    return (
        Message("group-name", '"{word}" cannot be the name of a group', {"word": name}),
        Message("try", "a to z, digits, - and _, beginning with a letter"),
    )


def _innermost_first(
    said: Mapping[str, list[tuple[str, Path]]], complaints: Complaints
) -> list[str]:
    """The groups in an order in which each comes after those that it holds.

    A group that holds itself, perhaps through others, is told once and read without itself. This
    keeps its own stack, since a hostile file may have a chain of ten thousand groups.
    """
    done: dict[str, bool] = {}  # False while its own groups are being looked at
    order: list[str] = []
    for start in said:
        stack = [] if start in done else [(start, iter(said[start]))]
        if stack:
            done[start] = False
        while stack:
            name, inner = stack[-1]
            for word, path in inner:
                if word not in said or done.get(word, False):
                    continue
                if word in done:
                    names = [one for one, _ in stack]
                    circle = [*names[names.index(word) :], word]
                    complaints.value(
                        path,
                        Message(
                            "group-cycle",
                            "the group holds itself: {circle}",
                            {"circle": " > ".join(circle)},
                        ),
                    )
                    continue
                done[word] = False
                stack.append((word, iter(said[word])))
                break
            else:
                done[name] = True
                order.append(name)
                stack.pop()
    return order


def expand(said: list[tuple[str, Path]], groups: Groups, complaints: Complaints) -> tuple[str, ...]:
    """What sources stand for: zones and networks, each once, in the order in which they come."""
    found: dict[str, None] = {}
    for word, path in said:
        if word in groups:
            found.update(dict.fromkeys(groups[word]))
        elif word in ZONES:
            found[word] = None
        elif GROUP_NAME.fullmatch(word):
            complaints.value(
                path,
                Message(
                    "unknown-source",
                    '"{word}" is no zone, no network, and no group of this file',
                    {"word": word},
                ),
                _meant(word, groups, complaints),
            )
        else:
            network = _network(word, path, complaints)
            if network is not None:
                found[str(network)] = None
    if len(found) > MAX_SOURCES:
        complaints.value(
            said[0][1],
            Message(
                "too-many-sources",
                "{count} sources; more than {limit} nobody can review",
                {"count": len(found), "limit": MAX_SOURCES},
            ),
            Message("try", "write wider networks"),
        )
        return ()
    return tuple(found)


def _network(word: str, path: Path, complaints: Complaints) -> Network | None:
    """A network in its one form; a single address is a network of one."""
    address_text, slash, length = word.partition("/")
    try:
        address = ipaddress.ip_address(address_text)
        interface = ipaddress.ip_interface(f"{address}/{int(length)}" if slash else str(address))
    except ValueError:
        complaints.value(
            path,
            Message("bad-network", '"{word}" is neither an address nor a network', {"word": word}),
            Message("try", "for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"),
        )
        return None
    network = interface.network
    if interface.ip != network.network_address:
        complaints.value(
            path,
            Message("host-bits", '"{word}" is an address inside a network', {"word": word}),
            Message(
                "try",
                '"{network}" for the whole network, "{address}" for the one machine',
                {"network": str(network), "address": str(interface.ip)},
            ),
        )
        return None
    better = _zone_for(network)
    if better is not None:
        complaints.value(
            path,
            Message("write-the-zone", '"{word}" has a name of its own', {"word": word}),
            Message("try", 'write "{better}"', {"better": better}),
        )
        return None
    return network


def _zone_for(network: Network) -> str | None:
    """The word for networks that have one, so that one meaning is written in one way."""
    if network.prefixlen == 0:
        return Zone.INTERNET
    if any(network.version == own.version and network.subnet_of(own) for own in _LOOPBACK):  # type: ignore[arg-type]  # the versions are equal
        return Zone.THIS_MACHINE
    mapped = (
        network.network_address.ipv4_mapped
        if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS
        else None
    )
    return f"{mapped}/{network.prefixlen - _MAPPED_BITS}" if mapped is not None else None


def _meant(word: str, groups: Groups, complaints: Complaints) -> Message | None:
    lower = word.lower().replace("_", "-")
    known = _SYNONYMS.get(lower) or complaints.alike(lower, (*Zone, *groups))
    if known is not None:
        return Message("try", 'did you mean "{word}"?', {"word": known})
    return Message("try", "the zones are: {zones}", {"zones": ", ".join(Zone)})
