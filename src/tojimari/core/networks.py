"""Whose network an address belongs to, by the registries' word."""

import ipaddress
from functools import cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Interfaces that container runtimes and hypervisors make on the host, by their documented names:
# Docker (docker0, br-ID), Podman and CNI (podmanN, cniN), Kubernetes networks (flannel, cilium,
# calico, kube-bridge, weave), LXC, LXD and Incus, libvirt, systemd-nspawn (ve-, vb-, vz-).
_CONTAINER_PREFIXES = (
    "docker", "br-", "podman", "cni", "flannel", "cilium", "lxc", "cali", "kube-", "weave", "veth",
    "lxcbr", "lxdbr", "incusbr", "virbr", "vnet", "ve-", "vb-", "vz-",
)  # fmt: skip


@cache
def parse(text: str) -> Address:
    """An address, its zone (``%eth0``) set aside.

    Raises:
        ValueError: It is no address.
    """
    return ipaddress.ip_address(text.partition("%")[0])


@cache
def is_public(text: str) -> bool:
    """Whether the address is reachable across the internet (RFC 6890's "Global").

    Documentation, private, shared (RFC 6598), link-local and unique-local addresses are not.
    """
    return parse(text).is_global and not parse(text).is_multicast


@cache
def is_multicast(text: str) -> bool:
    """Whether the address names a group (RFC 5771, RFC 4291 section 2.7)."""
    return parse(text).is_multicast


def is_container_interface(name: str) -> bool:
    """Whether an interface of the host leads to containers or virtual machines.

    Args:
        name: As the kernel calls it.
    """
    return name.startswith(_CONTAINER_PREFIXES)


def network(text: str) -> str:
    """The network of an address with its prefix length: ``10.0.0.5/24`` is in ``10.0.0.0/24``.

    Raises:
        ValueError: It is no address with a prefix length.
    """
    return str(ipaddress.ip_interface(text).network)
