"""A rule of the firewall in its owner's words, for people."""

from tojimari.core.exposure import Decider
from tojimari.core.message import Message
from tojimari.report.language import Language

_TRANSLATED = {"verb", "verdict", "reason", "text"}  # values that may be words of ours


def words(rule: Decider, language: Language) -> str:
    """The owner's words, with those of our own in them translated."""
    return language.say(translated(rule.words, language))


def translated(message: Message, language: Language) -> Message:
    """A sentence whose values are translated where they are words of ours."""
    values = {
        name: language.text(value) if name in _TRANSLATED and isinstance(value, str) else value
        for name, value in message.values.items()
    }
    return Message(message.code, message.text, values)
