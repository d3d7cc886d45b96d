"""The name that people gave a container, out of its runtime's own state files.

No runtime is asked and no socket is opened: a file is read where there is one and we may. Only root
can, as a rule; then a container has its identifier and no name.

Source: moby's container/container.go (config.v2.json); containers/storage's containers.go
(containers.json and, for ``--rm``, volatile-containers.json); containerd's
pkg/cri/annotations; nerdctl's pkg/labels.
"""

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import cast

from tojimari.core.socket import Container

LIMIT = 16 * 1024 * 1024  # bytes; a list of a thousand containers is a tenth of this
DOCKER_SETTINGS = "etc/docker/daemon.json"
DOCKER_ROOT = "/var/lib/docker"
STORAGE_ROOT = "var/lib/containers/storage"
STORAGE_LISTS = ("containers.json", "volatile-containers.json")
CONTAINERD_ROOTS = ("run/containerd", "run/k3s/containerd")
CONTAINERD_TASKS = "io.containerd.runtime.v2.task"
CRI = "io.kubernetes.cri"


def named(container: Container, root: str = "/") -> Container:
    """The same container with its name, where it is known.

    Args:
        container: As its control group tells.
        root: Where the file system of the runtime begins.
    """
    if container.name is not None:
        return container
    here = Path(root)
    match container.runtime:
        case "docker":
            name = _docker(here, container.id)
        case "podman" | "cri-o":
            name = _storage(here, container.id)
        case "containerd":
            name = _containerd(here, container.id)
        case "kubernetes":
            name = (
                _containerd(here, container.id)
                or _storage(here, container.id)
                or _docker(here, container.id)
            )
        case _:
            name = None
    return replace(container, name=name) if name else container


def _docker(root: Path, identifier: str) -> str | None:
    """``/web`` in the file is ``web`` to people."""
    data = _field(_decoded(root / DOCKER_SETTINGS), "data-root")
    folder = data if isinstance(data, str) else DOCKER_ROOT
    path = root / folder.lstrip("/") / "containers" / identifier / "config.v2.json"
    name = _field(_decoded(path), "Name")
    return name.lstrip("/") if isinstance(name, str) else None


def _storage(root: Path, identifier: str) -> str | None:
    """Podman and CRI-O keep one list a storage driver."""
    for driver in sorted((root / STORAGE_ROOT).glob("*-containers")):
        for part in STORAGE_LISTS:
            with suppress(OSError):
                path = driver / part
                name = _stored(path, path.stat().st_mtime_ns).get(identifier)
                if name:
                    return name
    return None


@lru_cache(maxsize=8)
def _stored(path: Path, changed: int) -> dict[str, str]:
    """Identifiers and names of one list, read once as long as it does not change."""
    del changed
    found: dict[str, str] = {}
    for stored in _items(_decoded(path)):
        identifier, names = _field(stored, "id"), _items(_field(stored, "names"))
        if isinstance(identifier, str) and names and isinstance(names[0], str):
            found[identifier] = names[0]
    return found


def _containerd(root: Path, identifier: str) -> str | None:
    """Kubernetes' ``namespace/pod/container``, as kubectl knows them, or nerdctl's name."""
    for run in CONTAINERD_ROOTS:
        for bundle in sorted((root / run / CONTAINERD_TASKS).glob(f"*/{identifier}")):
            notes = _field(_decoded(bundle / "config.json"), "annotations")
            space, pod = (
                _field(notes, f"{CRI}.sandbox-namespace"),
                _field(notes, f"{CRI}.sandbox-name"),
            )
            if space and pod:
                return f"{space}/{pod}/{_field(notes, f'{CRI}.container-name') or 'pause'}"
            name = _field(notes, "nerdctl/name")
            if isinstance(name, str) and name:
                return name
    return None


def _field(found: object, name: str) -> object:
    """A member of a JSON object; None where it is no object, or has none of that name."""
    return cast("dict[str, object]", found).get(name) if isinstance(found, dict) else None


def _items(found: object) -> list[object]:
    """The items of a JSON array; none where it is no array."""
    return cast("list[object]", found) if isinstance(found, list) else []


def _decoded(path: Path) -> object:
    """What a file says; None where it is not there, not ours to read, or no JSON."""
    import msgspec  # noqa: PLC0415 - 9 ms, and most machines have no containers

    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LIMIT))
    except (OSError, msgspec.MsgspecError):
        return None
