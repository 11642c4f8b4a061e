"""/bulk: several posts decided on at once, after one confirmation.

What is held, released, cancelled or retried was chosen on the page before. Trouble is left as it is
by a tick of its own for each post.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _, later
from publisher.model.deliveries import Delivery
from publisher.web.authentication import Manager, Reader
from publisher.web.bulk_view import bulk, in_trouble
from publisher.web.decisions import CONCERNS, offer, versions
from publisher.web.dependencies import Use
from publisher.web.render import Toast
from publisher.web.review_view import AT_ONCE

_BACK = "/posts"
_DONE = {
    "hold": later("Held: {what}."),
    "release": later("Released: {what}."),
    "cancel": later("Cancelled: {what}."),
    "retry": later("On the schedule again: {what}."),
    "acknowledge": later("Left as it is: {what}."),
}
_NEED_A_REASON = ("hold", "acknowledge")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Bulk:
    """Several posts that are decided on together."""

    app: Application
    actor: str
    posts: Sequence[str]
    reason: str
    versions: Mapping[int, int]
    """Of the deliveries, as the person saw them."""


_ACTIONS: Mapping[str, Callable[[_Bulk], list[Delivery]]] = {
    "hold": lambda b: b.app.holds.hold(b.posts, None, b.actor, b.reason, b.versions),
    "release": lambda b: b.app.holds.release(b.posts, None, b.actor, b.versions),
    "cancel": lambda b: b.app.control.cancel(b.posts, None, b.actor, b.reason, b.versions),
    "retry": lambda b: b.app.control.retry(b.posts, None, b.actor, None, b.versions),
    "acknowledge": lambda b: b.app.control.acknowledge(
        b.posts, None, b.actor, b.reason, b.versions
    ),
}


@router.get("/bulk")
def ask(
    request: Request,
    parts: Use,
    visitor: Reader,
    do: str = "",
    post: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> Response:
    """Show what would become of these posts."""
    if do not in CONCERNS:
        raise UsageError(_("This is not possible here."))
    wanted, left = post or [], 0
    if do == "acknowledge":
        wanted = [*dict.fromkeys(wanted)] or in_trouble(parts.app, visitor.person)
        wanted, left = wanted[:AT_ONCE], max(0, len(wanted) - AT_ONCE)
    posts = bulk(parts.app, visitor.person, do, wanted)
    return parts.pages.render(
        request,
        "bulk.html",
        do=do,
        posts=posts,
        left=left,
        most=AT_ONCE,
        is_chosen=bool(post),
        is_calm=not posts and not parts.app.queries.in_trouble(),
    )


@router.post("/bulk")
def carry_out(
    parts: Use,
    visitor: Manager,
    do: Annotated[str, Form()] = "",
    post: Annotated[list[str] | None, Form(max_length=100)] = None,
    seen: Annotated[list[str] | None, Form(max_length=1000)] = None,
    reason: Annotated[str, Form(max_length=500)] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Decide on exactly what was shown of these posts; all or nothing."""
    if do not in _ACTIONS:
        raise UsageError(_("This is not possible here."))
    if not post:
        raise UsageError(_("No post is chosen."), hint=_("Go back and choose some."))
    if do == "acknowledge" and len({*post}) > AT_ONCE:
        message = _("At most {number} posts can be decided on at once.", number=AT_ONCE)
        raise UsageError(message, hint=_("Go back and tick fewer."))
    if do in _NEED_A_REASON and not reason.strip():
        message = _("Say why, in a few words, for the record.")
        raise UsageError(message, hint=_("Go back and write a reason."))
    shown = bulk(parts.app, visitor.person, do, post)
    for one in shown:
        if one.differing:
            raise NotPossible(
                _("The draft of {post} no longer matches what was queued.", post=one.post),
                hint=_("Look at both on its page, then decide."),
            )
    if not sure and any(effect.is_late for one in shown for effect in one.effects):
        raise UsageError(
            _("The time of some posts has passed: they start going out now."),
            hint=_("Go back and tick the box above the button."),
        )
    asked = _Bulk(parts.app, visitor.name, sorted({*post}), reason.strip(), versions(seen or ()))
    done = _ACTIONS[do](asked)
    text = _(_DONE[do], what=formats.deliveries(len(done)))
    now = parts.app.clock.now()
    if any(d.not_before <= now < d.next_check_at for d in done):
        text = f"{text} {_('What is late goes out one by one.')}"
    undo = offer(parts.app, done, visitor.name, _BACK)
    return parts.done(visitor, Toast(text, undo=undo), "/" if do == "acknowledge" else _BACK)
