"""The line of the policy that goes with a change: what is open now was meant to be."""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tojimari.app import policy as policies
from tojimari.app.request import Request
from tojimari.core.errors import UsageError
from tojimari.core.intent import PortRange
from tojimari.core.message import Message, mark
from tojimari.core.plan import Deed, Kind, Step, Target
from tojimari.policy import edit
from tojimari.policy.writing import Line, line


def with_policy(step: Step, request: Request, targets: Sequence[Target]) -> Step:
    """A step that also writes the policy; where a line speaks of the door already, says so.

    Raises:
        UsageError: There is no policy file.
        PolicyError: The policy has a mistake in it.
    """
    if step.refused is not None:
        return step
    policy = policies.in_force(request.policy).policy
    if policy is None or policy.path == "-":
        raise UsageError(
            "there is no policy file that the reason could be written into",
            hint=mark("tojimari policy init, or --policy FILE"),
        )
    known = [
        one
        for one in policy.intents
        for target in targets
        if target.port in one.ports and target.transport is one.transport
    ]
    if known:
        said = Message(
            "policy-known",
            "{path}, line {line}, speaks of the door already, and is left as it is",
            {"path": policy.path, "line": known[0].line},
        )
        return replace(step, breaks=(*step.breaks, said))
    path = Path(policy.path).resolve()
    before = path.read_bytes()
    return _writing(step, path, before, _added(before, request, targets))


def moved(step: Step, request: Request, targets: Sequence[Target]) -> Step:
    """A step that also takes the line of the policy along to the new number.

    A line that is for several numbers, or for both ways of speaking, is left, and that is said.
    """
    if step.refused is not None or not step.opens:
        return step
    policy = policies.in_force(request.policy).policy
    known = [
        one
        for one in (policy.intents if policy is not None else ())
        for target in targets
        if target.port in one.ports and target.transport is one.transport
    ]
    if policy is None or policy.path == "-" or not known:
        return step
    alone = [one for one in policy.intents if one.line == known[0].line] == known
    if len(known) > 1 or not alone or len(known[0].ports) > 1:
        said = Message(
            "policy-several",
            "{path}, line {line}, speaks of the old number and of others; change it by hand",
            {"path": policy.path, "line": known[0].line},
        )
        return replace(step, breaks=(*step.breaks, said))
    path = Path(policy.path).resolve()
    before = path.read_bytes()
    new = replace(line(known), ports=(PortRange(step.opens, step.opens),))
    after = edit.change(before.decode("utf-8"), known[0], new).encode("utf-8")
    return _writing(step, path, before, after)


def _writing(step: Step, path: Path, before: bytes, after: bytes) -> Step:
    """The step with the file beside all else that it does."""
    old, new = (content.decode("utf-8").splitlines() for content in (before, after))
    lines = difflib.unified_diff(old, new, str(path), str(path), n=1, lineterm="")
    return replace(
        step,
        deeds=(*step.deeds, Deed(Kind.WRITE, path=str(path), before=before, after=after)),
        difference="\n".join([*step.difference.splitlines(), *lines]),
    )


def _added(before: bytes, request: Request, targets: Sequence[Target]) -> bytes:
    """The policy with a line for each number."""
    text = before.decode("utf-8")
    ports = dict.fromkeys(one.port for one in targets)
    for port in ports:
        transports = tuple(one.transport for one in targets if one.port == port)
        new = Line((PortRange(port, port),), request.allowed, request.why, transports)
        text = edit.add(text, new)
    return text.encode("utf-8")
