"""/posts/ID/queue: the changes of queueing a post's draft, and queueing it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.ledger.manager.rights import Rank
from publisher.planning import Plan
from publisher.web import compose_saving, draft_view, plan_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import Parts, PostRoute, Use, post_address
from publisher.web.render import Toast

router = APIRouter(route_class=PostRoute)


class _Unasked(Exception):
    """A person must see and confirm the changes first."""


@router.get("/posts/{post:path}/queue")
def look(request: Request, parts: Use, visitor: Reader, post: str) -> Response:
    """Show what queueing changes; of what a program wrote, first all of it, to be read."""
    app, file = parts.app, draft_view.find(parts.app, post)
    mark = draft_view.unread_by(app, file)
    accounts = draft_view.accounts(app, post) if mark else ()
    return parts.pages.render(
        request,
        "queue.html",
        post=post,
        pending=plan_view.pending_of(app, app.planner.plan([file.path])),
        unread=mark,
        draft=editing.read(file) if mark else None,
        view=draft_view.view(app, *app.checked([file.path]), post) if mark else None,
        may_read=app.rights.permits(visitor.person, Rank.STAFF, accounts),
    )


@router.post("/posts/{post:path}/read")
def read(
    parts: Use, visitor: Writer, post: str, seen: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Record that a person has read all of the draft that was `seen`."""
    draft_view.read_by(parts.app, visitor.name, post, seen)
    toast = Toast(_("You have read it. Now it can be put on the schedule."))
    return parts.done(visitor, toast, post_address(post, "queue"))


@router.post("/posts/{post:path}/queue")
def queue(
    parts: Use,
    visitor: Writer,
    post: str,
    shown: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    return queued(parts, visitor, post, sure=bool(sure), shown=shown)


def queued(parts: Parts, visitor: Visitor, post: str, *, sure: bool, shown: str) -> Response:
    """Queue one draft as `publisher queue` does, and report the result.

    Changes that need a confirmation are written only if the person is `sure`; otherwise they are
    shown. `shown`: the digest of the changes that the person has seen. Raises NotPossible if the
    changes are no longer those.
    """

    def agree(plan: Plan) -> None:
        if shown != plan_view.digest(plan):
            message = _("What would change is no longer what you were shown.")
            raise NotPossible(message, hint=_("Look at it again, then decide."))
        if plan_view.is_risky(plan) and not sure:
            raise _Unasked

    path = draft_view.find(parts.app, post).path
    look_at = post_address(post, "queue")
    try:
        done = parts.app.planner.queue([path], actor=visitor.name, agree=agree)
    except _Unasked:
        toast = Toast(_("Nothing is queued yet: look at what changes."), warns=True)
        return parts.done(visitor, toast, look_at)
    if done.errors:
        toast = Toast(_("Nothing was queued: the draft has errors."), warns=True)
        return parts.done(visitor, toast, look_at)
    if not done.changes:
        return parts.done(visitor, Toast(_("Nothing was changed."), warns=True), look_at)
    return parts.done(visitor, compose_saving.submitted(done), post_address(post))
