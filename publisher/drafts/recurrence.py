"""Recurrence: the days on which a draft is said again, and a copy of it for each of them.

A copy is a draft like any other: it is checked, approved, moved and stopped alone. Where its time
hangs on the agenda, it follows the item of its day.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import NamedTuple

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.channels.registry import SPECS, title
from publisher.drafts import editing, new_draft, rendering
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.drafts.session import FILE, Session
from publisher.drafts.times import (
    AgendaItem,
    Moment,
    anchor,
    in_zone,
    spelled,
)
from publisher.model import weekdays
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.problems import Flaw

SITTING = "sitting"
"""The days on which something is on the agenda."""
DAYS = (SITTING, "weekdays", *weekdays.NAMES)
"""What a draft may be repeated on."""
FIRST, LAST = "first", "last"
"""What stands for the first and the last agenda item of the day in a time."""
DAY, AGENDA = "{day}", "{agenda}"
"""What stands in a text for the number of the session's day, from 1, and for what is on then."""
_LONGEST = timedelta(days=366)
_DAY = timedelta(days=1)
_SIGNS = re.compile(r"^[#\-*_=<>~`+|•\s]+")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-", re.ASCII)


class Occurrence(NamedTuple):
    """A day on which the draft is said again."""

    day: date
    at: str
    """The value of `at` in its draft."""
    instant: datetime
    number: int
    """Of the session's days, from 1: the same whenever the copies are made."""
    agenda: str
    """The titles of what takes place on that day."""


class _Timed(NamedTuple):
    """A time as a draft has it."""

    at: str
    instant: datetime


class DraftCopy(NamedTuple):
    """The draft of an occurrence, in one language."""

    id: str
    source: str
    """The id of the draft that it is a copy of."""
    occurrence: Occurrence
    draft: Manuscript
    is_there: bool
    """Whether there is a draft of this name already, which stays as it is."""


def occurrences(
    chosen: Sequence[str], at: str, until: date | None, session: Session, now: datetime
) -> list[Occurrence]:
    """The days to come, until the session's last one if no other is given.

    `chosen`: of `DAYS`. `at`: `08:30`, by the clocks of the session, or `first - 30m`, counted from
    the day's first agenda item; a day that has none is left out then. Raises UsageError.
    """
    if not chosen or not {*chosen} <= {*DAYS}:
        unknown = next((name for name in chosen if name not in DAYS), None)
        message = _("“{text}” is not a day.", text=unknown) if unknown else _("No day is chosen.")
        raise UsageError(message, hint=_("Choose from: {names}.", names=", ".join(DAYS)))
    last = until or session.ends
    if last is None:
        hint = _("Say until when, or give {file} an `ends:`.", file=FILE)
        raise UsageError(_("The repetition has no end."), hint=hint)
    by_day = _agenda_days(session)
    today = now.astimezone(session.zone).date()
    begins = session.starts or min(by_day, default=today)
    first = max(today, begins)
    if last - first > _LONGEST:
        raise UsageError(
            _("The repetition is longer than a year."), hint=_("Choose an earlier end.")
        )
    found: list[Occurrence] = []
    for day in (first + _DAY * number for number in range((last - first).days + 1)):
        items = by_day.get(day, ())
        timed = _time(at, day, items, session) if _is_chosen(day, chosen, items) else None
        if timed and timed.instant > now:
            titles = ", ".join(map(_title, items))
            found.append(Occurrence(day, *timed, (day - begins).days + 1, titles))
    if not found:
        hint = _("Check the days, the last day, and the agenda in {file}.", file=FILE)
        raise UsageError(_("There are no such days left."), hint=hint)
    return found


def versions(posts: DraftFiles, post: str, spoken: Collection[str]) -> list[DraftFile]:
    """A draft and its translations. `spoken`: the languages of the accounts."""
    base = split_language(post, spoken)[0]
    return [one for one in posts.files if split_language(one.id, spoken)[0] == base]


def copies(
    posts: DraftFiles,
    sources: Sequence[DraftFile],
    found: Sequence[Occurrence],
    session: Session,
    spoken: Collection[str],
) -> Iterator[DraftCopy]:
    """The copies of a draft's versions, day by day; none for the day of the draft itself.

    Raises NotPossible for a draft that only a person can edit, and for an answer to a reader.
    """
    drafts = [(one.id, editing.read(one)) for one in sources]
    if any(draft.value("answers") for _id, draft in drafts):
        raise NotPossible(_("A reader is answered only once: an answer cannot repeat."))
    own = {day for _id, draft in drafts if (day := _own_day(draft, session))}
    known = {one.id.casefold() for one in posts.files}
    for one in found:
        for source, draft in drafts if one.day not in own else ():
            base, _language = split_language(source, spoken)
            name = undated(PurePosixPath(base).name) + source.removeprefix(base)
            folder = new_draft.folder_of_copies(source)
            file = new_draft.at(posts.posts, f"{folder}{one.day}-{name}")
            repeated = _repeated(_moved(draft, source), one)
            revised = Manuscript(file.path, file.file, repeated.data)
            yield DraftCopy(file.id, source, one, revised, file.id.casefold() in known)


def undated(name: str) -> str:
    """The name of a draft's file without the day at its beginning."""
    return _DATED.sub("", name, count=1)


def warning(post: Post, accounts: Mapping[str, Account]) -> str | None:
    """What to mind, where a draft goes to a channel that takes the same words for spam."""
    texts = [part for parts in post.texts.values() for part in parts]
    if any(mark in text for text in texts for mark in (DAY, AGENDA)):
        return None
    channels = {one.channel for one in rendering.recipients(post, accounts)[0]}
    minding = [title(one) for one in sorted(channels) if SPECS[one].takes_copies_for_spam]
    if not minding:
        return None
    return _(
        "{channels} may refuse the same words again, or treat them as spam. Change them in each "
        "copy, or write {number} or {agenda} into the text first.",
        channels=", ".join(minding),
        number=DAY,
        agenda=AGENDA,
    )


def _repeated(draft: Manuscript, one: Occurrence) -> Manuscript:
    """A draft as it is said on another day. An embargo stays: no copy goes out before its end."""
    revised = draft.with_value("at", one.at).with_value("repeat", "true")
    if title := draft.value("title"):
        revised = revised.with_value("title", _filled(title, one))
    return revised.with_body(_filled(draft.body, one))


def _moved(draft: Manuscript, source: str) -> Manuscript:
    """The draft as it names its pictures where its copies are."""
    for number, entry in enumerate(draft.media):
        file = new_draft.file_in_copies(entry.get("file", ""), source)
        draft = draft.with_picture_as(number, {**entry, "file": file})
    return draft


def _filled(text: str, one: Occurrence) -> str:
    return text.replace(DAY, str(one.number)).replace(AGENDA, one.agenda)


def _title(item: AgendaItem) -> str:
    """In one line, and without what would begin a section or a thread: other people write it."""
    return _SIGNS.sub("", " ".join((item.title or "").split())) or item.name


def _own_day(draft: Manuscript, session: Session) -> date | None:
    moment = session.resolve((draft.value("at") or "").strip())
    return moment.instant.astimezone(session.zone).date() if isinstance(moment, Moment) else None


def _is_chosen(day: date, chosen: Sequence[str], items: Sequence[AgendaItem]) -> bool:
    return (
        (SITTING in chosen and bool(items))
        or ("weekdays" in chosen and day.weekday() in weekdays.WORKING)
        or weekdays.NAMES[day.weekday()] in chosen
    )


def _time(text: str, day: date, items: Sequence[AgendaItem], session: Session) -> _Timed | None:
    """The time on a day; None: it counts from an item, and no item begins then."""
    if clock := weekdays.clock(text):
        instant = in_zone(datetime.combine(day, clock), session.zone)
        if isinstance(instant, Flaw):
            raise UsageError(instant.message, hint=_("Choose another time of day."))
        return _Timed(spelled(instant, session.zone), instant)
    parts = anchor(text.strip())
    if parts is None or parts.item not in (FIRST, LAST):
        message = _("“{text}” is not a time of day.", text=text)
        raise UsageError(message, hint=_("Write it like 08:30, `first - 30m` or `last.end + 1h`."))
    todays = [one for one in items if one.starts_at.astimezone(session.zone).date() == day]
    if not todays:
        return None
    item = (
        todays[0]
        if parts.item == FIRST
        else max(todays, key=lambda one: one.ends_at or one.starts_at)
    )
    at = item.name + text.strip()[len(parts.item) :]
    moment = session.resolve(at)
    if isinstance(moment, Flaw):
        raise UsageError(moment.message, hint=moment.hint)
    return _Timed(at, moment.instant)


def _agenda_days(session: Session) -> Mapping[date, Sequence[AgendaItem]]:
    """The days on which something on the agenda takes place, with these items in their order."""
    found = defaultdict(list)
    for item in sorted(session.agenda.values(), key=lambda one: (one.starts_at, one.name)):
        if item.cancelled:
            continue
        day = item.starts_at.astimezone(session.zone).date()
        # An item that ends at midnight has no part of the day that begins then.
        ends = max(item.starts_at, (item.ends_at or item.starts_at) - timedelta(microseconds=1))
        last = min(ends.astimezone(session.zone).date(), day + _LONGEST)
        while day <= last:
            found[day].append(item)
            day += _DAY
    return found
