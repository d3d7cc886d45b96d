"""The name that people gave a container, out of its runtime's own state files.

No runtime is asked and no socket is opened: a file is read where there is one and we may. Only root
can, as a rule; then a container has its identifier and no name.

Source: moby's container/container.go (config.v2.json); containers/storage's containers.go
(containers.json and, for ``--rm``, volatile-containers.json); containerd's
pkg/cri/annotations; nerdctl's pkg/labels.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from tojimari.core.socket import Container

LIMIT = 16 * 1024 * 1024  # bytes; a list of a thousand containers is a tenth of this
DOCKER_SETTINGS = "etc/docker/daemon.json"
DOCKER_ROOT = "/var/lib/docker"
STORAGE_ROOT = "var/lib/containers/storage"
STORAGE_LISTS = ("containers.json", "volatile-containers.json")
CONTAINERD_ROOTS = ("run/containerd", "run/k3s/containerd")
CONTAINERD_TASKS = "io.containerd.runtime.v2.task"
CRI = "io.kubernetes.cri"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _DockerContainer:
    """What we need of Docker's config.v2.json; its environment is left where it is."""

    Name: str = ""


@dataclass(frozen=True, slots=True)
class _StoredContainer:
    """What we need of an entry of containers.json."""

    id: str = ""
    names: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What we need of a container's config.json (OCI runtime specification, config.md)."""

    annotations: dict[str, str] = field(default_factory=dict[str, str])


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
    settings = _decoded(root / DOCKER_SETTINGS, dict[str, object]) or {}
    data = settings.get("data-root", DOCKER_ROOT)
    folder = str(data if isinstance(data, str) else DOCKER_ROOT).lstrip("/")
    path = root / folder / "containers" / identifier / "config.v2.json"
    found = _decoded(path, _DockerContainer)
    return found.Name.lstrip("/") if found else None


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
    found = _decoded(path, list[_StoredContainer]) or []
    return {stored.id: stored.names[0] for stored in found if stored.names}


def _containerd(root: Path, identifier: str) -> str | None:
    """Kubernetes' ``namespace/pod/container``, as kubectl knows them, or nerdctl's name."""
    for run in CONTAINERD_ROOTS:
        for bundle in sorted((root / run / CONTAINERD_TASKS).glob(f"*/{identifier}")):
            found = _decoded(bundle / "config.json", _Bundle)
            notes = found.annotations if found else {}
            parts = [
                notes.get(f"{CRI}.{part}", "") for part in ("sandbox-namespace", "sandbox-name")
            ]
            if all(parts):
                return "/".join([*parts, notes.get(f"{CRI}.container-name", "pause")])
            if name := notes.get("nerdctl/name"):
                return name
    return None


def _decoded(path: Path, kind: type[T]) -> T | None:
    """What a file says; None where it is not there, not ours to read, or not as documented."""
    import msgspec  # noqa: PLC0415 - 9 ms, and most machines have no containers

    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LIMIT), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None
