"""What a greeting says of the software behind it."""

from typing import NamedTuple


class Software(NamedTuple):
    """A product as its own words tell it.

    Attributes:
        vendor: Who makes it; None where the table of names does not know.
        product: Its name.
        version: Its version, as it was written; None where none was given.
        hint: The distribution that built it (``Debian-2+deb12u3``), as it was written.
    """

    vendor: str | None
    product: str
    version: str | None = None
    hint: str | None = None

    def details(self) -> dict[str, str | int]:
        """The hint as a service's details."""
        return {"distribution": self.hint} if self.hint else {}
