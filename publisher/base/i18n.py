"""The language of messages and pages: English in the code, the others in `locales/`.

`_("{name} is no account.", name=name)` is looked up when it is called, so a text that belongs to
a module or a class is kept as a function, or marked there with `later` and translated where it is
shown. Each process speaks the language that `use` was told; a web request may have another.
"""

import gettext
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self, get_args

Language = Literal["en", "fr", "es", "pl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: Mapping[str, str] = {"en": "English", "fr": "Français", "es": "Español", "pl": "Polski"}
"""What each language calls itself."""
LOCALES = Path(__file__).parents[1] / "locales"

_of_process = "en"
_of_context: ContextVar[str | None] = ContextVar("language", default=None)


def use(language: str) -> None:
    """Let this process speak one of `LANGUAGES`."""
    global _of_process  # noqa: PLW0603 - one process, one language
    _of_process = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak another language in this block, such as that of whoever reads a web page."""
    token = _of_context.set(language)
    try:
        yield
    finally:
        _of_context.reset(token)


def weekday(day: date) -> str:
    """Its name in short, such as Mon."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return names[day.weekday()]


def current() -> str:
    """The language that is spoken now."""
    return _of_context.get() or _of_process


def from_environment(environ: Mapping[str, str] = os.environ) -> Language:
    """The language that the locale asks for; English for one that we do not speak."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable):
            code = re.split("[_.@-]", value.lower())[0]
            return next((language for language in LANGUAGES if language == code), "en")
    return "en"


class Text(str):
    """A text in one language that can be told in another: `publisher.base.stored_messages` keeps it in ledgers."""

    __slots__ = ("said", "values")
    said: tuple[str, ...]
    """The message in English, or the two forms of a plural; empty: `values` holds pieces of text."""
    values: Mapping[str, Any]

    def __new__(
        cls, text: str, said: tuple[str, ...] = (), values: Mapping[str, Any] = MappingProxyType({})
    ) -> Self:
        made = super().__new__(cls, text)
        made.said, made.values = said, values
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def _(message: str, /, **values: Any) -> str:
    """`message` in the current language, with `values` in the place of their names in braces."""
    if isinstance(message, Text) and not values:
        return message  # it was translated already
    text = _catalogue(current()).gettext(message) if message else ""
    return Text(text.format(**values) if values else text, (message,), values)


def plural(one: str, many: str, number: int, /, **values: Any) -> str:
    """The form that goes with `number`, which stands in the text as `{number}`."""
    text = form(one, many, number).format(number=number, **values)
    return Text(text, (one, many), {"number": number, **values})


def joined(*texts: str) -> str:
    """Several texts as one, which can be told in another language as each of them can."""
    whole = " ".join(filter(None, texts))
    return Text(whole, (), {str(place): text for place, text in enumerate(filter(None, texts))})


def form(one: str, many: str, number: int) -> str:
    """The form that goes with `number`, with its names still in braces."""
    return _catalogue(current()).ngettext(one, many, number)


def later(message: str) -> str:
    """Mark a text that is translated where it is shown, by `_`."""
    return message


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("publisher", LOCALES, [language], fallback=language == "en")
