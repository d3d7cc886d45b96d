"""An answer is no larger than what a person would read, whatever the peer sent."""

from tojimari.core.service import Service
from tojimari.services import limits
from tojimari.services.bounds import bounded


def test_an_answer_without_end_is_cut() -> None:
    endless = "9" * limits.HEARD
    found = bounded(
        Service(
            "nats",
            product=endless,
            version=endless,
            vendor=endless,
            evidence=endless,
            details={endless: endless, **{str(one): one for one in range(1000)}},
        )
    )

    assert (len(found.product or ""), len(found.version or "")) == (limits.NAME, limits.NAME)
    assert (len(found.vendor or ""), len(found.evidence)) == (limits.NAME, limits.SNIPPET)
    assert len(found.details) == limits.DETAILS
    assert found.details["9" * limits.NAME] == "9" * limits.DETAIL


def test_an_ordinary_answer_stays_as_it_is() -> None:
    service = Service("ssh", "OpenSSH", "9.2p1", evidence="SSH-2.0-OpenSSH_9.2p1", details={"a": 1})

    assert bounded(service) == service
