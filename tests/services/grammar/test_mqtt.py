"""What brokers publish of themselves."""

import pytest

from tojimari.services.grammar import mqtt
from tojimari.services.grammar.software import Software


@pytest.mark.parametrize(
    ("told", "software"),
    [
        ("mosquitto version 2.0.11", Software("Eclipse", "Mosquitto", "2.0.11")),
        ("hive version 4.9", Software(None, "hive", "4.9")),
        ("5.8.4", None),
        ("a broker version unknown", None),
        ("", None),
    ],
)
def test_a_broker_is_known_by_name_and_version(told: str, software: Software | None) -> None:
    assert mqtt.product(told) == software
