"""The web interface of RabbitMQ."""

from tojimari.services.http import Response
from tojimari.services.page import Answer, Page


def recognise(response: Response) -> Answer | None:
    """Its title."""
    return Answer() if response.title == "RabbitMQ Management" else None


PAGE = Page(
    name="rabbitmq",
    product="RabbitMQ management",
    vendor="Broadcom",
    source="https://www.rabbitmq.com/docs/management",
    recognise=recognise,
)
