"""Imports posts from spreadsheets of other tools, as drafts.

A reader turns another tool's files into items; `drafts` turns these into drafts that pass `check`;
`staging` writes all of them or none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import consents, session
from publisher.drafts.draft import Surroundings
from publisher.drafts.draft_files import Shelf
from publisher.importers import bulk_sheets, galaxy_social, twitter_together, write_all
from publisher.importers.items import Item, Options
from publisher.importers.problems import Notes
from publisher.importers.to_drafts import Draft, Drafting, marks
from publisher.model.capabilities import CAPABILITIES
from publisher.model.models import Problem
from publisher.model.problems import Findings
from publisher.settings import Settings

__all__ = ["SOURCES", "Draft", "Import", "Options", "read", "write"]

Reader = Callable[[Path, Options, Notes], list[Item]]


def _sheet(layout: bulk_sheets.Layout) -> Reader:
    return lambda path, options, notes: bulk_sheets.read(path, layout, options, notes)


SOURCES: Mapping[str, Reader] = {
    "hootsuite": _sheet(bulk_sheets.HOOTSUITE),
    "buffer": _sheet(bulk_sheets.BUFFER),
    "sprout": _sheet(bulk_sheets.SPROUT),
    "twitter-together": twitter_together.read,
    "galaxy-social": galaxy_social.read,
}
"""The readers by what they read."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an import found: nothing is written yet."""

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...]
    """By file and line; an error stands for a row or file of which there is no draft."""


def read(settings: Settings, source: str, path: Path, options: Options) -> Import:
    """Read what another tool has in `path`, and make drafts of it for this workspace."""
    notes = Notes()
    items = SOURCES[source](path, options, notes)
    shelf = Shelf(settings.posts)
    around = Surroundings(
        posts=settings.posts,
        session=session.load(settings.posts, Findings(session.FILE)),
        consents=consents.load(settings.posts, frozenset(CAPABILITIES), Findings(consents.FILE)),
        accounts=settings.public_accounts(),
        channels=tuple(CAPABILITIES),
    )
    imported = marks({file.file: file.path for file in shelf.files})
    drafting = Drafting(around, options, _taken(settings.posts), notes)
    drafts = [made for item in _once(items, imported, notes) if (made := drafting.draft(item))]
    problems = sorted(notes.problems, key=lambda p: (p.file, p.line, p.column))
    return Import(drafts=tuple(drafts), problems=tuple(problems))


def write(settings: Settings, found: Import) -> None:
    """Write all the drafts of an import; StorageError leaves everything as it was."""
    if found.drafts:
        write_all.write(settings.posts, found.drafts)


def _once(items: list[Item], imported: Mapping[str, str], notes: Notes) -> list[Item]:
    """The items without those that are drafts already, and each text once for one time."""
    seen: dict[object, Item] = {}
    for item in items:
        if (name := imported.get(item.mark)) is not None:
            message = _("This was imported before, as {name}.", name=name)
            notes.warning("already-imported", item.place, message, _("It is left as it is."))
            continue
        first = seen.setdefault((item.words, item.at), item)
        if first is not item:
            message = _(
                "The same text stands in {place}; one draft is made of both.", place=first.where
            )
            notes.warning("same-text", item.place, message)
    return [*seen.values()]


def _taken(posts: Path) -> list[str]:
    return [path.relative_to(posts).as_posix() for path in posts.rglob("*")]
