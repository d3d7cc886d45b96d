import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.socket import Container
from tojimari.sockets.units import NOWHERE, Place, place

ID = "0f" * 32
POD = "0a1b2c3d-0a1b-0c1d-0e1f-0a1b2c3d4e5f"
POD_IN_UNIT = POD.replace("-", "_")
USER = "/user.slice/user-1000.slice/user@1000.service"
NSPAWN = r"/machine.slice/systemd-nspawn@web\x2d1.service"
KUBEPODS = "/kubepods.slice/kubepods-burstable.slice"


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/system.slice/ssh.service", "ssh.service"),
        ("/system.slice/ssh.service (deleted)", "ssh.service"),
        ("/system.slice/redis.service/workers/1", "redis.service"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("/system.slice/systemd-networkd.socket", "systemd-networkd.socket"),
        (r"/system.slice/dev-disk-by\x2dlabel-x.swap", r"dev-disk-by\x2dlabel-x.swap"),
        ("/system.slice/_cpu.service", "cpu.service"),
        ("/init.scope", "init.scope"),
        (f"{USER}/app.slice/foo.service", "foo.service"),
        (f"{USER}/app.slice/app-org.gnome.Terminal-77.scope", "app-org.gnome.Terminal-77.scope"),
        (f"{USER}/init.scope", "user@1000.service"),
        ("/user.slice/user-0.slice/session-3.scope", "session-3.scope"),
        ("/openrc.sshd", "sshd"),
        ("/openrc/sshd", "sshd"),
        ("/openrc_sshd", "sshd"),
        (f"/machine.slice/libpod-conmon-{ID}.scope", f"libpod-conmon-{ID}.scope"),
        (f"/machine.slice/crio-conmon-{ID}.scope", f"crio-conmon-{ID}.scope"),
        (f"{NSPAWN}/supervisor", r"systemd-nspawn@web\x2d1.service"),
        (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope", r"machine-qemu\x2d1\x2dvm.scope"),
    ],
)
def test_a_unit_is_named_as_systemctl_takes_it(path: str, unit: str) -> None:
    assert place(path) == Place(unit, None)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/user.slice",
        "/system.slice",
        "/system.slice/foo.slice",
        "/runit",
        "/lxc.monitor.web",
    ],
)
def test_a_group_of_nobody_says_nothing(path: str) -> None:
    assert place(path) == NOWHERE


@pytest.mark.parametrize("path", [f"/docker/{ID}", f"/system.slice/docker-{ID}.scope"])
def test_docker_by_both_of_its_drivers(path: str) -> None:
    assert place(path) == Place(None, Container("docker", ID))


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        (f"/machine.slice/libpod-{ID}.scope", None),
        (f"/machine.slice/libpod-{ID}.scope/container", None),
        (f"/libpod_parent/libpod-{ID}", None),
        (f"{USER}/user.slice/libpod-{ID}.scope/container", "user@1000.service"),
        (f"/system.slice/web.service/libpod-payload-{ID}", "web.service"),
        (f"/machine.slice/machine-libpod_pod_{ID}.slice/libpod-{ID}.scope", None),
    ],
)
def test_podman_in_each_of_its_places(path: str, unit: str | None) -> None:
    assert place(path) == Place(unit, Container("podman", ID))


@pytest.mark.parametrize(
    ("path", "runtime"),
    [
        (
            f"{KUBEPODS}/kubepods-burstable-pod{POD_IN_UNIT}.slice/cri-containerd-{ID}.scope",
            "containerd",
        ),
        (
            f"/kubepods.slice/kubepods-pod{POD_IN_UNIT}.slice/cri-containerd-{ID}.scope",
            "containerd",
        ),
        (f"{KUBEPODS}/kubepods-burstable-pod{POD_IN_UNIT}.slice/crio-{ID}.scope", "cri-o"),
        (f"{KUBEPODS}/kubepods-burstable-pod{POD_IN_UNIT}.slice/docker-{ID}.scope", "docker"),
        (f"/kubepods/burstable/pod{POD}/{ID}", "kubernetes"),
        (f"/kubepods/pod{POD}/{ID}", "kubernetes"),
    ],
)
def test_kubernetes_by_runtime_and_pod(path: str, runtime: str) -> None:
    assert place(path) == Place(None, Container(runtime, ID, pod=POD))


def test_containerd_below_its_own_unit_where_the_two_drivers_disagree() -> None:
    pod = f"kubepods-besteffort-pod{POD_IN_UNIT}.slice"
    path = f"/system.slice/containerd.service/{pod}:cri-containerd:{ID}"
    assert place(path) == Place("containerd.service", Container("containerd", ID, pod=POD))


def test_nerdctl_is_containerd() -> None:
    path = f"/system.slice/nerdctl-{ID}.scope"
    assert place(path) == Place(None, Container("containerd", ID))


def test_ecs_is_docker() -> None:
    assert place(f"/ecs/{'0a' * 16}/{ID}") == Place(None, Container("docker", ID))


def test_nspawn_is_known_by_its_name_and_the_unit_inside() -> None:
    path = f"{NSPAWN}/payload/system.slice/nginx.service"
    assert place(path) == Place("nginx.service", Container("nspawn", "web-1", "web-1"))


def test_nspawn_without_a_unit_inside_is_known_by_its_own() -> None:
    unit = r"systemd-nspawn@web\x2d1.service"
    assert place(f"{NSPAWN}/payload") == Place(unit, Container("nspawn", "web-1", "web-1"))


@pytest.mark.parametrize(
    ("path", "container"),
    [
        (r"/machine.slice/machine-web\x2d1.scope", Container("nspawn", "web-1", "web-1")),
        (r"/machine.slice/machine-\xe6\x89\x89.scope", Container("nspawn", "扉", "扉")),
        (r"/machine.slice/machine-lxc\x2d77\x2dweb.scope", Container("lxc", "web", "web")),
        ("/lxc.payload.web", Container("lxc", "web", "web")),
        ("/lxc/web", Container("lxc", "web", "web")),
    ],
)
def test_machines_are_known_by_their_names(path: str, container: Container) -> None:
    assert place(path) == Place(None, container)


def test_a_unit_in_lxc_is_named_beside_the_container() -> None:
    path = "/lxc.payload.web/system.slice/nginx.service"
    assert place(path) == Place("nginx.service", Container("lxc", "web", "web"))


def test_of_nested_containers_the_outer_is_the_one_that_this_machine_knows() -> None:
    inner = f"kubelet.slice/kubelet.service/kubepods/pod{POD}/{'1e' * 32}"
    assert place(f"/docker/{ID}/{inner}") == Place("kubelet.service", Container("docker", ID))


@pytest.mark.parametrize("path", [f"/{ID}", f"/other/{ID}", "/docker/buildkit/x", "/docker/short"])
def test_an_identifier_without_its_runtime_is_not_guessed_at(path: str) -> None:
    assert place(path) == NOWHERE


@given(st.text(max_size=300))
def test_a_path_may_hold_anything(path: str) -> None:
    found = place(path)
    assert found.unit is None or found.unit


@given(
    st.lists(
        st.sampled_from(
            [
                "system.slice",
                "docker",
                ID,
                f"docker-{ID}.scope",
                "a.service",
                "init.scope",
                "_x.scope",
            ]
        ),
        max_size=6,
    )
)
def test_a_unit_is_one_of_the_parts_and_never_the_scope_of_the_container(parts: list[str]) -> None:
    found = place("/" + "/".join(parts))
    assert found.unit in {None, *parts, *(part.removeprefix("_") for part in parts)}
    if found.container:
        assert ID not in (found.unit or "")
