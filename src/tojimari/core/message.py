"""A sentence for a person, kept apart from its language."""

from dataclasses import dataclass, field

Value = str | int


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence whose code is for machines and whose text is for people.

    Attributes:
        code: Stable, English, in kebab case: ``unintended-open``.
        text: The English template, which is also the key of its translations (gettext's msgid);
            ``{name}`` stands for a value, in the manner of ``str.format``.
        values: What the template's names stand for. They may come from the system: whoever renders
            the message makes them safe to show.
    """

    code: str
    text: str
    values: dict[str, Value] = field(default_factory=dict[str, Value])


def mark(text: str) -> str:
    """Mark an English template for the translators; returns it as it is."""
    return text
