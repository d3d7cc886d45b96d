"""IMAP greetings."""

from tojimari.services.grammar import mail
from tojimari.services.grammar.software import Software, short


@short
def product(text: str) -> Software | None:
    """The software of a greeting, without what the protocol puts before it."""
    return mail.product(text)
