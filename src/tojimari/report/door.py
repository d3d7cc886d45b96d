"""One door in full: what it is, who can come, who holds it and how that came about."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tojimari.core.door import Door, Forwarding
from tojimari.core.exposure import Certainty, Reach, Zone
from tojimari.core.look import Look
from tojimari.core.meaning import Meaning
from tojimari.core.message import Message, Value, mark
from tojimari.core.observation import Witness
from tojimari.core.service import Identification
from tojimari.core.sighting import Sighting
from tojimari.core.socket import Container, Evidence, Listener, Owner, Role
from tojimari.core.text import printable
from tojimari.registry.words import Words
from tojimari.report import columns, services
from tojimari.report.doors import notes, plain_words, usual
from tojimari.report.folding import Fold, folded
from tojimari.report.language import Language
from tojimari.report.naming import program, target
from tojimari.report.reach import passages
from tojimari.report.rules import translated, words
from tojimari.report.since import since
from tojimari.report.style import Style
from tojimari.report.unseen import unseen
from tojimari.report.view import View
from tojimari.sockets.inspection import Inspection

INDENT = 2
SHOWN_OWNERS = 8  # processes told in full; a web server may have a hundred workers, all alike
SHOWN_PARENTS = 8
SHOWN_THREADS = 8
SHOWN_COMMAND = 1000  # characters
SHOWN_DETAILS = 24  # of a conversation; a certificate and its server have about a dozen
SHOWN_SAID = 200  # characters of each

ZONES = {
    Zone.INTERNET: mark("Internet"),
    Zone.LAN: mark("Local network (LAN)"),
    Zone.CONTAINERS: mark("Containers"),
}
CERTAINTIES = {
    Certainty.YES: mark("yes"),
    Certainty.MAYBE: mark("maybe"),
    Certainty.NO: mark("no"),
}


@dataclass(frozen=True, slots=True)
class _Fact:
    """A label and what stands beside it, a paragraph a value."""

    label: str
    values: tuple[str, ...]
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Sources:
    """Where more is to be had of one door.

    Attributes:
        inspect: Takes a closer look at its holders.
        words: The plain words of what it usually is.
    """

    inspect: Callable[[Door], Sequence[Inspection]]
    words: Callable[[Meaning], Words | None]


def texts(found: Look, sources: Sources, view: View) -> Iterator[str]:
    """Every door of a look in full.

    Args:
        found: What was seen.
        sources: Where more is to be had.
        view: How it is shown.
    """
    for position, fold in enumerate(folded(found.doors)):
        if position:
            yield ""
        yield from text(fold, sources, found.at, view)
    yield from unseen(found.unseen, view)


def text(fold: Fold, sources: Sources, now: float, view: View) -> Iterator[str]:
    """Everything about one door, line by line.

    Args:
        fold: The door, at all of its addresses.
        sources: Where more is to be had.
        now: Seconds since the epoch.
        view: How it is shown.
    """
    language = view.language
    door = fold.door
    yield view.paint(_title(fold, language), Style.STRONG)
    by_pid = {one.pid: one for one in sources.inspect(door)}
    facts = [
        *_itself(fold, sources.words(door.meaning), language),
        *_owners(door.owners, by_pid, now, program(door, language), language),
    ]
    room = max(columns.width(fact.label) for fact in facts) + columns.GAP
    for fact in facts:
        yield from _laid_out(fact, room, view)
    yield ""
    for command in _next(door):
        yield " " * INDENT + view.paint(f"> {command}", Style.CALM)


def _title(fold: Fold, language: Language) -> str:
    return language.say(
        Message(
            "door-at",
            "{number} at {addresses}",
            {
                "number": fold.door.number,
                "addresses": " ".join(fold.addresses(language)),
            },
        )
    )


def _laid_out(fact: _Fact, room: int, view: View) -> Iterator[str]:
    """The label, and the values beside it."""
    label = fact.label
    for value in fact.values:
        for line in columns.wrapped(value, view.columns, INDENT + room):
            padding = " " * (room - columns.width(label))
            head = view.paint(label, Style.FAINT) if label else ""
            said = line.strip()
            shown = said if fact.style is Style.PLAIN else view.paint(said, fact.style)
            yield " " * INDENT + head + padding + shown
            label = ""


def _itself(fold: Fold, words: Words | None, language: Language) -> Iterator[_Fact]:
    """What the door is, before it is asked whose it is."""
    door = fold.door
    name, *more = _meaning(door.meaning, words, language)
    yield _Fact(language.text(mark("What it is")), (name,), Style.STRONG)
    if more:
        yield _Fact("", tuple(more))
    if not door.namespace.is_host:
        name = printable(door.namespace.name)
        yield _Fact(language.text(mark("Network namespace")), (name,))
    if door.conversation is not None:
        yield from _spoken(door.conversation, language)
    yield _Fact(language.text(mark("Who can come")), tuple(_reaches(door, language)))
    if fold.sightings:
        lines = tuple(_sighted(one, language) for one in fold.sightings)
        yield _Fact(language.text(mark("From outside")), lines)
    if door.forwarding is not None:
        yield _Fact(language.text(mark("Sent on")), tuple(_sent(door.forwarding, language)))
    if door.listener is not None:
        yield from _listener(door.listener, fold, language)


def _sighted(found: Sighting, language: Language) -> str:
    """How it looked at one address, to whom, and by which interface."""
    return language.say(
        Message(
            "sighted",
            "{state} at {address} for {source} by {interface} ({reason})",
            {
                "state": found.state,
                "address": found.address,
                "source": found.source,
                "interface": found.interface,
                "reason": found.reason,
            },
        )
    )


def _sent(sent: Forwarding, language: Language) -> Iterator[str]:
    """Where what arrives goes, by which rule, and past which."""
    values: dict[str, Value] = {
        "target": target(sent.to),
        "namespace": sent.namespace.name if sent.namespace is not None else "?",
    }
    if sent.namespace is not None and not sent.namespace.is_host:
        yield language.say(Message("sent-inside", "to {target}, in {namespace}", values))
    else:
        yield language.say(Message("sent-there", "to {target}", values))
    if sent.to.decider is not None:
        yield words(sent.to.decider, language)
    if sent.past is not None:
        past: dict[str, Value] = {"rule": words(sent.past, language)}
        yield language.say(Message("sent-past", "This one is never asked: {rule}", past))


def _spoken(found: Identification, language: Language) -> Iterator[_Fact]:
    """What really speaks there, and all that it told."""
    label = language.text(mark("What speaks"))
    spoken = found.service
    if spoken is None:
        yield _Fact(label, (services.told(found, language),))
        return
    software = services.software(spoken)
    name = services.protocol(spoken)
    yield _Fact(label, (f"{name}: {software}" if software else name,), Style.STRONG)
    if spoken.evidence:
        yield _Fact(_sub(mark("it said"), language), (printable(spoken.evidence, SHOWN_SAID),))
    for key, value in list(spoken.details.items())[:SHOWN_DETAILS]:
        yield _Fact(f"  {printable(key)}", (printable(str(value), SHOWN_SAID),))


def _reaches(door: Door, language: Language) -> Iterator[str]:
    """From where it can be reached, zones with the same answer in one sentence."""
    zones: dict[tuple[str, str], list[str]] = {}
    for reach in reversed(door.exposure.reaches):
        if reach.zone in ZONES:
            answer = (_certainty(reach), language.say(translated(reach.because, language)))
            zones.setdefault(answer, []).append(language.text(ZONES[reach.zone]))
    for (certainty, because), names in zones.items():
        values: dict[str, Value] = {
            "zone": language.text(mark(", ")).join(names),
            "certainty": language.text(certainty),
            "because": because,
        }
        yield language.say(Message("reach", "{zone}: {certainty}. {because}", values))
    yield from _passages(door, language)
    asked = Witness.FIREWALL in door.exposure.witnesses and not door.endpoint.is_loopback
    if asked and not any(reach.passages for reach in door.exposure.reaches):
        yield language.text(mark("No rule of the firewall stands in the way."))


def _certainty(reach: Reach) -> str:
    """The answer in a word; an English template."""
    if reach.certainty is Certainty.YES and not reach.whole:
        return mark("some")
    return CERTAINTIES[reach.certainty]


def _passages(door: Door, language: Language) -> Iterator[str]:
    """Who of a zone is let in and who is not, where that is not all of it."""
    for reach in reversed(door.exposure.reaches):
        if reach.whole or reach.zone not in ZONES:
            continue
        for line in passages(reach.passages, language):
            said = Message("part", "{zone}: {line}", {"zone": language.text(ZONES[reach.zone])})
            yield language.say(replace(said, values=said.values | {"line": line.strip()}))


def _meaning(said: Meaning, words: Words | None, language: Language) -> Iterator[str]:
    """What it is in a few words, then in a sentence or two."""
    name = usual(said, words, language)
    if not name:
        yield language.text(mark("not known: nobody has registered this number"))
        return
    yield name
    if words is not None:
        yield plain_words(words, language).what
    if not said.by_program:
        yield language.text(mark("So says the number. The program may speak something else."))
    if said.assignment and said.assignment != (said.service or said.usual or said.assignment):
        yield language.say(
            Message("by-iana", "IANA calls the number {name}.", {"name": said.assignment})
        )


def _listener(heard: Listener, fold: Fold, language: Language) -> Iterator[_Fact]:
    if heard.role is not Role.CLIENT and heard.backlog:
        yield _Fact(
            language.text(mark("Queue")),
            (
                language.say(
                    Message(
                        "queue",
                        "Visitors that wait to be let in: {queued}; there is room for {backlog}.",
                        {"queued": fold.queued, "backlog": heard.backlog},
                    )
                ),
            ),
        )
    said = tuple(language.say(message) for message in notes(fold) if message.code != "queue-fills")
    if said:
        yield _Fact(language.text(mark("Note")), said)


def _owners(
    owners: Sequence[Owner],
    by_pid: Mapping[int, Inspection],
    now: float,
    nobody: str,
    language: Language,
) -> Iterator[_Fact]:
    """Each holder, with what a closer look found."""
    held = language.text(mark("Held by"))
    if not owners:
        yield _Fact(held, (nobody,))
    for owner in owners[:SHOWN_OWNERS]:
        yield _Fact(held, (_holder(owner, now, language),), Style.STRONG)
        yield from _program(owner, language)
        seen = by_pid.get(owner.pid) if owner.pid is not None else None
        if seen is not None:
            yield from _closer(seen, owner, language)
    more = len(owners) - SHOWN_OWNERS
    if more > 0:
        message = Message("more-holders", "more processes: {count}", {"count": more})
        yield _Fact(held, (language.say(message),))


def _holder(owner: Owner, now: float, language: Language) -> str:
    """The holder in one sentence."""
    if owner.evidence is Evidence.KERNEL:
        return language.text(mark("the kernel itself; no process can hold it"))
    values: dict[str, Value] = {
        "name": owner.name or "?",
        "pid": owner.pid or 0,
        "user": owner.user or "?",
        "since": since(owner.started, now, language) if owner.started is not None else "?",
        "cgroup": owner.cgroup or "?",
    }
    if owner.evidence is not Evidence.CGROUP:
        return language.say(
            Message("holder", "{name}, process {pid} of user {user}, {since}", values)
        )
    if owner.pid is None and owner.cgroup in {None, "/"}:
        return language.text(mark("owner not seen"))
    if owner.pid is None:
        return language.say(
            Message("some-of", "some process of the control group {cgroup}", values)
        )
    return language.say(
        Message(
            "perhaps",
            "perhaps {name}, process {pid} of user {user}, {since}: its control group opened the"
            " door, but whether it holds it could not be seen",
            values,
        )
    )


def _program(owner: Owner, language: Language) -> Iterator[_Fact]:
    """What is known of the holder without a closer look."""
    if owner.exe is not None:
        shown = printable(owner.exe)
        if owner.deleted:
            gone = Message("program-gone", "{exe} (removed or replaced since)", {"exe": owner.exe})
            shown = language.say(gone)
        yield _Fact(_sub(mark("program"), language), (shown,))
    if owner.command:
        shown = printable(" ".join(owner.command), SHOWN_COMMAND)
        yield _Fact(_sub(mark("command line"), language), (shown,))
    if owner.unit is not None:
        yield _Fact(_sub(mark("unit"), language), (printable(owner.unit),))
    if owner.container is not None:
        yield _Fact(_sub(mark("container"), language), (_box(owner.container),))
    if owner.unit is None and owner.container is None and owner.cgroup not in {None, "/"}:
        yield _Fact(_sub(mark("control group"), language), (printable(owner.cgroup or ""),))


def _box(container: Container) -> str:
    name = f"{container.name} " if container.name and container.name != container.id else ""
    pod = f", pod {container.pod}" if container.pod else ""
    return printable(f"{name}({container.runtime} {container.id}{pod})")


def _closer(seen: Inspection, owner: Owner, language: Language) -> Iterator[_Fact]:
    """What a closer look at the holder found."""
    package = _package(seen, language)
    if package:
        yield _Fact(_sub(mark("package"), language), (package,))
    starters = tuple(_starters(seen, language))
    if starters:
        yield _Fact(_sub(mark("started by"), language), starters)
    if owner.evidence is not Evidence.CGROUP:
        said = tuple(_threads(seen, language))
        if said:
            yield _Fact(_sub(mark("threads"), language), said)


def _package(seen: Inspection, language: Language) -> str:
    """Which package the program came with; empty where nobody could be asked."""
    origin = seen.provenance
    if origin is None or not origin.asked:
        return ""
    if origin.package is None:
        return language.text(mark("none owns the program: somebody put it there by hand"))
    version = f" {origin.package.version}" if origin.package.version else ""
    return printable(f"{origin.package.name}{version} ({origin.package.system})")


def _starters(seen: Inspection, language: Language) -> Iterator[str]:
    """The chain of parents, the nearest first, and who had logged in."""
    parents = seen.ancestry.parents
    if parents:
        chain = [f"{one.name or '?'} ({one.pid})" for one in parents[:SHOWN_PARENTS]]
        more = ["..."] if len(parents) > SHOWN_PARENTS else []
        link = language.text(mark(", itself started by "))
        yield link.join(printable(one) for one in [*chain, *more])
    if seen.ancestry.login is not None:
        yield language.say(Message("login", "{user} had logged in.", {"user": seen.ancestry.login}))


def _threads(seen: Inspection, language: Language) -> Iterator[str]:
    """How many threads share the door, and which of them wait for it."""
    threads = seen.threads
    if threads is None:
        return
    waiting = [f"{one.name or '?'} ({one.tid}, {one.call})" for one in threads.waiting]
    values: dict[str, Value] = {
        "total": threads.total,
        "waiting": ", ".join(waiting[:SHOWN_THREADS]),
        "unreadable": threads.unreadable,
        "more": len(waiting) - SHOWN_THREADS,
    }
    if threads.total == threads.unreadable:
        yield language.say(
            Message(
                "threads-unread",
                "{total} in all, and each holds the door; what they do may not be asked.",
                values,
            )
        )
        return
    if not waiting:
        said = Message(
            "threads-busy",
            "{total} in all, and each holds the door; none waits for it now.",
            values,
        )
    elif len(waiting) > SHOWN_THREADS:
        said = Message(
            "threads-many",
            "{total} in all, and each holds the door. Waiting for it now: {waiting},"
            " and {more} more.",
            values,
        )
    else:
        said = Message(
            "threads-wait",
            "{total} in all, and each holds the door. Waiting for it now: {waiting}.",
            values,
        )
    yield language.say(said)
    if threads.unreadable:
        yield language.say(
            Message("threads-some", "May not be asked what they do: {unreadable}.", values)
        )


def _sub(label: str, language: Language) -> str:
    return "  " + language.text(label)


def _next(door: Door) -> Iterator[str]:
    """What may be typed next."""
    port = door.endpoint.port
    if door.endpoint.transport == "tcp":
        yield f"tojimari connections --port {port}"
    yield f"tojimari port {port}"
