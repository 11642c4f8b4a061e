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
from publisher.drafts.times import (
    Moment,
    anchor_name,
    is_now,
    looks_like_a_time,
    parse_time,
    spelled,
)
from publisher.ledger.manager.draft_edits import MOVED
from publisher.model.deliveries import Delivery
from publisher.model.problems import Flaw
from publisher.model.states import OUT_OR_MAYBE
from publisher.model.values import Severity
from publisher.planning import Plan
from publisher.web import draft_view, plan_view
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
def ask(request: Request, parts: Use, visitor: Reader, post: str, at: str = "") -> Response:
    """Show the form; with `at`, the changes of that time."""
    parts.app.edits.require(MOVED, visitor.name, draft_view.accounts(parts.app, post))
    seen, standing = _movable(parts.app, post)
    try:
        move = _move(parts.app, seen, standing, at) if at else None
    except PublisherError as error:
        return _page(request, parts, post, seen, standing, None, at=at, problem=error)
    return _page(request, parts, post, seen, standing, move, at=at)


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
) -> Response:
    """Move the post; `shown` is the digest of the changes that the person has seen, if any."""
    draft, standing = _movable(parts.app, post)
    draft_view.require_unchanged(draft, seen)
    move = None
    try:
        move = _move(parts.app, draft, standing, at)
        present = plan_view.digest(move.plan)
        if (shown or sure) and shown != present:
            message = _("Moving it does not change any more what was shown to you.")
            raise NotPossible(message, hint=_("Look at what changes, then decide."))
        if plan_view.needs_a_word(move.plan) and not sure:
            message = _("More changes than the time.")
            raise UsageError(message, hint=_("Look at what changes, and tick the box."))
    except PublisherError as error:
        return _page(request, parts, post, draft, standing, move, at=at, problem=error)
    _write(parts, visitor, post, move)
    if move.plan.changes:
        return queue.queued(parts, visitor, post, sure=bool(sure), shown=present)
    day = move.at.astimezone(parts.pages.zone).date()
    return parts.done(visitor, _said(move, standing), f"/calendar?day={day.isoformat()}")


def _write(parts: Parts, visitor: Visitor, post: str, move: _Move) -> None:
    times = {"from": move.seen.value("at"), "to": move.revised.value("at")}
    accounts = draft_view.accounts(parts.app, post)
    with parts.app.edits.recorded(post, MOVED, {"time": times}, visitor.name, accounts):
        move.seen.save(move.revised)


def _said(move: _Move, standing: Sequence[Delivery]) -> str:
    if move.plan.errors:
        return _("The draft has its new time. It has errors, so the schedule stays as it was.")
    if standing:
        return _("The draft has its new time. Nothing on the schedule changes.")
    return _("The draft has its new time. It is not queued yet.")


def is_movable(anchor: str | None, standing: Sequence[Delivery]) -> bool:
    """Whether a post can be moved by itself: its time has no agenda item, and it is not out."""
    return anchor is None and not _out(standing)


def _out(standing: Sequence[Delivery]) -> list[str]:
    return [d.account for d in standing if d.state in OUT_OR_MAYBE and not d.in_reach]


def _movable(app: Application, post: str) -> tuple[Manuscript, Sequence[Delivery]]:
    """The draft and its deliveries. Raises NotPossible if it cannot be moved by itself."""
    seen = editing.read(draft_view.find(app, post))
    written = (seen.value("at") or "").strip()
    if written and not looks_like_a_time(written) and not is_now(written):
        hint = _(
            "When the item moves, all its posts move along. `publisher agenda move {item}` moves it.",
            item=anchor_name(written),
        )
        raise NotPossible(_("Its time hangs on the agenda: {anchor}.", anchor=written), hint=hint)
    standing = app.queries.deliveries(post=post)
    if out := _out(standing):
        message = _("It is out already, or may be: {accounts}.", accounts=", ".join(out))
        hint = _("What is out does not move. What is uncertain is resolved first.")
        raise NotPossible(message, hint=hint)
    return seen, standing


def _move(app: Application, seen: Manuscript, standing: Sequence[Delivery], given: str) -> _Move:
    """Plan the new time. Raises UsageError or NotPossible for an unusable time."""
    zone = app.session().zone
    moment = parse_time(given.strip(), zone)
    if isinstance(moment, Flaw):
        raise UsageError(moment.message, hint=moment.hint)
    if moment.instant <= app.clock.now():
        raise UsageError(_("This time is over."), hint=_("Choose one that is to come."))
    written = seen.value("at")
    like = [written.strip()] if written and looks_like_a_time(written.strip()) else []
    at = spelled(moment.instant, zone, *like)
    revised = seen.with_value("at", at)
    plan = app.planner.plan([seen.path], {seen.file: revised.data})
    before = {problem.code for problem in app.planner.plan([seen.path]).errors}
    for problem in plan.problems:
        is_new = problem.severity is Severity.ERROR and problem.code not in before
        if is_new or problem.code == _LATER_THAN_ITS_TIME:
            raise UsageError(problem.message, hint=problem.hint)
    follows = bool(standing) and not plan.errors
    return _Move(seen, revised, moment.instant, plan if follows else replace(plan, changes=()))


def _page(
    request: Request,
    parts: Parts,
    post: str,
    seen: Manuscript,
    standing: Sequence[Delivery],
    move: _Move | None,
    *,
    at: str = "",
    problem: PublisherError | None = None,
) -> Response:
    written = (seen.value("at") or "").strip()
    due = parse_time(written, parts.app.session().zone) if looks_like_a_time(written) else None
    plan = move.plan if move else parts.app.planner.plan([seen.path])
    return parts.pages.render(
        request,
        "move.html",
        post=post,
        seen=seen.digest,
        written_at=written,
        due=due.instant if isinstance(due, Moment) else None,
        at=at or (written.replace(" ", "T") if due else ""),
        errors=plan.errors,
        rows=plan_view.rows(move.plan, parts.pages.zone) if move else None,
        shown=plan_view.digest(move.plan) if move else "",
        pending=None if move else plan_view.pending_of(parts.app, plan, standing),
        needs_a_word=move is not None and plan_view.needs_a_word(move.plan),
        problem=problem,
    )
