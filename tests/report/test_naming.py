from dataclasses import replace

import pytest

from house import EVIL, HOUSE, KERNEL, MASTER, MAYBE, REDIS, SSHD, WORKER, door, doors
from tojimari.core.socket import Container, Evidence, Owner
from tojimari.report.language import Language
from tojimari.report.naming import home, program


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        ((SSHD,), "sshd"),
        ((MASTER, WORKER), "nginx +1"),
        ((MASTER, replace(MASTER, descriptors=(9,))), "nginx"),
        ((MAYBE,), "postgres?"),
        ((KERNEL,), "the kernel"),
        ((EVIL,), r"\x1b]0;owned\x07"),
        ((Owner(Evidence.CGROUP, unit="x.service"),), "owner not seen"),
        ((), "owner not seen"),
    ],
)
def test_the_program_is_named_in_few_words(owners: tuple[Owner, ...], expected: str) -> None:
    (held,) = doors(replace(HOUSE, listeners=(door("::", 22, *owners),)))
    assert program(held, Language.ENGLISH) == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (SSHD, "ssh.service"),
        (EVIL, ""),
        (REDIS, "shop-cache (docker)"),
        (replace(REDIS, container=Container("containerd", "0f" * 32)), "0f0f0f0f0f0f (containerd)"),
        (replace(REDIS, unit="redis.service"), "shop-cache (docker) redis.service"),
    ],
)
def test_where_it_is_at_home_is_named(owner: Owner, expected: str) -> None:
    assert home(owner) == expected
