# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Brings the catalogues of publisher/locales/ up to date with the sources.

`make messages` runs it. Messages that are new get an empty translation, those that are gone are
dropped, and all others stay. `--with FOLDER` first takes over what the catalogues in another
`locales` folder translate and ours do not. Nothing in the files depends on the day, the machine or
line numbers, so two people's changes merge.
"""

import argparse
import ast
import io
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from publisher.base import errors
from publisher.base.i18n import LANGUAGES, LOCALES
from publisher.cli import app, help_texts
from publisher.drafts import json_schema

SOURCES = [Path(__file__).parents[1] / name for name in ("publisher", "workers")]
TRANSLATIONS = [language for language in LANGUAGES if language != "en"]
Message = str | tuple[str, str]
"""A text, or one and many of what is counted."""

_KEYWORDS = {"_": None, "later": None, "plural": (1, 2)}


class _Plain(Catalog):
    """A catalogue whose header says what gettext needs, and not when or by whom it was made."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def messages() -> set[Message]:
    """Every message in the sources."""
    found: set[Message] = set(_of_calls())
    for error in _errors(errors.PublisherError):
        found.update(filter(None, (error.__doc__, error.hint)))
    found.update(help_texts.texts(app.bare_command()))
    found.update(json_schema.texts())
    return found


def _of_calls() -> Iterator[Message]:
    """What stands in `_`, `plural` and `later`, in Python and in templates."""
    for folder in SOURCES:
        for path in folder.rglob("*.py"):
            yield from _extracted(_calls, path)
        for path in folder.rglob("*.html"):
            yield from _extracted("jinja2", path)


def _extracted(method: Any, path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _, message, *_rest in extract(method, file, _KEYWORDS):
            yield message if isinstance(message, str) else (message[0], message[1])


def _calls(
    file: IO[bytes], keywords: Collection[str], *_: Any, **_options: Any
) -> Iterator[tuple[Any, ...]]:
    """Python's calls for Babel, whose own way misses those within f-strings before Python 3.12."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in keywords:
                values = [getattr(argument, "value", None) for argument in node.args]
                yield node.lineno, name, [v if isinstance(v, str) else None for v in values], []


def _errors(above: type[errors.PublisherError]) -> Iterator[type[errors.PublisherError]]:
    yield above
    for below in above.__subclasses__():
        yield from _errors(below)


def read(path: Path, language: str) -> Catalog:
    """The catalogue in a .po file."""
    with path.open("rb") as file:
        return read_po(file, language)


def updated(language: str, wanted: set[Message], *before: Catalog) -> Catalog:
    """A catalogue of just the wanted messages; of several translations the first counts."""
    new = _Plain(language)
    for message in wanted:
        new.add(message, next(_translations(message, before), ""))
    return new


def _translations(
    message: Message, catalogues: tuple[Catalog, ...]
) -> Iterator[str | tuple[str, ...]]:
    for catalogue in catalogues:
        entry = catalogue.get(message)
        if entry and entry.id == message and not entry.fuzzy:
            texts = entry.string or ""
            if texts and all(texts):
                yield texts if isinstance(texts, str) else tuple(texts)


def untranslated(wanted: set[Message], catalogue: Catalog) -> list[Message]:
    """Those of the wanted messages that the catalogue does not translate, sorted."""
    missing = [message for message in wanted if not any(_translations(message, (catalogue,)))]
    return sorted(missing, key=str)


def po_bytes(catalogue: Catalog) -> bytes:
    """The .po file: sorted, each message in one line, without places."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    header = "".join(f'"{name}: {value}\\n"\n' for name, value in catalogue.mime_headers)
    return f'msgid ""\nmsgstr ""\n{header}\n'.encode() + file.getvalue().strip() + b"\n"


def main(arguments: list[str]) -> int:
    """Write all catalogues, and say how many messages wait for a translation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with", dest="other", type=Path, metavar="FOLDER")
    other: Path | None = parser.parse_args(arguments).other
    wanted = messages()
    for language in TRANSLATIONS:
        place = Path(language) / "LC_MESSAGES" / "publisher.po"
        before = [read(folder / place, language) for folder in (LOCALES, other) if folder]
        catalogue = updated(language, wanted, *before)
        (LOCALES / place).write_bytes(po_bytes(catalogue))
        missing = len(untranslated(wanted, catalogue))
        sys.stdout.write(f"{language}: {len(wanted)} messages, {missing} without translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
