"""Postfix: the first column of ``master.cf``, a name or a number, perhaps with an address."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, split_address
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_FILE = "/etc/postfix/master.cf"
_LANGUAGE = Language()
# Names that master.cf uses, as /etc/services has them (IANA).
_NAMES = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465, "qmqp": 628}
_LINE = re.compile(
    r"(?m)^(?P<all>(?:(?P<address>\[[^\]\s]+\]|[^\s:]+):)?(?P<port>[\w-]+))[ \t]+inet[ \t]"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    del command
    page = _LANGUAGE.page(files, _FILE)
    for line in _LINE.finditer(page.bare) if page else ():
        assert page is not None  # noqa: S101 - there is a line of it
        port = _NAMES.get(line["port"]) or split_address(line["port"])[1]
        if port is None:
            continue
        before = replace(page.slot(line, "all"), end=line.start("port"), form="{}:")
        yield replace(
            page.setting(line.start("port"), port),
            addresses=(line["address"],) if line["address"] else (),
            numbers=(page.slot(line),),
            bindings=(Binding(before, ipv6="[{}]"),),
        )


SERVICE = Service(
    name="postfix",
    programs=frozenset({"master"}),
    find=_find,
    test=("postfix", "check"),
    source="master(5)",
)
