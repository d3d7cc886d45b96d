"""tojimari's own table in the running kernel: looked at, and changed a transaction at a time."""

import json
import subprocess
from typing import Any

from tojimari.close.table import FAMILY, NAME, RULES, Present
from tojimari.core.errors import HostError, PrivilegeError
from tojimari.core.plan import Element

# To type; the same in every language.
_INSTALL, _AS_ROOT = "sudo apt-get install nftables", "sudo tojimari undo"
TIMEOUT = 30  # seconds; a transaction takes a few milliseconds


def present() -> Present | None:
    """What is there of the table; None where it is not there.

    Raises:
        HostError: nft is not installed, or fails otherwise.
        PrivilegeError: The firewall may not be read.
    """
    done = _run("-j", "list", "table", FAMILY, NAME)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace")
        if "No such file" in said:
            return None
        raise _failed(said)
    objects: list[dict[str, Any]] = json.loads(done.stdout)["nftables"]
    elements = [
        (Element(found["name"], _text(element)), _is_timed(element))
        for one in objects
        if (found := one.get("set")) is not None
        for element in found.get("elem", ())
    ]
    rules = sum(1 for one in objects if "rule" in one)
    return Present(
        rules == len(RULES),
        tuple(one for one, _ in elements),
        frozenset(one for one, timed in elements if timed),
    )


def run(script: str) -> None:
    """One transaction: all of it, or nothing.

    Raises:
        HostError: nft is not installed, or the kernel would not have it.
        PrivilegeError: The firewall may not be changed.
    """
    done = _run("-f", "-", said=script)
    if done.returncode != 0:
        raise _failed(done.stderr.decode("utf-8", "replace"))


def _is_timed(element: Any) -> bool:  # noqa: ANN401 - nft's JSON, taken apart here
    """Whether an element has a time limit of its own."""
    match element:
        case {"elem": {"timeout": int()}}:
            return True
        case _:
            return False


def _text(element: Any) -> str:  # noqa: ANN401 - nft's JSON, taken apart here
    """An element as ``table`` writes it."""
    match element:
        case {"elem": {"val": value}}:
            return _text(value)
        case {"concat": [*parts]}:
            return " . ".join(map(_text, parts))
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case {"range": [first, last]}:
            return f"{_text(first)}-{_text(last)}"
        case _:
            return str(element)


def _run(*words: str, said: str = "") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - the words are ours
            ["nft", *words],  # noqa: S607 - found on root's PATH, as an administrator would
            input=said.encode(),
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except FileNotFoundError as error:
        raise HostError(
            "nft is not installed, and without it the firewall cannot be changed",
            hint=_INSTALL,
        ) from error


def _failed(said: str) -> HostError | PrivilegeError:
    if "Operation not permitted" in said or "must be root" in said:
        return PrivilegeError(
            "the firewall may not be changed without root's rights (CAP_NET_ADMIN)",
            hint=_AS_ROOT,
        )
    return HostError("{program} failed: {why}", program="nft", why=said.strip()[:300])
