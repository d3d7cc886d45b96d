"""The firewall of a machine or of a dump, read and compiled, ready to be asked."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tojimari.core.errors import PrivilegeError, UsageError
from tojimari.core.interface import Interface
from tojimari.core.message import Message
from tojimari.core.socket import Unseen
from tojimari.firewall import intervals, owners, reading, sources
from tojimari.firewall.compile import compile_ruleset
from tojimari.firewall.machine import LOOPBACK, Machine
from tojimari.firewall.program import Program
from tojimari.firewall.ruleset import Ruleset

_ANY_INTERFACE = "(any other)"


@dataclass(slots=True)
class Firewall:
    """A ruleset on a machine, ready to be asked.

    Attributes:
        ruleset: What was read.
        program: The same, compiled.
        machine: What is around it.
        interfaces: The machine's interfaces; empty for a dump from elsewhere.
        owners: Who made the rules.
        unseen: What could not be read.
    """

    ruleset: Ruleset
    program: Program
    machine: Machine
    interfaces: tuple[Interface, ...]
    owners: tuple[str, ...]
    unseen: tuple[Unseen, ...] = ()


def live(namespace: int | None = None) -> Firewall:
    """The firewall of this machine.

    Args:
        namespace: Open file of a network namespace; None for our own.

    Raises:
        HostError: Nothing that lists rules is installed.
    """
    from tojimari.firewall import live as system  # noqa: PLC0415 - only where the system is asked

    try:
        listed = system.listing(namespace)
    except PrivilegeError as error:
        # Not permitted is never "nothing there": every answer becomes "maybe".
        unseen = Unseen(error.message, 0, error.hint.text)
        listed = system.Listing(Ruleset([reading.unreadable_table()]), (unseen,))
    if namespace is None:
        around = system.around()
    else:
        from tojimari.linux.namespaces import Visitor  # noqa: PLC0415 - only where the system is asked

        visitor = Visitor()
        try:
            around = visitor.visit(namespace, system.around)
        finally:
            visitor.close()
    return prepared(listed.ruleset, around.machine, around.interfaces, listed.unseen)


def text_of(file: Path) -> str:
    """A dump's text; bytes that are no UTF-8 are kept (PEP 383).

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError("{file}: {why}", file=str(file), why=error.strerror or "") from error
    # Windows' shells write UTF-16, and editors a mark before UTF-8.
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "replace")


def from_files(
    texts: Iterable[str], own: Sequence[str] = (), names: Iterable[str] = ()
) -> Firewall:
    """The firewall that files describe, on a machine that we know little or nothing of.

    Args:
        texts: Whole files.
        own: Addresses with prefix length and interface, ``192.0.2.1/24@eth0``, as far as known.
        names: The files' names, for what is said of a broken one.

    Raises:
        UsageError: A file is in no language that is known, or an address is none.
    """
    ruleset = reading.from_texts(texts, names)
    interfaces = _given(own)
    machine = Machine(
        sources.addresses(interfaces), assumed=not interfaces, bridges=None, stacked=None
    )
    unseen = [Unseen(note, 0) for note in _once(ruleset.notes)]
    return prepared(ruleset, machine, interfaces, tuple(unseen))


def _given(own: Sequence[str]) -> tuple[Interface, ...]:
    found: dict[str, list[str]] = {}
    for text in own:
        address, _, name = text.partition("@")
        plain, slash, length = address.partition("/")
        try:
            family = intervals.IPV6 if ":" in plain else intervals.IPV4
            intervals.parse_network(address, family)
        except ValueError as error:
            raise UsageError("not an address: {text}", text=text) from error
        width = intervals.WIDTHS[family]
        found.setdefault(name or "eth0", []).append(f"{plain}/{length if slash else width}")
    return tuple(
        Interface(
            name, at, tuple(addresses), up=True, kind="loopback" if name == LOOPBACK else "ethernet"
        )
        for at, (name, addresses) in enumerate(found.items(), start=1)
    )


def _once(notes: Iterable[Message]) -> list[Message]:
    return list({(note.text, *note.values.values()): note for note in notes}.values())


def prepared(
    ruleset: Ruleset,
    machine: Machine,
    interfaces: tuple[Interface, ...],
    unseen: tuple[Unseen, ...] = (),
) -> Firewall:
    """A ruleset compiled for a machine."""
    return Firewall(
        ruleset,
        compile_ruleset(ruleset),
        machine,
        interfaces,
        tuple(owners.owners(ruleset.tables)),
        unseen,
    )


def speaks(ruleset: Ruleset, family: int) -> bool:
    """Whether a dump says anything of a family."""
    own = {intervals.IPV4: "ip", intervals.IPV6: "ip6"}[family]
    return any(table.family in {own, "inet", "netdev"} for table in ruleset.tables)


def interfaces_named(program: Program) -> list[str]:
    """The outside interfaces that a dump names, and one that it does not name."""
    found = [name.replace("*", "0") for name in program.interfaces]
    outside = [name for name in found if name != LOOPBACK and not name.startswith(_INNER)]
    return [*dict.fromkeys(outside), _ANY_INTERFACE]


_INNER = ("docker", "br-", "virbr", "veth", "cni", "podman", "lxc", "tun", "tap", "wg")
