"""/posts/ID/move: reschedule a post by a new time in its draft."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.app import Application
from publisher.base.errors import NotPossible, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.drafts.editing import Manuscript
from publisher.drafts.session import Session
from publisher.drafts.times import (
    Moment,
    anchor_name,
    anchored,
    is_now,
    looks_like_a_time,
    parse_anchor,
    parse_time,
    spelled,
)
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.problems import Flaw
from publisher.model.states import ENDED_UNSENT, OUT_OR_MAYBE
from publisher.model.values import Severity
from publisher.planning import Plan
from publisher.planning.edits import may_come_back
from publisher.web import draft_view, labels, plan_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use
from publisher.web.routes import queue

_LATER_THAN_ITS_TIME = "embargo-after-time"

router = APIRouter(route_class=PostRoute)


@dataclass(frozen=True, slots=True)
class _Move:
    """A planned new time of a draft, before it is saved."""

    seen: Manuscript
    revised: Manuscript
    at: datetime
    plan: Plan
    """The changes of queueing it then; none for a draft that is not queued."""


@router.get("/posts/{post:path}/move")
def ask(
    request: Request, parts: Use, visitor: Reader, post: str, at: str = "", own: str = ""
) -> Response:
    """Show the form; with `at`, the changes of that time. `own`: as in `change`."""
    parts.app.edits.require(Event.DRAFT_MOVED, visitor.name, draft_view.accounts(parts.app, post))
    seen, standing = _movable(parts.app, post)
    move, problem = None, None
    try:
        move = _move(parts.app, seen, standing, at, own=bool(own)) if at else None
    except PublisherError as error:
        problem = error
    return _page(request, parts, post, seen, standing, move, at=at, own=own, problem=problem)


@router.post("/posts/{post:path}/move")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    post: str,
    at: Annotated[str, Form(max_length=40)] = "",
    seen: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
    own: Annotated[str, Form()] = "",
) -> Response:
    """Move the post; `shown` is the digest of the changes that the person has seen, if any.

    A time that hangs on the agenda gets another offset; with `own` it hangs on nothing any more.
    """
    draft, standing = _movable(parts.app, post)
    draft_view.require_unchanged(draft, seen)
    move = None
    try:
        move = _move(parts.app, draft, standing, at, own=bool(own))
        present = plan_view.digest(move.plan)
        if (shown or sure) and shown != present:
            message = _("What would change is no longer what you were shown.")
            raise NotPossible(message, hint=_("Look at what changes, then decide."))
        if plan_view.needs_a_word(move.plan) and not sure:
            message = _("More than the time changes.")
            raise UsageError(message, hint=_("Look at what changes, then tick the box."))
    except PublisherError as error:
        return _page(request, parts, post, draft, standing, move, at=at, own=own, problem=error)
    _write(parts, visitor, post, move)
    if move.plan.changes:
        return queue.queued(parts, visitor, post, sure=bool(sure), shown=present)
    day = move.at.astimezone(parts.pages.zone).date()
    return parts.done(visitor, _said(move, standing), f"/calendar?day={day.isoformat()}")


def _write(parts: Parts, visitor: Visitor, post: str, move: _Move) -> None:
    times = {"from": move.seen.value("at"), "to": move.revised.value("at")}
    accounts = draft_view.accounts(parts.app, post)
    parts.app.edits.apply(
        post,
        Event.DRAFT_MOVED,
        {"time": times},
        visitor.name,
        accounts,
        digest=move.revised.digest,
        save=lambda: move.seen.save(move.revised),
        put_back=lambda: move.revised.save(move.seen),
    )


def _said(move: _Move, standing: Sequence[Delivery]) -> str:
    if move.plan.errors:
        return _("The draft has its new time. It has errors, so the schedule stays as it was.")
    if standing:
        return _("The draft has its new time. Nothing on the schedule changes.")
    return _("The draft has its new time. It is not queued yet.")


def is_movable(standing: Sequence[Delivery]) -> bool:
    """Whether a new time changes anything: something of a post is not out, and nothing may be."""
    if any(d.may_be_out for d in standing):
        return False
    return not standing or any(d.in_reach or _comes_back(d) for d in standing)


def _comes_back(delivery: Delivery) -> bool:
    return delivery.state in ENDED_UNSENT and may_come_back(delivery)


def _movable(app: Application, post: str) -> tuple[Manuscript, Sequence[Delivery]]:
    """The draft and its deliveries. Raises NotPossible if it cannot be moved."""
    seen = editing.read(draft_view.find(app, post))
    written = _written(seen)
    if _hangs(written) and labels.anchor(written, app.session().agenda) is None:
        message = _("Its time hangs on the agenda: {anchor}.", anchor=written)
        raise NotPossible(message, hint=_("The agenda has no such item: correct the draft first."))
    standing = app.queries.deliveries(post=post)
    if not is_movable(standing):
        out = [d.account for d in standing if d.state in OUT_OR_MAYBE and not d.in_reach]
        message = _("It is already out, or may be: {accounts}.", accounts=", ".join(out))
        hint = _("What is out cannot be moved. What is uncertain must be resolved first.")
        raise NotPossible(message, hint=hint)
    return seen, standing


def _written(seen: Manuscript) -> str:
    return (seen.value("at") or "").strip()


def _hangs(written: str) -> bool:
    """Whether the value of `at` names an agenda item."""
    return bool(written) and not looks_like_a_time(written) and not is_now(written)


def _move(
    app: Application, seen: Manuscript, standing: Sequence[Delivery], given: str, *, own: bool
) -> _Move:
    """Plan the new time. Raises UsageError or NotPossible for an unusable time."""
    if standing:  # the schedule would keep the old one
        draft_view.require_read(app, draft_view.find(app, standing[0].post))
    session = app.session()
    moment = parse_time(given.strip(), session.zone)
    if isinstance(moment, Flaw):
        raise UsageError(moment.message, hint=moment.hint)
    if moment.instant <= app.clock.now():
        raise UsageError(_("This time has passed."), hint=_("Choose a time in the future."))
    written = _written(seen)
    if _hangs(written) and not own:
        at = anchored(moment.instant, written, session.agenda)
    else:
        like = [written] if looks_like_a_time(written) else []
        at = spelled(moment.instant, session.zone, *like)
    revised = seen.with_value("at", at)
    plan = app.planner.plan([seen.path], {seen.file: revised.data})
    before = {problem.code for problem in app.planner.plan([seen.path]).errors}
    for problem in plan.problems:
        is_new = problem.severity is Severity.ERROR and problem.code not in before
        if is_new or problem.code == _LATER_THAN_ITS_TIME:
            raise UsageError(problem.message, hint=problem.hint)
    follows = bool(standing) and not plan.errors
    return _Move(seen, revised, moment.instant, plan if follows else replace(plan, changes=()))


@dataclass(frozen=True, slots=True)
class _Anchor:
    """The agenda item that a time hangs on, for the page."""

    item: str
    before: str
    """The present offset in words."""
    after: str | None
    """The one that the move would give it; None: no move is shown."""


def _anchor(session: Session, seen: Manuscript, move: _Move | None) -> _Anchor | None:
    written = _written(seen)
    before = labels.offset(written, session.agenda) if _hangs(written) else None
    if before is None:
        return None
    item = session.agenda[anchor_name(written)]
    after = None
    if move:
        after = labels.offset(anchored(move.at, written, session.agenda), session.agenda)
    return _Anchor(item.title or item.name, before, after)


def _page(
    request: Request,
    parts: Parts,
    post: str,
    seen: Manuscript,
    standing: Sequence[Delivery],
    move: _Move | None,
    *,
    at: str,
    own: str,
    problem: PublisherError | None,
) -> Response:
    written, session = _written(seen), parts.app.session()
    due: Moment | Flaw | None = None
    if _hangs(written):
        due = parse_anchor(written, session.agenda)
    elif looks_like_a_time(written):
        due = parse_time(written, session.zone)
    instant = due.instant if isinstance(due, Moment) else None
    plan = move.plan if move else parts.app.planner.plan([seen.path])
    return parts.pages.render(
        request,
        "move.html",
        post=post,
        seen=seen.digest,
        written_at=written,
        due=instant,
        accounts=[one.account for one in standing or plan.changes],
        foreseen=move.plan.foreseen if move else (),
        anchor=_anchor(session, seen, move),
        own=own,
        at=at or (f"{instant.astimezone(session.zone):%Y-%m-%dT%H:%M}" if instant else ""),
        errors=plan.errors,
        rows=plan_view.rows(move.plan, parts.pages.zone) if move else None,
        shown=plan_view.digest(move.plan) if move else "",
        pending=None if move else plan_view.pending_of(parts.app, plan, standing),
        needs_a_word=move is not None and plan_view.needs_a_word(move.plan),
        problem=problem,
    )
