from scenery import DOCKER, HOST_NETNS, NOW, PRIVATE, intent, listener, namespace
from tojimari.app import join
from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.exposure import Zone
from tojimari.core.meaning import Meaning
from tojimari.core.observation import State, Witness
from tojimari.core.socket import InsideView, Listener, Namespace


def view(*listeners: Listener, namespaces: tuple[Namespace, ...] | None = None) -> InsideView:
    where = (namespace(PRIVATE, DOCKER),) if namespaces is None else namespaces
    return InsideView("house", NOW, where, listeners, (), (), "bpf")


def meaning(endpoint: Endpoint, programs: tuple[str, ...]) -> Meaning:
    return Meaning(assignment=f"{endpoint.port}", service=programs[0])


def test_doors_come_by_port_then_transport_then_address() -> None:
    found = join.doors(
        view(
            listener("::", 53, transport=Transport.UDP),
            listener("127.0.0.1", 80),
            listener("0.0.0.0", 53, transport=Transport.UDP),
            listener("0.0.0.0", 53),
        ),
        meaning,
    )
    assert [str(door.endpoint) for door in found] == [
        "tcp 0.0.0.0:53",
        "udp 0.0.0.0:53",
        "udp [::]:53",
        "tcp 127.0.0.1:80",
    ]


def test_a_door_carries_every_witness_so_far() -> None:
    (door,) = join.doors(view(listener("0.0.0.0", 6379)), meaning)
    assert door.exposure.widest is Zone.LAN
    assert door.meaning == Meaning(assignment="6379", service="redis-server")
    assert [(one.witness, one.state, one.evidence) for one in door.observations] == [
        (Witness.KERNEL, State.OPEN, "listening")
    ]


def test_a_udp_socket_is_bound_not_listening() -> None:
    (door,) = join.doors(view(listener(port=53, transport=Transport.UDP)), meaning)
    assert door.observations[0].evidence == "bound"


def test_a_namespace_that_vanished_is_named_by_its_number() -> None:
    (door,) = join.doors(view(listener(), namespaces=()), meaning)
    assert door.namespace == Namespace(HOST_NETNS, f"netns:{HOST_NETNS}", is_host=False)


def test_the_line_of_the_policy_is_laid_beside_the_door() -> None:
    (door,) = join.doors(view(listener()), meaning)
    assert join.meant(door, intent()).intent == intent()


def test_the_networks_of_a_zone_are_those_of_its_interfaces() -> None:
    assert join.zone_networks([namespace(PRIVATE, DOCKER)]) == {
        Zone.CONTAINERS: ("172.17.0.0/16",),
        Zone.LAN: ("10.0.0.0/24", "fe80::/64"),
    }


def test_other_namespaces_say_nothing_of_the_zones() -> None:
    assert join.zone_networks([namespace(PRIVATE, is_host=False)]) == {}
