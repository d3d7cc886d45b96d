import json
from dataclasses import replace

import msgspec

from house import CONNECTIONS, doors
from tojimari.core.endpoint import Transport
from tojimari.core.exposure import Exposure
from tojimari.core.message import Message
from tojimari.core.plan import Deed, Element, Kind, Plan, Step, Target
from tojimari.core.record import Record
from tojimari.report import plan, plan_document
from tojimari.report.language import Language
from tojimari.report.view import View

HTTP = Target(Transport.TCP, 80)
STOP = Step(
    "unit",
    Message("stop-unit", "stop {units} and keep it stopped", {"units": "nginx.service"}),
    (
        Deed(
            Kind.RUN,
            ("systemctl", "stop", "nginx.service"),
            ("systemctl", "start", "nginx.service"),
        ),
    ),
    (Message("also-closes", "these doors of the same program go with it: {doors}",
             {"doors": "443/tcp"}),),
    Message("start-unit", "the same units start again, now and at boot as before"),
    stops=(Target(Transport.TCP, 443),),
)  # fmt: skip
SHUT = Step(
    "firewall",
    Message("shut", "drop what comes to the door from other machines"),
    (Deed(Kind.SHUT, elements=(Element("closed", "tcp . 80"),), seconds=60),),
)
NO = Step(
    "config",
    Message("rebind", "have it listen at {addresses} alone", {"addresses": "127.0.0.1"}),
    refused=Message("not-understood", "no configuration that tojimari understands makes it"),
)
PLAN = Plan(
    host="house",
    at=1.0,
    targets=(HTTP,),
    sources=(),
    doors=tuple(one for one in doors() if one.endpoint.port == 80),
    exposures=((HTTP, Exposure((), frozenset())),),
    connections=CONNECTIONS[:2],
    steps=(STOP, NO, SHUT),
    chosen=0,
    danger=(Message("session-cut", "your own session would be cut"),),
)
EN = View(Language.ENGLISH)


def test_a_plan_says_who_waits_who_is_connected_and_what_is_done() -> None:
    assert list(plan.text(PLAN, EN, every_way=False)) == [
        "Plan for 80/tcp",
        "  tcp [::]:80  nginx 812 (nginx.service), nginx 813 (nginx.service)",
        "  connected now: 2 (10.0.0.9, 10.0.0.9)",
        "",
        "> unit: stop nginx.service and keep it stopped",
        "    these doors of the same program go with it: 443/tcp",
        "    $ systemctl stop nginx.service",
        "        undone by: systemctl start nginx.service",
        "    undoing: the same units start again, now and at boot as before",
        "! your own session would be cut",
    ]


def test_every_way_is_shown_with_why_it_cannot_be_taken() -> None:
    lines = list(plan.text(PLAN, EN, every_way=True))
    assert "  config: have it listen at 127.0.0.1 alone" in lines
    assert "    not possible: no configuration that tojimari understands makes it" in lines
    assert "    $ nft add element inet tojimari closed '{ tcp . 80 timeout 60s }'" in lines


def test_where_nobody_is_that_is_said_too() -> None:
    empty = replace(PLAN, doors=(), connections=(), chosen=None, danger=())
    assert list(plan.text(empty, EN, every_way=False))[1:] == [
        "  no program of this machine waits there",
        "  nobody is connected there from elsewhere",
    ]
    assert list(plan.plain(empty)) == []


def test_in_plain_only_the_commands_are_printed() -> None:
    assert list(plan.plain(PLAN)) == ["systemctl stop nginx.service"]


def test_the_document_has_the_plan_and_what_came_of_it() -> None:
    record = Record("3fa2c1", 1.0, "b", "tojimari close 80", "taro", (HTTP,), "unit", STOP.deeds)
    found = json.loads(msgspec.json.encode(plan_document.document(PLAN, record)))
    assert (found["schema"], found["chosen"], found["change"]["id"]) == (
        "tojimari.plan/1",
        0,
        "3fa2c1",
    )
    assert [one["refused"] is None for one in found["steps"]] == [True, False, True]
    assert found["steps"][0]["stops"] == [{"transport": "tcp", "port": 443}]
    assert found["holders"][0]["unit"] == "nginx.service"
    assert plan_document.document(PLAN).change is None
