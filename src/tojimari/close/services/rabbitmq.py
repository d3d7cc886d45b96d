"""RabbitMQ: ``listeners.tcp.NAME`` and ``listeners.ssl.NAME``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tojimari.close.grammar import Files, Language, Page, split_address
from tojimari.close.service import Service
from tojimari.close.setting import Binding, Setting

_DEFAULT = 5672
_FILE, _FOLDER = "/etc/rabbitmq/rabbitmq.conf", "/etc/rabbitmq/conf.d/*.conf"
_LANGUAGE = Language()
_LINE = re.compile(
    r"(?m)^[ \t]*(?P<key>listeners|management|mqtt\.listeners|stomp\.listeners)\.(?:tcp|ssl)\.\w+"
    r"[ \t]*=[ \t]*(?P<all>(?:\S*:)?(?P<port>\d+))"
)


def _find(files: Files, command: Sequence[str]) -> Iterator[Setting]:
    del command
    silent = True
    for one in _LANGUAGE.read(files, [_FILE, *files.glob(_FOLDER)]):
        for line in one.find(_LINE):
            silent = silent and line["key"] != "listeners"
            address, _ = split_address(line["all"])
            before = replace(one.page.slot(line, "all"), end=line.start("port"), form="{}:")
            yield replace(
                one.page.setting(line.start("port"), int(line["port"])),
                addresses=(address,) if address and address not in {"::", "0.0.0.0"} else (),  # noqa: S104 - compared
                numbers=(one.page.slot(line),),
                bindings=(Binding(before),),
            )
    if silent:
        page = _LANGUAGE.page(files, _FILE) or Page(_FILE, "", "")
        numbers = (page.at_end("listeners.tcp.default = {}\n"),)
        place = Binding(page.at_end(f"listeners.tcp.default = {{}}:{_DEFAULT}\n"))
        yield Setting(_FILE, 0, "", _DEFAULT, numbers=numbers, bindings=(place,))


SERVICE = Service(
    name="rabbitmq",
    programs=frozenset({"beam.smp"}),
    find=_find,
    source="https://www.rabbitmq.com/docs/configure",
)
