"""Doors as they looked from outside, made by hand."""

from dataclasses import replace

from rulesets import DECIDER
from scenery import door
from tojimari.core.door import Door
from tojimari.core.exposure import Certainty, Zone
from tojimari.core.observation import State
from tojimari.core.sighting import Sighting


def sighting(state: State, expected: Certainty, *, sent_on: bool = False) -> Sighting:
    """One look at 192.0.2.1 by eth0, from far away."""
    return Sighting(
        "192.0.2.1", "eth0", "198.18.0.1", state, "no-response", expected, DECIDER, sent_on
    )


def sighted(
    state: State, expected: Certainty, *, sent_on: bool = False, widest: Zone = Zone.INTERNET
) -> Door:
    """A held door that looked so."""
    return replace(
        door(8080, widest=widest), sightings=(sighting(state, expected, sent_on=sent_on),)
    )
