"""/posts/ID/repeat: copies of a draft for several days, each a draft of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from publisher.app import Application
from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _, plural
from publisher.drafts import recurrence
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.recurrence import FIRST, LAST, SITTING, DraftCopy
from publisher.ledger.manager.draft_edits import COPY_OF
from publisher.model import weekdays
from publisher.model.events import Event
from publisher.web import compose_saving, composed_draft, draft_view, time_fields
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use
from publisher.web.render import Toast

router = APIRouter(route_class=PostRoute)

_LONGEST = 40  # characters of a field
_WEEK = [date(2024, 1, number) for number in range(1, 8)]
"""Any week, from Monday: its days are shown by their names."""


@dataclass(frozen=True)
class RepeatForm:
    """What was chosen."""

    on: Sequence[str] = (SITTING,)
    """Of `recurrence.DAYS`."""
    how: str = "clock"
    """`clock`, `before` the day's first agenda item begins, or `after` the last one ends."""
    clock: str = "08:30"
    number: str = "30"
    """Minutes."""
    until: str = ""

    @property
    def at(self) -> str:
        """The time, as `recurrence.occurrences` reads it. Raises UsageError."""
        if self.how == "clock":
            return self.clock
        number = self.number.strip()
        if not (number.isascii() and number.isdecimal()):
            raise UsageError(_("Write a whole number, such as 30."))
        return f"{LAST}.end + {number}m" if self.how == "after" else f"{FIRST} - {number}m"


def _chosen(
    on: Annotated[list[str] | None, Query()] = None,
    how: Annotated[str, Query(max_length=_LONGEST)] = RepeatForm.how,
    clock: Annotated[str, Query(max_length=_LONGEST)] = RepeatForm.clock,
    number: Annotated[str, Query(max_length=_LONGEST)] = RepeatForm.number,
    until: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> RepeatForm:
    return RepeatForm(on or RepeatForm.on, how, clock, number, until)


Chosen = Annotated[RepeatForm, Depends(_chosen)]


@router.get("/posts/{post:path}/repeat")
def ask(request: Request, parts: Use, visitor: Reader, post: str, chosen: Chosen) -> Response:
    """Show the form, and the drafts that it would make."""
    _require(parts.app, visitor, post)
    return _page(request, parts, visitor, post, chosen)


@router.post("/posts/{post:path}/repeat")
def make(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    chosen: Chosen,
    do: Annotated[str, Form()] = "",
) -> Response:
    """Make the drafts, and submit them if asked to; what is there already stays as it is."""
    _require(parts.app, visitor, post)
    try:
        new = [copy for copy in _copies(parts.app, visitor, post, chosen) if not copy.is_there]
        _make(parts.app, visitor, new)
    except PublisherError as error:
        return _page(request, parts, visitor, post, chosen, error)
    told = plural("{number} draft was made.", "{number} drafts were made.", len(new))
    if do != "submit" or not new:
        return parts.done(visitor, told, "/posts")
    return parts.done(visitor, _submitted(parts.app, visitor, new, told), "/calendar?view=list")


def _make(app: Application, visitor: Visitor, new: Sequence[DraftCopy]) -> None:
    """Make the drafts, on record: all, or none."""
    for source in {copy.source for copy in new}:
        draft_view.require_read(app, draft_view.find(app, source))
    made: list[DraftCopy] = []
    try:
        for copy in new:
            _save(app, visitor, copy, Event.DRAFT_MADE)
            made.append(copy)
    except PublisherError:
        for copy in made:
            _save(app, visitor, copy, Event.DRAFT_DELETED)
        raise


def _save(app: Application, visitor: Visitor, copy: DraftCopy, event: Event) -> None:
    draft, is_new = copy.draft, event is Event.DRAFT_MADE
    app.edits.apply(
        copy.id,
        event,
        {"time": copy.occurrence.at, COPY_OF: copy.source},
        visitor.name,
        draft_view.accounts(app, copy.source),
        digest=draft.digest,
        save=draft.create if is_new else draft.delete,
        put_back=draft.delete if is_new else draft.create,
    )


def _submitted(app: Application, visitor: Visitor, new: Sequence[DraftCopy], told: str) -> Toast:
    """Put the new drafts on the schedule: all, or none."""
    try:
        done = app.planner.queue([copy.draft.path for copy in new], actor=visitor.name)
    except PublisherError as error:
        return Toast(f"{told} {error}", warns=True)
    if done.errors:
        said = _("They have errors: they cannot be queued until they are fixed.")
        return Toast(f"{told} {said}", warns=True)
    became = compose_saving.submitted(done)
    return Toast(f"{told} {became.text}", warns=became.warns)


def _require(app: Application, visitor: Visitor, post: str) -> None:
    """Raise NotPermitted for whoever may not write for the accounts of the draft."""
    app.edits.require(Event.DRAFT_MADE, visitor.name, draft_view.accounts(app, post))


def _copies(app: Application, visitor: Visitor, post: str, chosen: RepeatForm) -> list[DraftCopy]:
    """The copies of the draft, and of those of its translations that the visitor may write."""
    session, until = app.session(), time_fields.day(chosen.until)
    found = recurrence.occurrences(chosen.on, chosen.at, until, session, app.clock.now())
    accounts = app.settings.public_accounts().values()
    spoken = {one.language for one in accounts if one.language}
    drafts = DraftFiles(app.settings.posts)
    sources = [
        one
        for one in recurrence.versions(drafts, post, spoken)
        if app.rights.permits_writing(visitor.person, draft_view.accounts(app, one.id))
    ]
    return list(recurrence.copies(drafts, sources, found, session, spoken))


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    post: str,
    chosen: RepeatForm,
    problem: PublisherError | None = None,
) -> Response:
    app, session = parts.app, parts.app.session()
    composed = composed_draft.existing(app, post)
    if not chosen.until and session.ends:
        chosen = replace(chosen, until=session.ends.isoformat())
    copies: Sequence[DraftCopy] = ()
    try:
        copies = _copies(app, visitor, post, chosen)
    except PublisherError as error:
        problem = problem or error
    return parts.pages.render(
        request,
        "repeat.html",
        post=post,
        chosen=chosen,
        weekdays=zip(weekdays.NAMES, _WEEK, strict=True),
        copies=copies,
        new=sum(not copy.is_there for copy in copies),
        zone=session.zone,
        warning=recurrence.warning(composed.post, app.settings.public_accounts()),
        problem=problem,
        query=request.url.query,
    )
