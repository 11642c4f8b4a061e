"""/review: the posts that wait for an approval, one at a time or many at once."""

from collections.abc import Collection, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response

from publisher.base import formats
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.web import review_view
from publisher.web.authentication import Manager, Reader, Visitor
from publisher.web.decisions import Decision, carry_out, digests, offer, soon_out, versions
from publisher.web.dependencies import Parts, Use
from publisher.web.render import Toast
from publisher.web.review_view import Waiting

_ACTIONS = ("approve", "reject", "hold")

router = APIRouter()


@router.get("/review")
def review(
    request: Request,
    parts: Use,
    visitor: Reader,
    post: str = "",
    shown: str = "",
    part: str = "",
) -> Response:
    """Show the list and one post, the first by default; or their live `part`.

    `shown`: the post that the open page shows, which stays there until the person goes on.
    """
    waiting = review_view.waiting(parts.app, visitor.person)
    wanted = post or shown or (waiting[0].post if waiting else "")
    number = next((n for n, one in enumerate(waiting) if one.post == wanted), None)
    one = None if number is None else waiting[number]
    if number is None:  # it was decided on, or taken off the schedule
        before, after = None, waiting[0].post if waiting else None
    else:
        before = waiting[number - 1].post if number else None
        after = waiting[number + 1].post if number + 1 < len(waiting) else None
    found = review_view.reviewed(parts.app, visitor.person, [one] if one else [])
    return parts.pages.render(
        request,
        "review_live.html" if part == "live" else "review.html",
        waiting=waiting,
        number=number,
        reviewed=found[0] if found else None,
        notes=parts.app.notes.notes_on(one.post) if one else [],
        colleagues=parts.colleagues(),
        is_chosen=bool(post),
        wanted=wanted,
        before=before,
        after=after,
    )


@router.post("/review")
def decide(
    parts: Use,
    visitor: Manager,
    post: Annotated[str, Form()],
    do: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    account: Annotated[str, Form()] = "",
    seen: Annotated[list[str] | None, Form()] = None,
    version: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Carry out a decision, and show the next post."""
    if do not in _ACTIONS:
        raise UsageError(_("This is not possible here."))
    before = review_view.waiting(parts.app, visitor.person)
    if do == "approve":
        toast: Toast | str = _approve(parts, visitor, [post], seen or (), back=_address(post))
    else:
        decision = Decision(
            parts.app, visitor.name, post, account.split(",") if account else None,
            reason.strip(), {}, versions=versions(version or ()), page=_address(post),
        )  # fmt: skip
        toast = carry_out(do, decision)
    return parts.done(visitor, toast, _address(_next(before, post)))


def _approve(
    parts: Parts, visitor: Visitor, posts: Collection[str], seen: Sequence[str], *, back: str
) -> Toast:
    """Approve what was shown of these posts; all or nothing."""
    done = parts.app.approvals.approve_seen(posts, visitor.name, digests(seen))
    said = [_("Approved: {what}.", what=formats.deliveries(len(done))), *soon_out(parts.app, done)]
    return Toast(" ".join(said), undo=offer(parts.app, done, visitor.name, back))


def _next(waiting: Sequence[Waiting], post: str) -> str:
    """The post after this one, or else before it."""
    posts = [one.post for one in waiting]
    if post not in posts:
        return ""
    place = posts.index(post)
    return (posts[place + 1 :] + posts[:place][::-1] + [""])[0]


def _address(post: str) -> str:
    return f"/review?{urlencode({'post': post})}" if post else "/review"


@router.get("/review/many")
def many(
    request: Request,
    parts: Use,
    visitor: Reader,
    post: Annotated[list[str] | None, Query(max_length=500)] = None,
) -> Response:
    """Show these posts as their readers will see them, as many as are approved at once."""
    waiting = review_view.waiting(parts.app, visitor.person)
    chosen = [one for one in waiting if one.post in (post or ())]
    shown = review_view.reviewed(parts.app, visitor.person, chosen[: review_view.AT_ONCE])
    return parts.pages.render(
        request,
        "review_many.html",
        posts=review_view.special_first(parts.app, shown),
        left=len(chosen) - len(shown),
    )


@router.post("/review/many")
def approve_many(
    parts: Use,
    visitor: Manager,
    post: Annotated[list[str] | None, Form()] = None,
    seen: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Approve what was shown of the ticked posts; all or nothing."""
    if not post or not seen:
        message = _("No post is chosen.")
        raise UsageError(message, hint=_("Go back and choose the posts that you approve."))
    if len({*post}) > review_view.AT_ONCE:
        message = _("At most {number} posts can be approved at once.", number=review_view.AT_ONCE)
        raise UsageError(message, hint=_("Go back and tick fewer."))
    toast = _approve(parts, visitor, post, seen, back=_address(""))
    return parts.done(visitor, toast, _address(""))
