import json
from pathlib import Path

import pytest

from tojimari.core.socket import Container
from tojimari.sockets.containers import named

ID = "0f" * 32
OTHER = "1e" * 32
TASKS = "run/containerd/io.containerd.runtime.v2.task"


def write(path: Path, content: object) -> None:
    """A state file as its runtime writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def name(runtime: str, root: Path) -> str | None:
    return named(Container(runtime, ID), str(root)).name


def test_docker_names_its_containers_with_a_slash(tmp_path: Path) -> None:
    path = tmp_path / f"var/lib/docker/containers/{ID}/config.v2.json"
    write(path, {"Name": "/web", "Config": {"Env": ["SECRET=x"]}, "State": {"Pid": 7}})
    assert name("docker", tmp_path) == "web"


def test_docker_may_keep_its_data_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "etc/docker/daemon.json", {"data-root": "/srv/docker", "mtu": 1400})
    write(tmp_path / f"srv/docker/containers/{ID}/config.v2.json", {"Name": "/web"})
    assert name("docker", tmp_path) == "web"


@pytest.mark.parametrize("settings", [{"data-root": 7}, ["data-root"], {}])
def test_settings_that_say_nothing_leave_docker_where_it_is(
    tmp_path: Path, settings: object
) -> None:
    write(tmp_path / "etc/docker/daemon.json", settings)
    write(tmp_path / f"var/lib/docker/containers/{ID}/config.v2.json", {"Name": "/web"})
    assert name("docker", tmp_path) == "web"


@pytest.mark.parametrize("runtime", ["podman", "cri-o", "kubernetes"])
@pytest.mark.parametrize("file", ["containers.json", "volatile-containers.json"])
def test_podman_and_crio_keep_lists(tmp_path: Path, runtime: str, file: str) -> None:
    stored = [
        {"id": OTHER, "names": ["db"]},
        {"id": ID, "names": ["web", "more"], "metadata": "{}"},
    ]
    write(tmp_path / f"var/lib/containers/storage/overlay-containers/{file}", stored)
    assert name(runtime, tmp_path) == "web"


def test_a_stored_container_may_have_no_name(tmp_path: Path) -> None:
    stored: list[object] = [{"id": ID, "names": ()}]
    write(tmp_path / "var/lib/containers/storage/vfs-containers/containers.json", stored)
    assert name("podman", tmp_path) is None


@pytest.mark.parametrize("runtime", ["containerd", "kubernetes"])
def test_kubernetes_names_namespace_pod_and_container(tmp_path: Path, runtime: str) -> None:
    notes = {
        "io.kubernetes.cri.sandbox-namespace": "default",
        "io.kubernetes.cri.sandbox-name": "web-7bf5",
        "io.kubernetes.cri.container-name": "nginx",
    }
    write(tmp_path / TASKS / "k8s.io" / ID / "config.json", {"annotations": notes})
    assert name(runtime, tmp_path) == "default/web-7bf5/nginx"


def test_the_container_that_holds_a_pod_together_is_called_pause(tmp_path: Path) -> None:
    notes = {
        "io.kubernetes.cri.sandbox-namespace": "default",
        "io.kubernetes.cri.sandbox-name": "web-7bf5",
    }
    k3s = tmp_path / TASKS.replace("run/", "run/k3s/")
    write(k3s / "k8s.io" / ID / "config.json", {"annotations": notes})
    assert name("containerd", tmp_path) == "default/web-7bf5/pause"


def test_nerdctl_notes_the_name(tmp_path: Path) -> None:
    notes = {"nerdctl/name": "web"}
    write(tmp_path / TASKS / "default" / ID / "config.json", {"annotations": notes})
    assert name("containerd", tmp_path) == "web"


def test_a_bundle_without_notes_names_nothing(tmp_path: Path) -> None:
    write(tmp_path / TASKS / "moby" / ID / "config.json", {"ociVersion": "1.1.0"})
    assert name("containerd", tmp_path) is None


@pytest.mark.parametrize("runtime", ["docker", "podman", "containerd", "kubernetes", "nspawn"])
def test_without_a_runtime_there_is_no_name(tmp_path: Path, runtime: str) -> None:
    assert name(runtime, tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[]", b'{"Name": 7}'])
def test_a_file_that_is_not_as_documented_names_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"var/lib/docker/containers/{ID}/config.v2.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert name("docker", tmp_path) is None


def test_a_name_that_is_there_stays() -> None:
    machine = Container("nspawn", "web", "web")
    assert named(machine) is machine
