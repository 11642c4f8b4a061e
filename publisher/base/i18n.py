"""Translation of messages and pages: English is in the code, the other languages in `locales/`.

`_("{name} is no account.", name=name)` is looked up when it is called, so a text that belongs to a
module or a class is a function, or is marked there with `later` and translated where it is shown.
Each process uses the language of `use`; a web request may have another.
"""

import gettext
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self, get_args

Language = Literal["en", "fr", "es", "pl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: Mapping[str, str] = {"en": "English", "fr": "Français", "es": "Español", "pl": "Polski"}
"""The name of each language in itself."""
LOCALES = Path(__file__).parents[1] / "locales"

_FIELD = re.compile(r'^(msgid|msgstr\S*) ((?:".*"\n)+)', re.MULTILINE)
_ESCAPED = re.compile(r"\\.")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\"": '"', r"\\": "\\"}

_of_process = "en"
_of_context: ContextVar[str | None] = ContextVar("language", default=None)


def use(language: str) -> None:
    """Set the language of this process, one of `LANGUAGES`."""
    global _of_process  # noqa: PLW0603 - one process, one language
    _of_process = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use another language in this block, such as that of a web page's reader."""
    token = _of_context.set(language)
    try:
        yield
    finally:
        _of_context.reset(token)


def weekday(day: date) -> str:
    """The short name of a day of the week, such as Mon."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return names[day.weekday()]


def current() -> str:
    """The current language."""
    return _of_context.get() or _of_process


def from_environment(environ: Mapping[str, str] = os.environ) -> Language:
    """The language of the locale; English if it is not one of `LANGUAGES`."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable):
            code = re.split("[_.@-]", value.lower())[0]
            return next((language for language in LANGUAGES if language == code), "en")
    return "en"


class Text(str):
    """A translated text that keeps its message, so that it can be translated again.

    `publisher.base.stored_messages` stores it in ledgers.
    """

    __slots__ = ("said", "values")
    said: tuple[str, ...]
    """The message in English, or the two forms of a plural; empty: `values` are pieces of text."""
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
    """Translate `message` into the current language, with `values` for their names in braces."""
    if isinstance(message, Text) and not values:
        return message  # it is already translated
    text = _catalogue(current()).forms.get(message, (message,))[0]
    return Text(text.format(**values) if values else text, (message,), values)


def plural(one: str, many: str, number: int, /, **values: Any) -> str:
    """Translate the form for `number`, which is `{number}` in the text."""
    text = form(one, many, number).format(number=number, **values)
    return Text(text, (one, many), {"number": number, **values})


def joined(*texts: str) -> str:
    """Join texts into one that can be translated again, as each of them can."""
    whole = " ".join(filter(None, texts))
    return Text(whole, (), {str(place): text for place, text in enumerate(filter(None, texts))})


def form(one: str, many: str, number: int) -> str:
    """The translated form for `number`, with its names still in braces."""
    catalogue = _catalogue(current())
    if forms := catalogue.forms.get(one):
        return forms[catalogue.place(number)]
    return one if number == 1 else many


def later(message: str) -> str:
    """Mark a text that is translated where it is shown, by `_`."""
    return message


class _Catalogue(NamedTuple):
    """The translations into one language."""

    forms: Mapping[str, Sequence[str]]
    """By the English text (the singular): the translation, or each plural form."""
    place: Callable[[int], int]
    """The index of the form for a number."""


@cache
def _catalogue(language: str) -> _Catalogue:
    """A language's catalogue, from the .po file of `make messages`; may raise OSError."""
    if language == "en":
        return _Catalogue({}, lambda _number: 0)
    path = LOCALES / language / "LC_MESSAGES" / "publisher.po"
    found: dict[str, list[str]] = {}
    forms: list[str] = []
    for field, quoted in _FIELD.findall(path.read_text(encoding="utf-8")):
        value = _ESCAPED.sub(lambda mark: _ESCAPES[mark[0]], quoted[1:-2].replace('"\n"', ""))
        if field == "msgid":
            forms = found[value] = []
        else:
            forms.append(value)
    (header,) = found.pop("")
    whole = {english: forms for english, forms in found.items() if all(forms)}
    return _Catalogue(whole, gettext.c2py(re.findall(r"plural=([^;]+)", header)[0]))
