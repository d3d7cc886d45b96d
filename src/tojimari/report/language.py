"""The two languages that people read: English, in the code, and Japanese, in ``locale/ja``."""

import gettext
import os
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from functools import cache

from tojimari.core.message import Message, Value
from tojimari.core.text import printable

DOMAIN = "tojimari"
LOCALE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")  # noqa: PTH118, PTH120 - pathlib costs 8 ms at every start


class Language(StrEnum):
    """A language that tojimari speaks."""

    ENGLISH = "en"
    JAPANESE = "ja"

    def text(self, template: str) -> str:
        """A template in this language; the English one where there is no translation."""
        return _catalogue(self).gettext(template) if template else ""

    def say(self, message: Message) -> str:
        """A sentence in this language, its values made safe to show."""
        template = self.text(message.text)
        if not message.values:
            return template
        return template.format_map({name: _shown(value) for name, value in message.values.items()})


def from_environment(environment: Mapping[str, str]) -> Language:
    """The language that the environment asks for (POSIX, section 8.2: the first non-empty wins).

    Args:
        environment: ``LC_ALL``, ``LC_MESSAGES`` and ``LANG`` are read.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return Language.JAPANESE if value.startswith("ja") else Language.ENGLISH
    return Language.ENGLISH


def for_libraries(language: Language, environment: MutableMapping[str, str]) -> None:
    """Have libraries that use gettext (click) speak the same language, from our catalogue.

    Args:
        language: What they shall speak.
        environment: ``LANGUAGE`` is set in it, which gettext reads.
    """
    environment["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)


def _shown(value: Value) -> Value:
    return printable(value) if isinstance(value, str) else value


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)
