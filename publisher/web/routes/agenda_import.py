"""/agenda/import: a calendar's events become items, shown first with what they drag along."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from publisher.agenda import ics_events, ics_lines
from publisher.agenda.changes import ItemChange
from publisher.agenda.ics_matching import Match, match
from publisher.agenda.ics_times import Reading
from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _
from publisher.model.values import Problem
from publisher.web import agenda_form, agenda_view, impact_view
from publisher.web.agenda_view import AgendaChange, title
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, Use
from publisher.web.routes.agenda import saved

_SHOWN = 20
"""Problems of one file."""
_KEPT = 300_000
"""Characters of a calendar that is kept in the form when it is refused; a longer one is not."""
_NOTHING: Mapping[str, str] = dict.fromkeys(
    ("timezone", "day_starts", "day_ends", "skip", "remove", "calendar", "calendar_name"), ""
)
"""The answers of a form that nobody has sent yet."""

router = APIRouter()

Text = Annotated[str, Form(max_length=100)]


@router.get("/agenda/import")
def ask(request: Request, parts: Use, visitor: Reader) -> Response:
    """Show the form that takes a file."""
    parts.app.file_changes.require(visitor.name)
    return _form(request, parts)


@router.post("/agenda/import")
def compare(
    request: Request,
    parts: Use,
    visitor: Writer,
    file: Annotated[UploadFile | None, File()] = None,
    timezone: Text = "",
    day_starts: Text = "",
    day_ends: Text = "",
    skip: Annotated[str, Form(max_length=5000)] = "",
    remove: Text = "",
    calendar: Annotated[str, Form(max_length=_KEPT)] = "",
    calendar_name: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Compare a calendar with the agenda, and show what would change.

    `calendar`: the text of the file that was refused before, unless another one is chosen.
    """
    parts.app.file_changes.require(visitor.name)
    seen = agenda_view.usable(parts.app)
    data, name = calendar.encode(), calendar_name
    if file is not None and file.filename:
        data, name = file.file.read(ics_lines.MAX_BYTES + 1), file.filename
    given = {
        "timezone": timezone, "day_starts": day_starts, "day_ends": day_ends, "skip": skip,
        "remove": remove, "calendar": _kept(data), "calendar_name": name,
    }  # fmt: skip
    try:
        if not data:
            raise UsageError(_("Choose the calendar file."))
        reading = Reading(
            zone=seen.session.zone,
            floating=_zone(timezone),
            all_day=_hours(day_starts, day_ends),
            skip=frozenset(skip.split()),
        )
    except UsageError as error:
        return _form(request, parts, given, problem=error)
    events, problems = ics_events.read_bytes("", data, reading)
    found = match("", events, seen.session) if not problems else None
    if found is None or found.problems:
        return _form(request, parts, given, problems or (found.problems if found else ()))
    gone = [
        ItemChange(item, item.model_copy(update={"cancelled": True}))
        for item in (found.missing if remove else ())
    ]
    changes = [*found.changes, *gone]
    if not changes:
        return parts.done(
            visitor, _("Nothing to change: the agenda already matches the calendar."), "/agenda"
        )
    proposed = agenda_view.proposed(parts.app, seen, changes)
    return _page(request, parts, visitor, proposed, seen.digest, found=found, removes=bool(remove))


@router.post("/agenda/import/save")
def save(
    request: Request,
    parts: Use,
    visitor: Writer,
    changes: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Make the changes that were shown."""
    parts.app.file_changes.require(visitor.name)
    file = agenda_view.usable(parts.app)
    wanted = agenda_form.read(changes, file.session.agenda)
    if not wanted:
        return parts.done(
            visitor, _("Nothing to change: the agenda already matches the calendar."), "/agenda"
        )
    proposed = agenda_view.proposed(parts.app, file, wanted)
    try:
        toast = saved(parts, visitor, file, proposed, seen=seen, shown=shown, sure=bool(sure))
    except PublisherError as error:
        return _page(request, parts, visitor, proposed, file.digest, problem=error)
    if toast is None:
        return _page(request, parts, visitor, proposed, file.digest)
    return parts.done(visitor, toast, "/agenda")


def _kept(data: bytes) -> str:
    """The text of a calendar, to be sent again with the form; empty if it is too long, or none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= _KEPT and "\0" not in text else ""


def _zone(name: str) -> ZoneInfo | None:
    """The zone of times that belong to none. Raises UsageError for one that does not exist."""
    if not name.strip():
        return None
    if name.strip() not in available_timezones():
        message = _("There is no time zone “{name}”.", name=name.strip())
        raise UsageError(message, hint=_("Write an area and a city, such as Europe/Zurich."))
    return ZoneInfo(name.strip())


def _hours(first: str, last: str) -> tuple[time, time] | None:
    """From when to when an event lasts that has dates alone. Raises UsageError."""
    if not (first or last):
        return None
    try:
        hours = time.fromisoformat(first), time.fromisoformat(last)
    except ValueError:
        raise UsageError(_("An all-day event needs a start time and an end time.")) from None
    if hours[0] >= hours[1] or any(one.tzinfo for one in hours):
        raise UsageError(_("An all-day event needs a start time and an end time."))
    return hours


def _form(
    request: Request,
    parts: Parts,
    given: Mapping[str, str] = _NOTHING,
    problems: Sequence[Problem] = (),
    problem: PublisherError | None = None,
) -> Response:
    """The form that takes a file, with what was `given` and what is wrong with it."""
    return parts.pages.render(
        request,
        "agenda_import.html",
        status=400 if problems else 200,
        given=given,
        problems=problems[:_SHOWN],
        more=max(0, len(problems) - _SHOWN),
        zones=sorted(
            {
                *filter(None, (one.timezone for one in parts.app.settings.accounts.values())),
                str(parts.pages.zone),
            }
        ),
        problem=problem,
    )


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    proposed: AgendaChange,
    seen: str,
    *,
    found: Match | None = None,
    removes: bool = False,
    problem: PublisherError | None = None,
) -> Response:
    """What would change."""
    change = proposed.change
    accounts = change.file.accounts if change else ()
    return parts.pages.render(
        request,
        "agenda_import_change.html",
        proposed=proposed,
        change=change,
        changes=agenda_form.written(proposed.items),
        seen=seen,
        missing=[*map(title, found.missing)] if found and not removes else (),
        cancelled_here=[*map(title, found.cancelled_here)] if found else (),
        rows=impact_view.rows(parts.app, change) if change else (),
        refusal=parts.app.file_changes.refusal(visitor.name, accounts),
        problem=problem,
    )
