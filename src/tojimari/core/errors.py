"""Errors by who can act on them. The message says what failed; the hint is something to type."""

from tojimari.core.message import Message, Value


class TojimariError(Exception):
    """What tojimari could not do.

    Attributes:
        message: What failed, in one sentence.
        hint: What to type or change next; its text is empty where there is nothing to do.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", **values: Value) -> None:
        """Keep the sentence apart from its language.

        Args:
            message: English template, as in ``Message``.
            hint: English template, with the same values.
            values: What the names in the templates stand for.
        """
        code = type(self).__name__.removesuffix("Error").lower()
        self.message = Message(code, message, values)
        self.hint = Message(code, hint, values)
        super().__init__(message.format_map(values) if values else message)


class UsageError(TojimariError):
    """The person at the keyboard can act: a word or a file is wrong."""


class PrivilegeError(TojimariError):
    """An administrator can act: the process may not do this."""


class HostError(TojimariError):
    """This machine lacks something: a kernel facility, a file, a program."""


class PeerError(TojimariError):
    """The other end spoke, but broke the protocol."""


class RefusedError(TojimariError):
    """tojimari could, and will not: it would harm."""
