"""Have the service listen to this machine alone, or at another number, by its own files."""

import difflib
from collections.abc import Iterable, Sequence

from tojimari.close import configuration, scripts, selinux
from tojimari.close.configuration import Found
from tojimari.close.disk import as_bytes
from tojimari.close.move import Manager, Move, Situation, refused, with_them
from tojimari.close.service import RELOAD
from tojimari.close.setting import Edit, bound, edited, moved
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Kind, Step, Target

NAME = "config"
_CONTEXT = 1  # lines around a change


def _plan(situation: Situation) -> Step:
    does = _does(situation)
    if not situation.mine:
        return refused(NAME, does, Message("nobody", "no program of this machine holds the door"))
    if not situation.port and all(one.endpoint.is_loopback for one in situation.mine):
        return refused(NAME, does, Message("loopback", "it listens to this machine alone already"))
    found: dict[tuple[str, str | None], Found] = {}
    edits: list[Edit] = []
    for target in situation.targets:
        for one in configuration.found(situation.files, target, situation.mine):
            if one.owner is None:
                continue
            key = one.service.name, one.owner.unit
            found.setdefault(key, one)
            wanted = _edits(situation, one)
            if wanted is None:
                return refused(
                    NAME,
                    does,
                    Message(
                        "no-slot",
                        "that cannot be written in {path}",
                        {"path": one.settings[0].path},
                    ),
                )
            edits += wanted
    if not edits:
        return refused(
            NAME,
            does,
            Message("not-understood", "no configuration that tojimari understands makes it"),
        )
    if any(
        one.owner is None or scripts.name(situation, one.owner) is None for one in found.values()
    ):
        return refused(
            NAME, does, Message("no-unit", "the program was not started by the service manager")
        )
    return _step(situation, list(found.values()), list(dict.fromkeys(edits)))


def _does(situation: Situation) -> Message:
    if situation.port:
        return Message("move", "have it listen at {port} instead", {"port": situation.port})
    said = {"addresses": ", ".join(situation.addresses)}
    return Message("rebind", "have it listen at {addresses} alone", dict(said))


def _edits(situation: Situation, found: Found) -> list[Edit] | None:
    """What is written; None where a place cannot hold it."""
    if situation.port:
        if any(not one.numbers for one in found.settings):
            return None
        return moved(found.settings, situation.port)
    if any(not one.bindings for one in found.settings):
        return None
    return bound(found.settings, situation.addresses)


def _step(situation: Situation, found: Sequence[Found], edits: Sequence[Edit]) -> Step:
    paths = dict.fromkeys(one.path for one in edits)
    before = {path: situation.files.text(path) for path in paths}
    after = edited({path: text or "" for path, text in before.items()}, edits)
    taking = [words for one in found for words in _taking(situation, one)]
    along = _labelled(situation)
    deeds = [one for one in along if isinstance(one, Deed)]
    deeds += [Deed(Kind.RUN, reverse=words) for words in reversed(taking)]
    difference: list[str] = []
    for path, text in after.items():
        old = before[path]
        deeds.append(
            Deed(
                Kind.WRITE,
                path=path,
                before=None if old is None else as_bytes(old),
                after=as_bytes(text),
            )
        )
        difference += difflib.unified_diff(
            (old or "").splitlines(), text.splitlines(), path, path, n=_CONTEXT, lineterm=""
        )
    deeds += [Deed(Kind.RUN, words) for one in found for words in _tests(one)]
    deeds += [Deed(Kind.RUN, words) for words in taking]
    restarted = {
        scripts.name(situation, one.owner)
        for one in found
        if one.owner and not _reloads(situation, one)
    }
    breaks: tuple[Message, ...] = ()
    if restarted:
        names = {"units": ", ".join(sorted(str(one) for one in restarted))}
        breaks = (Message("restarts", "{units} starts anew: its sessions end", dict(names)),)
    stops = _along(situation, found, edits)
    return Step(
        NAME,
        _does(situation),
        tuple(deeds),
        (*breaks, *(one for one in along if isinstance(one, Message)), *with_them(stops)),
        Message("write-back", "the files get back the bytes that they had"),
        "\n".join(difference),
        stops=stops,
        opens=situation.port,
    )


def _labelled(situation: Situation) -> list[Deed | Message]:
    """What the kernel's security modules need for a new number, or may have against it."""
    found: list[Deed | Message] = []
    pids = [owner.pid for owner in situation.owners if owner.pid is not None]
    for target in situation.targets if situation.port else ():
        found += selinux.confined(situation.files, pids, target.port, situation.port)
        if situation.labels is not None:
            one = selinux.along(situation.labels, target, situation.port)
            found += [one] if one is not None else []
    return found


def _along(
    situation: Situation, found: Sequence[Found], edits: Iterable[Edit]
) -> tuple[Target, ...]:
    """Other doors that the same characters make: one line of addresses is for all numbers."""
    if situation.port:
        return ()
    changed = {(one.path, one.start, one.end) for one in edits}
    units = {one.owner.unit for one in found if one.owner is not None}
    result: list[Target] = []
    for target in situation.others(lambda owner: owner.unit in units):
        for one in configuration.found(situation.files, target, situation.doors):
            slots = {
                (binding.slot.path, binding.slot.start, binding.slot.end)
                for setting in one.settings
                for binding in setting.bindings
                if binding.slot.start != binding.slot.end
            }
            if one.owner is not None and slots & changed:
                result.append(target)
                break
    return tuple(result)


def _reloads(situation: Situation, found: Found) -> bool:
    how = found.service.on_move if situation.port else found.service.on_bind
    return how == RELOAD


def _taking(situation: Situation, found: Found) -> list[tuple[str, ...]]:
    """The commands by which the service takes up what its files say now."""
    assert found.owner is not None  # noqa: S101 - the caller has looked
    unit = scripts.name(situation, found.owner) or ""
    if situation.units.manager is not Manager.SYSTEMD:
        word = "rc-service" if situation.units.manager is Manager.OPENRC else "service"
        return [(word, unit, "restart")]
    if unit.endswith(".socket"):
        known = situation.units.unit(unit)
        services = [one for one in (known.services if known else ()) if "@." not in one]
        # A socket does not start while its service runs with the old one.
        stop = [("systemctl", "stop", *services)] if services else []
        return [("systemctl", "daemon-reload"), *stop, ("systemctl", "restart", unit)]
    how = "reload-or-restart" if _reloads(situation, found) else "restart"
    return [("systemctl", how, unit)]


def _tests(found: Found) -> list[tuple[str, ...]]:
    """The server's own test of its files, with the file that its command line names."""
    words = found.service.test
    if not words or found.owner is None:
        return []
    named = [one.rpartition("=")[2] for one in found.owner.command if one.endswith(".conf")]
    exe = found.owner.exe or words[0]
    if named:
        words = tuple(word.replace("{file}", named[0]) for word in words)
    elif "{file}" in words:
        at = words.index("{file}")
        words = words[: at - 1] if words[at - 1].startswith("-") else words[:at]
    if any("{file}" in word for word in words):
        return []  # which file it reads is not known
    return [tuple(word.replace("{exe}", exe) for word in words)]


MOVE = Move(NAME, size=2, plan=_plan)
