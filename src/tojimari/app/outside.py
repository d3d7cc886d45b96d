"""This machine as somebody outside sees it: by which interfaces, from which addresses."""

import ipaddress
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from tojimari.app import scan_plan
from tojimari.app.scan_plan import Wish
from tojimari.core import networks
from tojimari.core.errors import HostError, PrivilegeError, RefusedError, UsageError
from tojimari.core.message import Message, mark
from tojimari.linux import neighbours, outside, rtnetlink
from tojimari.linux.outside import Outside
from tojimari.linux.passage import Passages
from tojimari.linux.rtnetlink import Link
from tojimari.scan.plan import Part, Plan

WITHIN = mark("tojimari scan")
BY = mark("tojimari scan --from-outside --interface {interface}")
AGAIN = "sudo tojimari scan --from-outside"
INNER = "inner-interface"  # code of what is said of interfaces that lead to containers
_VERSIONS: tuple[int, ...] = (4, 6)
_WITHOUT_FRAMES = frozenset({"loopback", "dummy"})  # whose addresses are met by another interface
_PATIENCE = 1.2  # seconds for the gateway; the kernel asks again after one


@dataclass(frozen=True, slots=True)
class Vantage:
    """An interface by which somebody outside comes, and who that is.

    Attributes:
        interface: Its name.
        sources: The address that is come from, by version.
        targets: The machine's addresses that are knocked at.
    """

    interface: str
    sources: dict[int, str]
    targets: tuple[str, ...]


@dataclass(slots=True)
class Survey:
    """From where this machine can be seen.

    Attributes:
        vantages: Those that can be taken.
        remarks: What cannot be seen so, and why.
    """

    vantages: list[Vantage] = field(default_factory=list[Vantage])
    remarks: list[Message] = field(default_factory=list[Message])


@contextmanager
def opened(
    wish: Wish, interface: str = "", again: str = AGAIN, more: Sequence[Wish] = ()
) -> Generator[tuple[Plan, list[Outside]]]:
    """A scan of this machine from outside, ready to be done while the ``with`` lasts.

    Args:
        wish: What is knocked at; its targets are addresses of this machine, none for all.
        interface: The only interface by which to come; empty for every one that leads outside.
        again: What to type with more rights.
        more: What is knocked at besides, at the same addresses.

    Yields:
        The plan, and for each of its parts the place that it is done from.

    Raises:
        UsageError: There is no such interface, or an address is not this machine's.
        PrivilegeError: Not permitted.
        HostError: It cannot be done here.
        RefusedError: Nothing is left to be knocked at.
    """
    found = survey(wish.targets, interface)
    if not found.vantages:
        raise _nowhere(found.remarks, interface)
    parts: list[Part] = []
    places: list[Outside] = []
    remarks = list(found.remarks)
    made: Plan | None = None
    with ExitStack() as stack:
        for one in found.vantages:
            place = _entered(stack, one, again)
            for asked in (wish, *more):
                here = replace(asked, targets=one.targets, ours=True, discover=False)
                made = place.visit(partial(scan_plan.plan, here))
                remarks += made.remarks
                parts += [replace(part, own=True, outside=one.interface) for part in made.parts]
                places += [place] * len(made.parts)
        if made is None or not parts:
            raise _nowhere(remarks, interface)
        # Where somebody insists on a pace, it is that of the whole.
        yield (
            replace(
                made,
                parts=tuple(parts),
                remarks=tuple(one for at, one in enumerate(remarks) if one not in remarks[:at]),
                beside=wish.limits.rate is None,
            ),
            places,
        )


def _entered(stack: ExitStack, one: Vantage, again: str) -> Outside:
    try:
        return stack.enter_context(Outside(one.interface, one.sources, one.targets))
    except PrivilegeError as error:
        error.hint = Message("privilege", again)
        raise


def survey(words: Sequence[str] = (), interface: str = "") -> Survey:
    """From where this machine can be seen.

    Args:
        words: Only these of its addresses; empty for all.
        interface: Only by this interface; empty for every one that leads outside.

    Raises:
        UsageError: There is no such interface, or an address is not this machine's.
        OSError: The kernel refused.
    """
    links = rtnetlink.links()
    if interface and interface not in {one.interface.name for one in links}:
        raise UsageError(
            "There is no network interface {name}.",
            hint="--interface takes one of these: {known}",
            name=interface,
            known=", ".join(one.interface.name for one in links),
        )
    asked = _asked(words, links)
    homeless = tuple(
        address
        for one in links
        if one.interface.kind in _WITHOUT_FRAMES
        for address in _addresses(one)
    )
    found = Survey()
    for link in links:
        if not _leads_outside(link, interface, found.remarks):
            continue
        own = _addresses(link)
        sources = _sources(link, own, found.remarks)
        targets = asked or (*own, *(homeless if not found.vantages else ()))
        usable = tuple(one for one in targets if ipaddress.ip_address(one).version in sources)
        versions: set[int] = {ipaddress.ip_address(one).version for one in usable}
        if usable:
            kept = {one: sources[one] for one in sorted(versions)}
            found.vantages.append(Vantage(link.interface.name, kept, usable))
    return found


def _leads_outside(link: Link, wanted: str, remarks: list[Message]) -> bool:
    """Whether somebody outside may come by an interface; why not, where that is worth a word."""
    known = link.interface
    if wanted:
        return known.name == wanted
    if not known.up or known.kind in _WITHOUT_FRAMES or not _addresses(link):
        return False
    if link.sort != outside.ETHERNET:
        remarks.append(
            Message(
                "no-frames",
                mark(
                    "{interface} takes no frames of Ethernet: what answers there is not seen from"
                    " here."
                ),
                {"interface": known.name},
            )
        )
        return False
    if networks.is_container_interface(known.name):
        remarks.append(
            Message(
                INNER,
                mark("{interface} leads to containers: --interface {interface} comes from there."),
                {"interface": known.name},
            )
        )
        return False
    return True


def _sources(link: Link, own: Iterable[str], remarks: list[Message]) -> dict[int, str]:
    """Who comes by an interface, by version."""
    index = link.interface.index
    found: dict[int, str] = {}
    for version in _VERSIONS:
        if not any(ipaddress.ip_address(one).version == version for one in own):
            continue
        taken = tuple(neighbours.known(index, version))
        source = outside.vantage(index, version, link.interface.addresses, taken)
        far = source is not None and source == outside.SOURCES[version]
        if source is not None and far and not _gateway_answers(index, version, source):
            remarks.append(
                Message(
                    "gateway-silent",
                    mark(
                        "The gateway of {interface} (IPv{version}) is silent: whoever is beyond it"
                        " gets no answer; a neighbour's view is taken instead."
                    ),
                    {"interface": link.interface.name, "version": version},
                )
            )
            source = outside.vantage(index, version, link.interface.addresses, taken, near=True)
        if source is None:
            remarks.append(
                Message(
                    "nobody-answered",
                    mark("This machine answers nobody by {interface} (IPv{version})."),
                    {"interface": link.interface.name, "version": version},
                )
            )
        else:
            found[version] = source
    return found


def _gateway_answers(index: int, version: int, source: str) -> bool:
    ways = Passages()
    try:
        passage = ways.to(version, int(ipaddress.ip_address(source)))
    finally:
        ways.close()
    if passage is None or passage.gateway is None:
        return True
    return bool(neighbours.find([passage.gateway], index, version, seconds=_PATIENCE))


def _addresses(link: Link) -> tuple[str, ...]:
    """Those of an interface that others can ask for, without those that are only of a link."""
    found = (ipaddress.ip_interface(one).ip for one in link.interface.addresses)
    return tuple(str(one) for one in found if not one.is_link_local and not one.is_loopback)


def _asked(words: Sequence[str], links: Iterable[Link]) -> tuple[str, ...]:
    own = {address for one in links for address in _addresses(one)}
    found: list[str] = []
    for word in words:
        try:
            address = str(ipaddress.ip_address(word))
        except ValueError:
            address = ""
        if address not in own:
            raise UsageError(
                "From outside only this machine is scanned, and {text} is no address of it that"
                " others can ask for.",
                hint="tojimari scan --from-outside",
                text=word,
            )
        found.append(address)
    return tuple(dict.fromkeys(found))


def _nowhere(remarks: Sequence[Message], interface: str) -> HostError | RefusedError:
    """What stands in the way; the hint names an interface only where one can be come in by."""
    if interface and not remarks:
        return RefusedError(
            "{interface} has no address that others can ask for.",
            hint="tojimari scan --from-outside",
            interface=interface,
        )
    if not remarks:
        return RefusedError("No interface of this machine leads outside.", hint=WITHIN)
    said = next((one for one in remarks if one.code == INNER), remarks[0])
    error = HostError(said.text, hint=BY if said.code == INNER else WITHIN)
    error.message = said
    error.hint = Message(error.hint.code, error.hint.text, said.values)
    return error
