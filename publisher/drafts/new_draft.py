"""New drafts: what their files are called."""

import posixpath
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFile
from publisher.drafts.times import Moment

TEMPLATES = "templates/"
"""The folder below posts/ whose drafts begin new ones."""
EMPTY = b"---\n---\n"
"""A draft that says nothing yet."""


def no_time(example: str) -> str:
    """The line of a draft without a time, which shows one: without its sign, it is the draft's."""
    return f"#at: {example}  # {_('without a time it stays a draft')}"


def stem(title: str, moment: Moment | None, zone: ZoneInfo) -> str:
    """The name of a draft's file without language: its day, if it has one, and its title.

    A time that hangs on the agenda gives no day: it moves. Raises UsageError for a title without
    letters and digits.
    """
    name = slug(title)
    if not name:
        message = _("{title!r} cannot become a file name.", title=title)
        raise UsageError(message, hint=_("Give a title with letters or digits."))
    if moment and moment.item is None:
        return f"{moment.instant.astimezone(zone):%Y-%m-%d}-{name}"
    return name


def free(name: str, taken: Iterable[DraftFile], spoken: Iterable[str]) -> str:
    """`name`, or `name-2` and so on if a draft has that name, in whatever language.

    For it would be a translation of that one. `spoken`: the languages of the accounts.
    """
    languages = frozenset(spoken)
    known = {split_language(file.id, languages)[0].casefold() for file in taken}
    number, found = 1, name
    while found.casefold() in known:
        number += 1
        found = f"{name}-{number}"
    return found


def at(posts: Path, post_id: str) -> DraftFile:
    """The draft with this id, whether its file is there or not."""
    return DraftFile(post_id, f"posts/{post_id}.md", str(posts / f"{post_id}.md"))


def folder_of_copies(post_id: str) -> str:
    """The folder of a draft's copies, with a slash at its end: its own; posts/ for a template's."""
    return "" if post_id.startswith(TEMPLATES) else post_id[: post_id.rfind("/") + 1]


def file_in_copies(file: str, post_id: str) -> str:
    """A picture's file, named in the draft of a post, as a copy of that draft names it."""
    if not post_id.startswith(TEMPLATES):
        return file
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(post_id), file))
