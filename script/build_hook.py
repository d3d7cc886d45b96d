"""Compile the translations: every ``locale/LANGUAGE/*.po`` into one ``tojimari.mo``.

The sources are split by area so that each stays small; at run time there is one catalogue.
"""

import io
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = Path(__file__).parent.parent / "src" / "tojimari" / "locale"


def merged(folder: Path) -> Catalog:
    """All translations of one language.

    Raises:
        ValueError: Two files translate the same text differently, or a file holds a fuzzy entry.
    """
    whole = Catalog(locale=folder.name, charset="utf-8")
    for source in sorted(folder.glob("*.po")):
        with source.open("rb") as file:
            part = read_po(file, locale=folder.name)
        for message in part:
            if not message.id or not message.string:
                continue
            if message.fuzzy:
                msg = f"{source.name}: fuzzy: {message.id!r}"
                raise ValueError(msg)
            known = whole.get(message.id)
            if known is not None and known.string != message.string:
                msg = f"{source.name}: translated differently elsewhere: {message.id!r}"
                raise ValueError(msg)
            whole.add(message.id, message.string)
    return whole


def compile_all(locale: Path = LOCALE) -> list[Path]:
    """Write ``LANGUAGE/LC_MESSAGES/tojimari.mo`` for each language; returns the files."""
    written: list[Path] = []
    for folder in sorted(path for path in locale.iterdir() if any(path.glob("*.po"))):
        content = io.BytesIO()
        write_mo(content, merged(folder))
        target = folder / "LC_MESSAGES" / "tojimari.mo"
        target.parent.mkdir(exist_ok=True)
        partial = target.with_suffix(".partial")
        partial.write_bytes(content.getvalue())
        partial.replace(target)
        written.append(target)
    return written


class TranslationsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own default
    """Hatchling calls this before each build, editable ones too."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the wheel carry what git ignores."""
        del version
        build_data["artifacts"].extend(str(path.relative_to(self.root)) for path in compile_all())


if __name__ == "__main__":
    for path in compile_all():
        print(path)
