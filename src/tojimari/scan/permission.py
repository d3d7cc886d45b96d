"""Which public networks may be scanned, as a file says that an administrator has written.

``scan.toml`` in the configuration of the user or of the system:

    may-scan = ["198.51.100.0/24", "2001:db8:77::/48"]
"""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tojimari.core.errors import HostError, UsageError
from tojimari.core.message import mark
from tojimari.scan.intervals import Intervals, merged

NAME = "scan.toml"
SYSTEM = Path("/etc/tojimari")
KEY = "may-scan"
HINT = mark('may-scan = ["198.51.100.0/24"]')


def places(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the file may be, the user's first (XDG Base Directory Specification).

    Args:
        environment: ``XDG_CONFIG_HOME`` and ``HOME`` are read.
    """
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(  # noqa: PTH118 - it may be relative
        environment.get("HOME", "/"), ".config"
    )
    return Path(home) / "tojimari" / NAME, SYSTEM / NAME


def allowed(environment: Mapping[str, str]) -> dict[int, Intervals]:
    """The networks that may be scanned, by version; of all files that there are.

    Raises:
        HostError: A file cannot be read.
        UsageError: A file is not as it should be.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for path in places(environment):
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # what cannot be seen allows nothing
        except (OSError, UnicodeDecodeError) as error:
            raise HostError(
                "{file} cannot be read: {why}", file=str(path), why=str(error)
            ) from error
        for version, span in parse(text, str(path)):
            found.setdefault(version, []).append(span)
    return {version: merged(spans) for version, spans in found.items()}


def parse(text: str, file: str) -> list[tuple[int, tuple[int, int]]]:
    """The networks that a file allows, each with its version.

    Args:
        text: TOML.
        file: What the file is called in errors.

    Raises:
        UsageError: It is not as it should be.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("{file} is no TOML: {why}", file=file, why=str(error)) from error
    unknown = sorted(document.keys() - {KEY})
    if unknown:
        raise UsageError("{file}: nobody knows the key {key}", file=file, key=unknown[0], hint=HINT)
    networks: object = document.get(KEY, [])
    if not isinstance(networks, list):
        raise UsageError("{file}: may-scan is a list of networks", file=file, hint=HINT)
    found: list[tuple[int, tuple[int, int]]] = []
    for one in networks:  # pyright: ignore[reportUnknownVariableType]  # it is looked at here
        try:
            network = ipaddress.ip_network(str(one))  # pyright: ignore[reportUnknownArgumentType]
        except ValueError as error:
            raise UsageError(
                "{file}: this is no network: {text}",
                file=file,
                text=str(one),  # pyright: ignore[reportUnknownArgumentType]
                hint=HINT,
            ) from error
        span = (int(network.network_address), int(network.broadcast_address))
        found.append((network.version, span))
    return found
