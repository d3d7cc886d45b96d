"""What an MQTT broker publishes of itself: ``mosquitto version 2.0.11``."""

from tojimari.services.grammar import names
from tojimari.services.grammar.software import Software


def product(text: str) -> Software | None:
    """The software of ``$SYS/broker/version``.

    Args:
        text: Name, the word ``version``, version; brokers without a name give the version alone.
    """
    name, found, version = text.strip().partition(" version ")
    if not found or not name or not version[:1].isdigit():
        return None
    known = names.find(name, "mqtt")
    if known is None:
        return Software(None, name, version)
    return Software(known.name.vendor, known.name.product, version)
