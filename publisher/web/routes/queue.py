"""/posts/ID/queue: what queueing a post's draft would change, and doing it."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from publisher.base.errors import FileChanged
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.ledger.manager.rights import Rank
from publisher.planning import Plan
from publisher.web import draft_view, labels, plan_view, urls
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, Use

router = APIRouter(route_class=urls.Room)


class _Unasked(Exception):
    """A person has to look at the changes first."""


@router.get("/posts/{post:path}/queue")
def look(request: Request, parts: Use, visitor: Reader, post: str) -> Response:
    draft = editing.read(draft_view.find(parts.app, post))
    plan = parts.app.planner.plan([draft.path])
    return parts.pages.render(
        request,
        "queue.html",
        post=post,
        seen=draft.digest,
        rows=plan_view.rows(plan, parts.pages.zone),
        problems=plan.problems,
        broken=bool(plan.errors),
        needs_a_word=bool(plan.voided),
        may_queue=parts.app.rights.permits(
            visitor.person, Rank.STAFF, [change.account for change in plan.changes]
        ),
    )


@router.post("/posts/{post:path}/queue")
def queue(
    parts: Use,
    visitor: Writer,
    post: str,
    seen: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    draft = editing.read(draft_view.find(parts.app, post))
    if draft.digest != seen:
        raise FileChanged(
            _("Somebody else changed {file} meanwhile.", file=draft.file),
            hint=_("Look at it again, then decide."),
        )
    return queued(parts, visitor, post, sure=bool(sure), looked=True)


def queued(
    parts: Parts, visitor: Visitor, post: str, *, sure: bool, looked: bool = False
) -> Response:
    """Queue one draft as `publisher queue` does, and say what came of it.

    Unless the person is `sure`, nothing is written that they have to agree to; they are shown it
    instead. `looked`: at the changes, so that only a void approval is asked about.
    """

    def agree(plan: Plan) -> None:
        asks = plan.voided if looked else plan_view.needs_a_word(plan)
        if asks and not sure:
            raise _Unasked

    path = draft_view.find(parts.app, post).path
    look_at = urls.of_post(post, "queue")
    try:
        done = parts.app.planner.queue([path], actor=visitor.name, agree=agree)
    except _Unasked:
        return parts.done(visitor, _("Nothing is queued yet: look at what changes."), look_at)
    if done.errors:
        return parts.done(visitor, _("Nothing was queued: the draft has errors."), look_at)
    if not done.changes:
        notice = _("Nothing to change: the schedule is as the draft says.")
    else:
        notice = _("On the schedule: {what}.", what=labels.deliveries(len(done.changes)))
    return parts.done(visitor, notice, urls.of_post(post))
