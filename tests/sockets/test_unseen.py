import os
import string

import pytest

from tojimari.core.socket import Unseen
from tojimari.sockets import unseen

ALL = (
    unseen.rights_missing(["CAP_BPF"]),
    unseen.owners_refused(3, 2),
    unseen.owners_refused(3, 0),
    unseen.holders_elsewhere(1),
    unseen.spaces_closed(1),
    unseen.spaces_unknown(1),
    unseen.processes_hidden(),
    unseen.roles_unsure(1),
    unseen.table_changing(),
    unseen.table_plain(),
    unseen.sctp(1),
)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.message.code)
def test_every_sentence_has_its_values(one: Unseen) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(one.message.text) if name}
    assert names <= set(one.message.values)


def test_what_hides_doors_is_told_from_what_hides_owners() -> None:
    assert {one.message.code for one in ALL if one.hides_doors} == {
        "namespace-not-permitted",
        "namespace-unknown",
        "table-changing",
        "sctp-not-read",
    }


def test_nobody_is_told_to_become_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unseen.spaces_closed(1).next == "sudo tojimari look"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert unseen.spaces_closed(1).next == ""
