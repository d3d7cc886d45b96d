"""Stop the program that opened the door, and see that it does not start by itself again."""

from collections.abc import Iterator, Sequence

from tojimari.close import scripts
from tojimari.close.move import Manager, Move, Situation, Unit, refused, with_them
from tojimari.core.message import Message, Value
from tojimari.core.plan import Deed, Kind, Step
from tojimari.core.socket import Owner

NAME = "unit"
_DOES = Message("stop-unit", "stop the program that opened the door, and keep it stopped")
# Where a package brings a SysV script beside its unit, systemctl has a program of the distribution
# rewrite the links of run levels too, which takes a second and which systemd never looks at, since
# the unit hides the script. Left out, they are as they were (systemd, docs/ENVIRONMENT.md).
_NATIVE = ("env", "SYSTEMCTL_SKIP_SYSV=1", "systemctl")
_ENDINGS = (".service", ".socket")
_RUNTIMES = {"docker": "docker", "podman": "podman"}


def _plan(situation: Situation) -> Step:
    owners = situation.owners
    if not owners:
        return refused(NAME, _DOES, Message("nobody", "no program of this machine holds the door"))
    contained = [one for one in owners if one.container is not None]
    if contained:
        return _container(situation, contained)
    if situation.units.manager is not Manager.SYSTEMD:
        return _scripts(situation, owners)
    if any(one.unit is None or not one.unit.endswith(_ENDINGS) for one in owners):
        return refused(
            NAME, _DOES, Message("no-unit", "the program was not started by the service manager")
        )
    names = dict.fromkeys(one.unit for one in owners if one.unit)
    units = [found for name in names if (found := situation.units.unit(name)) is not None]
    if not units:
        return refused(NAME, _DOES, Message("no-unit", "the program was not started by the"
                                            " service manager"))  # fmt: skip
    return _systemd(situation, units)


def _systemd(situation: Situation, units: list[Unit]) -> Step:
    all_ = list(_with_sockets(situation, units))
    names = [one.name for one in all_]
    running = [one.name for one in all_ if one.active]
    dependents = [name for one in all_ for name in one.dependents if name not in names]
    # Sockets first, in both directions: a service that runs already keeps its socket from starting.
    deeds = [
        Deed(
            Kind.RUN,
            ("systemctl", "stop", *names),
            ("systemctl", "start", *running, *dict.fromkeys(dependents)),
        )
    ]
    deeds += _kept(all_, mask=situation.mask)
    stops = situation.others(lambda owner: owner.unit in names)
    breaks = list(with_them(stops))
    if dependents:
        needing = ", ".join(dict.fromkeys(dependents))
        text = "these units need it and stop too: {units}"
        breaks.append(Message("dependents", text, {"units": needing}))
    return Step(
        NAME,
        Message(_DOES.code, "stop {units} and keep it stopped", {"units": ", ".join(names)}),
        tuple(deeds),
        tuple(breaks),
        Message("start-unit", "the same units start again, now and at boot as before"),
        stops=stops,
    )


def _with_sockets(situation: Situation, units: list[Unit]) -> Iterator[Unit]:
    """The sockets that would start the services again, then the services."""
    sockets: dict[str, Unit] = {}
    services: dict[str, Unit] = {}
    for one in units:
        (sockets if one.name.endswith(".socket") else services)[one.name] = one
        for name in (*one.sockets, *one.services):
            found = situation.units.unit(name)
            if found is not None and "@." not in name:
                (sockets if name.endswith(".socket") else services).setdefault(found.name, found)
    yield from sockets.values()
    yield from services.values()


def _kept(units: list[Unit], *, mask: bool) -> Iterator[Deed]:
    """What keeps units from starting by themselves."""
    enabled = [one.name for one in units if one.state == "enabled"]
    if enabled:
        yield Deed(
            Kind.RUN,
            (*_NATIVE, "disable", "--quiet", *enabled),
            (*_NATIVE, "enable", "--quiet", *enabled),
        )
    # A generator or another unit starts it: there is nothing that could be switched off.
    kept = {"masked"} if mask else {"masked", "enabled", "disabled", ""}
    masked = [one.name for one in units if one.state not in kept]
    if masked:
        yield Deed(
            Kind.RUN,
            ("systemctl", "mask", "--quiet", *masked),
            ("systemctl", "unmask", "--quiet", *masked),
        )


def _scripts(situation: Situation, owners: Sequence[Owner]) -> Step:
    """By scripts of ``/etc/init.d``, where another service manager runs."""
    found = {scripts.name(situation, one) for one in owners}
    names = sorted(one for one in found if one is not None)
    if len(names) < len(found):
        programs = ", ".join(sorted({one.exe or one.name or "?" for one in owners}))
        why = Message(
            "no-script", "no script in /etc/init.d starts {program}", {"program": programs}
        )
        return refused(NAME, _DOES, why)
    deeds: list[Deed] = []
    for name in names:
        openrc = situation.units.manager is Manager.OPENRC
        program = "rc-service" if openrc else "service"
        deeds.append(Deed(Kind.RUN, (program, name, "stop"), (program, name, "start")))
        levels = scripts.levels(situation.files, name, situation.units.manager)
        if openrc:
            deeds += [
                Deed(Kind.RUN, ("rc-update", "del", name, one), ("rc-update", "add", name, one))
                for one in levels
            ]
        elif levels:
            words = ("update-rc.d", name)
            deeds.append(Deed(Kind.RUN, (*words, "disable"), (*words, "enable")))
    stops = situation.others(lambda owner: scripts.name(situation, owner) in names)
    return Step(
        NAME,
        Message(_DOES.code, "stop {units} and keep it stopped", {"units": ", ".join(names)}),
        tuple(deeds),
        with_them(stops),
        Message("start-unit", "the same units start again, now and at boot as before"),
        stops=stops,
    )


def _container(situation: Situation, owners: list[Owner]) -> Step:
    found = {one.container.id: one.container for one in owners if one.container is not None}
    deeds: list[Deed] = []
    for one in found.values():
        program = _RUNTIMES.get(one.runtime)
        name = one.name or one.id
        if program is None:
            said: dict[str, Value] = {"name": name, "runtime": one.runtime}
            text = "the container {name} is of {runtime}, which has to stop it"
            return refused(NAME, _DOES, Message("other-runtime", text, said))
        deeds.append(Deed(Kind.RUN, (program, "stop", name), (program, "start", name)))
    stops = situation.others(lambda owner: owner.container is not None
                             and owner.container.id in found)  # fmt: skip
    names = ", ".join(one.name or one.id for one in found.values())
    return Step(
        NAME,
        Message("stop-container", "stop the container {names}", {"names": names}),
        tuple(deeds),
        with_them(stops),
        Message("start-container", "the container starts again"),
        stops=stops,
    )


MOVE = Move(NAME, size=1, plan=_plan)
