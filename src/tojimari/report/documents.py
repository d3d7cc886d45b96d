r"""The JSON documents: flat, stable, English, and made for jq.

One a command, each with its schema's name in it. Text from the system stays as it is; only bytes
that are no UTF-8 are written as ``\xff``, since JSON could not hold them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tojimari.core.change import Change
from tojimari.core.door import Door, Forwarding
from tojimari.core.look import Look
from tojimari.core.socket import Container, Namespace, Owner, Role, Unseen
from tojimari.report import rule_document, witness_document
from tojimari.report.encodable import optional, text
from tojimari.report.language import Language
from tojimari.report.rule_document import DeciderDocument, ReachDocument
from tojimari.report.witness_document import ConversationDocument, SightingDocument
from tojimari.sockets.inspection import Inspection
from tojimari.sockets.process import Facts

CHANGE: Final = "tojimari.look.change/1"
LOOK: Final = "tojimari.look/1"

# Not frozen, for two thousand doors take 10 ms longer to freeze; nobody but this file makes them.


@dataclass(slots=True)
class OwnerDocument:
    """Who holds a door. What is not known is null.

    Attributes:
        pid: The process; null for the kernel, and where only the control group is known.
        name: The kernel's name of it, chosen by the process itself.
        exe: Path of the executable.
        user: Login name, or the number as text where the user is none of this machine's own.
        unit: systemd unit, or another supervisor's name for it.
        container: The container that it runs in; null outside any.
        evidence: How it was found: ``descriptor``, ``fixed-file`` (io_uring), ``in-flight``
            (carried by a unix socket), ``kernel`` (no process can hold it), ``cgroup`` (the process
            is in the group that opened the door: a candidate).
        command: Command line, secrets masked.
        started: Seconds since the epoch.
        deleted: Whether the executable was removed or replaced since the process began.
        descriptors: File descriptor numbers in that process.
        cgroup: Path of the control group that opened the socket.
    """

    pid: int | None
    name: str | None
    exe: str | None
    user: str | None
    unit: str | None
    container: Container | None
    evidence: str
    command: Sequence[str]
    started: float | None
    deleted: bool
    descriptors: Sequence[int]
    cgroup: str | None


@dataclass(slots=True)
class ParentDocument:
    """One of those who started a process, the nearest first.

    Attributes:
        pid: The process.
        name: The kernel's name of it.
        exe: Path of the executable.
        user: Login name, or number as text.
        command: Command line, secrets masked.
        started: Seconds since the epoch.
    """

    pid: int
    name: str | None
    exe: str | None
    user: str | None
    command: Sequence[str]
    started: float | None


@dataclass(slots=True)
class WaitingDocument:
    """A thread that waits for the door at this moment.

    Attributes:
        tid: Its number.
        name: The kernel's name of it.
        call: The system call that it sleeps in.
    """

    tid: int
    name: str
    call: str


@dataclass(slots=True)
class HolderDocument:
    """A closer look at one process that holds a door.

    Attributes:
        pid: The process.
        threads: How many threads it has, all of which hold the door; null where it is gone.
        waiting: Those that wait for the door at this moment.
        unreadable: Threads that could not be asked.
        parents: Who started it, the nearest first.
        login: Who had logged in when it all began.
        package: The package that its program came with; null where none owns it, see
            ``package_systems``.
        package_version: Its version.
        package_systems: The package systems that gave an answer; where there is none, no package
            means nothing.
    """

    pid: int
    threads: int | None
    waiting: list[WaitingDocument]
    unreadable: int
    parents: list[ParentDocument]
    login: str | None
    package: str | None
    package_version: str | None
    package_systems: Sequence[str]


@dataclass(slots=True)
class ForwardingDocument:
    """Where the firewall sends what comes to a port.

    Attributes:
        address: The new address; empty where it is one of several.
        port: The new port; 0 where it is one of several.
        here: Whether that is this machine itself.
        namespace: The network namespace of whoever waits there; null where nobody was seen.
        decider: The rule that sends it on.
        past: The rule of the firewall's manager that would have kept others out, had this one not
            come first; null where there is none.
    """

    address: str
    port: int
    here: bool
    namespace: str | None
    decider: DeciderDocument | None
    past: DeciderDocument | None


@dataclass(slots=True)
class DoorDocument:
    """One door.

    Attributes:
        transport: ``tcp``, ``udp``.
        address: Canonical text.
        port: The number.
        netns: Inode of its network namespace.
        namespace: The name of that namespace.
        role: ``server``, ``client`` or ``unsure``.
        v6only: For IPv6, whether IPv4 is refused; null for IPv4 and where it is not told.
        interface: The only interface that it accepts from; null for all.
        multicast: Whether the address names a group.
        backlog: TCP: how many connections may wait to be accepted.
        queued: TCP: how many wait now. UDP: bytes not yet read.
        inodes: The sockets behind it; several share it with SO_REUSEPORT.
        uid: The user id that the kernel keeps with the socket; a hint only.
        owners: Who holds it.
        exposure: From which zone it can be reached: ``certainly``, ``maybe``, ``certainly-not``.
        widest: The farthest zone from which it can certainly be reached.
        assignment: IANA's name for the number.
        usual: What really uses the number.
        service: The service that number or program speak for, by the registry.
        kind: The service's kind.
        witnesses: Who was asked who can come: ``kernel`` for the bound address, ``firewall``.
        farthest: The farthest zone that can reach it unless a rule keeps it out that could not be
            read or judged; the same as ``widest`` where there is no doubt.
        last: The last of several ports that one rule sends on alike; null for a single one.
        forwarding: Where the firewall sends what comes to the port (DNAT); null where it does not.
        conversation: What spoke there; null where nobody was asked to speak with it.
        scan: How it looked from outside, at each address; null where nobody looked, or where it
            cannot be seen so.
        because: For each zone, the address, interface or rule that decided; null unless the door
            was asked for by its number.
        reaches: For each zone, which sources the firewall lets in and which rule says so; null
            unless the door was asked for by its number.
        holders: A closer look at the processes in ``owners``; null unless it was asked for.
    """

    transport: str
    address: str
    port: int
    netns: int
    namespace: str
    role: str
    v6only: bool | None
    interface: str | None
    multicast: bool
    backlog: int
    queued: int
    inodes: Sequence[int]
    uid: int | None
    owners: list[OwnerDocument]
    exposure: Mapping[str, str]
    widest: str
    assignment: str | None
    usual: str | None
    service: str | None
    kind: str | None
    witnesses: Sequence[str]
    farthest: str
    last: int | None = None
    forwarding: ForwardingDocument | None = None
    conversation: ConversationDocument | None = None
    scan: list[SightingDocument] | None = None
    because: Mapping[str, str] | None = None
    reaches: list[ReachDocument] | None = None
    holders: list[HolderDocument] | None = None


@dataclass(slots=True)
class UnseenDocument:
    """Something that could not be seen.

    Attributes:
        code: What, for programs.
        text: What, in English.
        count: How many; 0 where even that is unknown.
        next: What to type to see it.
        hides_doors: Whether a door may have been missed by it.
    """

    code: str
    text: str
    count: int
    next: str
    hides_doors: bool


@dataclass(slots=True)
class ChangeDocument:
    """One line of ``tojimari look --watch --json``.

    Attributes:
        schema: The name of this form.
        at: Seconds since the epoch when it was noticed.
        change: ``opened``, ``closed``, or ``changed`` where another program holds it now.
        door: As it is now; for one that closed, as it was.
    """

    schema: Literal["tojimari.look.change/1"]
    at: float
    change: str
    door: DoorDocument


@dataclass(slots=True)
class LookDocument:
    """``tojimari look --json``.

    Attributes:
        schema: The name of this form.
        host: The machine's name.
        at: Seconds since the epoch.
        method: How the owners were found: ``bpf``, ``procfs``, ``cgroup``, ``psutil``.
        namespaces: Every network namespace that was found, the host's first.
        doors: Those that were asked for, by port.
        clients: UDP sockets that only wait for an answer and were left out.
        unseen: What could not be seen.
    """

    schema: Literal["tojimari.look/1"]
    host: str
    at: float
    method: str
    namespaces: Sequence[Namespace]
    doors: Sequence[DoorDocument]
    clients: int
    unseen: list[UnseenDocument]


def look(found: Look, details: Sequence[Sequence[Inspection]] | None = None) -> LookDocument:
    """The document of a look.

    Args:
        found: What was seen.
        details: For each door what a closer look found; None where nobody took one.
    """
    doors = [door(one) for one in found.doors]
    if details is not None:
        for document, one, seen in zip(doors, found.doors, details, strict=True):
            say = Language.ENGLISH.say
            document.because = {reach.zone: say(reach.because) for reach in one.exposure.reaches}
            document.reaches = [rule_document.reach(reach) for reach in one.exposure.reaches]
            document.holders = [_holder(inspection) for inspection in seen]
    return LookDocument(
        schema=LOOK,
        host=text(found.host),
        at=found.at,
        method=found.method,
        namespaces=[namespace(one) for one in found.namespaces],
        doors=doors,
        clients=found.clients,
        unseen=[unseen(one) for one in found.unseen],
    )


def change(found: Change) -> ChangeDocument:
    """The document of one change."""
    return ChangeDocument(CHANGE, found.at, found.turn, door(found.door))


def door(found: Door) -> DoorDocument:
    """The document of one door."""
    heard = found.listener
    meaning = found.meaning
    endpoint = found.endpoint
    return DoorDocument(
        transport=endpoint.transport,
        address=endpoint.address,
        port=endpoint.port,
        netns=found.namespace.inode,
        namespace=text(found.namespace.name),
        role=heard.role if heard else Role.UNSURE,
        v6only=heard.v6only if heard else None,
        interface=optional(heard.interface if heard else None),
        multicast=heard.multicast if heard else False,
        backlog=heard.backlog if heard else 0,
        queued=heard.queued if heard else 0,
        inodes=heard.inodes if heard else (),
        uid=heard.uid if heard else None,
        owners=[owner(one) for one in found.owners],
        exposure={one.zone: one.certainty for one in found.exposure.reaches},
        widest=found.exposure.widest,
        assignment=meaning.assignment,
        usual=meaning.usual,
        service=meaning.service,
        kind=meaning.kind,
        witnesses=sorted(found.exposure.witnesses),
        farthest=found.exposure.farthest,
        last=found.last,
        forwarding=_forwarding(found.forwarding) if found.forwarding else None,
        conversation=witness_document.conversation(found.conversation)
        if found.conversation
        else None,
        scan=[witness_document.sighting(one) for one in found.sightings] or None,
    )


def _forwarding(found: Forwarding) -> ForwardingDocument:
    space = found.namespace
    return ForwardingDocument(
        address=found.to.address,
        port=found.to.port,
        here=found.to.here,
        namespace=optional(space.name if space else None),
        decider=rule_document.decider(found.to.decider) if found.to.decider else None,
        past=rule_document.decider(found.past) if found.past else None,
    )


def owner(found: Owner) -> OwnerDocument:
    """The document of one owner."""
    return OwnerDocument(
        pid=found.pid,
        name=optional(found.name),
        exe=optional(found.exe),
        user=optional(found.user),
        unit=optional(found.unit),
        container=found.container and _container(found.container),
        evidence=found.evidence,
        command=[text(word) for word in found.command],
        started=found.started,
        deleted=found.deleted,
        descriptors=found.descriptors,
        cgroup=optional(found.cgroup),
    )


def unseen(found: Unseen) -> UnseenDocument:
    """The document of something that could not be seen."""
    said = Language.ENGLISH.say(found.message)
    return UnseenDocument(found.message.code, said, found.count, found.next, found.hides_doors)


def _container(found: Container) -> Container:
    return replace(found, id=text(found.id), name=optional(found.name))


def namespace(found: Namespace) -> Namespace:
    """A namespace, its names as JSON can hold them."""
    """The document of a network namespace."""
    interfaces = tuple(replace(one, name=text(one.name)) for one in found.interfaces)
    return replace(found, name=text(found.name), interfaces=interfaces)


def _holder(found: Inspection) -> HolderDocument:
    threads = found.threads
    origin = found.provenance
    package = origin.package if origin else None
    return HolderDocument(
        pid=found.pid,
        threads=threads.total if threads else None,
        waiting=[
            WaitingDocument(one.tid, text(one.name), one.call)
            for one in (threads.waiting if threads else ())
        ],
        unreadable=threads.unreadable if threads else 0,
        parents=[_parent(one) for one in found.ancestry.parents],
        login=optional(found.ancestry.login),
        package=text(package.name) if package else None,
        package_version=optional(package.version) if package else None,
        package_systems=origin.asked if origin else (),
    )


def _parent(found: Facts) -> ParentDocument:
    return ParentDocument(
        pid=found.pid,
        name=optional(found.name),
        exe=optional(found.exe),
        user=optional(found.user),
        command=[text(word) for word in found.command],
        started=found.started,
    )
