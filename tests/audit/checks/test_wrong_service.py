from dataclasses import replace

import pytest

from rulesets import scene
from scenery import door, intent
from tojimari.audit.checks.wrong_service import ask
from tojimari.core.door import Door
from tojimari.core.finding import Severity
from tojimari.core.service import Confidence, Service


def meant(port: int, service: str, spoken: Service | None) -> Door:
    return replace(door(port), service=spoken, intent=intent(port, service=service))


@pytest.mark.parametrize(
    ("confidence", "severity", "is_certain"),
    [
        (Confidence.CERTAIN, Severity.HIGH, True),
        (Confidence.LIKELY, Severity.MEDIUM, True),
        (Confidence.GUESS, Severity.INFO, False),
    ],
)
def test_another_service_than_meant_is_as_grave_as_it_is_sure(
    confidence: Confidence, severity: Severity, is_certain: bool
) -> None:
    (found,) = ask(scene(meant(80, "http", Service("ssh", confidence=confidence))))
    assert (found.severity, found.is_certain) == (severity, is_certain)
    assert found.message.values == {"meant": "http", "spoken": "ssh"}
    assert found.next == "tojimari look 80 --identify"


@pytest.mark.parametrize(
    ("service", "spoken"),
    [
        ("http", Service("http")),
        ("domain", Service("dns")),
        ("https", Service("http", tls=True)),
        ("https", Service("tls", tls=True)),
        ("ssh", None),
    ],
)
def test_what_was_meant_and_what_could_not_be_told_are_no_findings(
    service: str, spoken: Service | None
) -> None:
    assert not list(ask(scene(meant(443, service, spoken))))


def test_a_line_that_names_no_service_means_any() -> None:
    assert not list(ask(scene(replace(door(80), service=Service("ssh"), intent=intent(80)))))
