"""The zones of firewalld by which packets can come, asked of firewalld itself."""

from tojimari.close import deeds
from tojimari.core.errors import HostError

_CLIENT = "firewall-cmd"


def zones() -> tuple[str, ...]:
    """The default zone, then those that interfaces or sources are of; empty where it does not run.

    Source: firewall-cmd(1), ``--get-default-zone`` and ``--get-active-zones``.
    """
    try:
        default = deeds.run((_CLIENT, "--get-default-zone")).strip()
        active = deeds.run((_CLIENT, "--get-active-zones"))
    except HostError:
        return ()
    return tuple(dict.fromkeys([default, *named(active)]))


def named(text: str) -> list[str]:
    """The names in what ``--get-active-zones`` prints: at the beginning of a line."""
    lines = (line for line in text.splitlines() if line.strip() and not line[0].isspace())
    return [line.removesuffix(" (default)").strip() for line in lines]
