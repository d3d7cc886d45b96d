"""Text from the system as JSON can hold it."""


def text(value: str) -> str:
    r"""Text that UTF-8 can hold: bytes that were none (PEP 383) are written as ``\xff``."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def optional(value: str | None) -> str | None:
    """The same for what may be unknown."""
    return None if value is None else text(value)
