"""Spreadsheet import: each row becomes a draft, or is reported with the exact reason.

`tables` and `columns` read the file, `spreadsheets` turns rows into items, `to_drafts` turns these
into drafts that pass `check`, and `write_all` writes all of them or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import consents, session_reader
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.surroundings import Surroundings
from publisher.importers import problems, spreadsheets, write_all
from publisher.importers.items import Item, Options
from publisher.importers.problems import FileRefused
from publisher.importers.to_drafts import Drafting, NewDraft, marks
from publisher.model.problems import CODES, Findings
from publisher.model.values import Position, Problem
from publisher.settings.settings import Settings

__all__ = ["Import", "NewDraft", "Options", "read", "write"]


@dataclass(frozen=True, slots=True)
class Import:
    """The result of reading a spreadsheet; nothing is written yet."""

    drafts: tuple[NewDraft, ...]
    problems: tuple[Problem, ...]
    """Sorted by line; a row, or a file, with an error has no draft."""


def read(settings: Settings, path: Path, options: Options) -> Import:
    """Read a spreadsheet, and convert it into drafts for this workspace."""
    notes = Findings(str(path), {**CODES, **problems.CODES})
    try:
        items = spreadsheets.read(path, options, notes)
    except FileRefused as refusal:
        notes.add(refusal.flaw, refusal.position)
        return Import(drafts=(), problems=tuple(notes.problems))
    around = Surroundings(
        posts=settings.posts,
        session=session_reader.readable(settings.posts),
        consents=consents.load(settings.posts, Findings(consents.FILE)),
        accounts=settings.public_accounts(),
    )
    imported = marks({file.file: file.path for file in DraftFiles(settings.posts).files})
    drafting = Drafting(around, options, settings.language, _taken(settings.posts), notes)
    drafts = [made for item in _once(items, imported, notes) if (made := drafting.draft(item))]
    found = sorted(notes.problems, key=lambda p: (p.line, p.column))
    return Import(drafts=tuple(drafts), problems=tuple(found))


def write(settings: Settings, found: Import) -> None:
    """Write all the drafts of an import. StorageError leaves everything as it was."""
    if found.drafts:
        write_all.write(settings.posts, found.drafts)


def _once(items: list[Item], imported: Mapping[str, str], notes: Findings) -> list[Item]:
    """The items that are no drafts yet, without repetitions of text, time and recipients."""
    seen: dict[object, Item] = {}
    for item in items:
        place = Position(line=item.line)
        if (name := imported.get(item.mark)) is not None:
            message = _("This was imported before, as {name}.", name=name)
            notes.warning("already-imported", place, message, _("It stays as it is."))
            continue
        first = seen.setdefault((item.words, item.at, item.to), item)
        if first is not item:
            message = _(
                "The same text is in {place}; Publisher makes one draft of both.", place=first.where
            )
            notes.warning("same-text", place, message)
    return [*seen.values()]


def _taken(posts: Path) -> list[str]:
    return [path.relative_to(posts).as_posix() for path in posts.rglob("*")]
