"""Doors closed and moved, with a way back: plans, the journal, and what is done to the machine."""
