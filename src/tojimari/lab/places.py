"""Where the lab keeps what it keeps: everything below one folder of the cache."""

import os
from dataclasses import dataclass
from pathlib import Path

from tojimari.core.errors import PrivilegeError


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of the lab.

    Attributes:
        cache: Root tree, annexes and downloaded packages; shared by all streets.
        state: The journal of one street and the logs of its houses.
    """

    cache: Path
    state: Path

    @classmethod
    def of_user(cls) -> "Places":
        """Below the cache folder of whoever runs this (XDG base directories)."""
        import platformdirs  # noqa: PLC0415 - 5 ms that the other commands need not pay

        cache = platformdirs.user_cache_path("tojimari") / "lab"
        return cls(cache=cache, state=cache / "street")

    @property
    def tree(self) -> Path:
        """The root tree of every house."""
        return self.cache / "tree"

    @property
    def annexes(self) -> Path:
        """One folder for each annex: what its packages change in the root tree."""
        return self.cache / "annexes"

    @property
    def packages(self) -> Path:
        """Downloaded packages, kept for the next build."""
        return self.cache / "packages"

    @property
    def record(self) -> Path:
        """What the root tree holds; there exactly while the tree is whole."""
        return self.cache / "tree.json"

    @property
    def journal(self) -> Path:
        """What the street has made, written before it is made."""
        return self.state / "journal.json"

    def ensure(self) -> None:
        """Make the folders, open to root alone: the tree holds programs that run as root."""
        for folder in (self.cache, self.state, self.annexes, self.packages):
            folder.mkdir(parents=True, exist_ok=True)
        self.cache.chmod(0o700)


def need_root(command: str) -> None:
    """See to it that this process may make a street.

    Args:
        command: What the person typed, for the hint.

    Raises:
        PrivilegeError: It is not root.
    """
    if os.geteuid() != 0:
        raise PrivilegeError(
            "the lab needs root: it makes namespaces, mounts and control groups of its own",
            hint="sudo {command}",
            command=command,
        )
