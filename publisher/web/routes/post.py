"""/posts/ID: one post on each of its accounts, with its actions."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NoSuchPost, NotPossible, UsageError
from publisher.base.i18n import _
from publisher.delivery.withdraw import Withdrawn
from publisher.ledger.manager.approvals import digest
from publisher.ledger.manager.commands import Accounts
from publisher.ledger.manager.post_holds import can_be_held, can_be_released
from publisher.ledger.manager.rights import Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.ledger.reading.queries import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.model.history_text import details
from publisher.model.states import ENDED_UNSENT, WAITING, State
from publisher.web import draft_view, labels
from publisher.web.authentication import Manager, Reader, Visitor
from publisher.web.dependencies import Parts, Use, post_address
from publisher.web.render import Notice
from publisher.web.routes import reschedule

_PICTURE = {
    # A picture opened by itself must not run scripts.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

router = APIRouter()


@router.get("/posts/{post:path}")
def show(request: Request, parts: Use, visitor: Reader, post: str, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    deliveries = parts.app.queries.deliveries(post=post)
    draft = draft_view.read(parts.app, post, deliveries)
    if not deliveries and draft is None:
        hint = _("It may have another name now: search the log, or the posts.")
        raise NoSuchPost(_("There is no post {name}.", name=post), hint=hint)
    zone, handles = parts.pages.zone, draft_view.handles(parts.app)
    steps = parts.app.queries.steps_about(post)
    rights, accounts = parts.app.rights, draft_view.accounts(parts.app, post) if draft else ()
    own = [d for d in deliveries if rights.permits(visitor.person, Rank.MANAGER, [d.account])]
    return parts.pages.render(
        request,
        "post_live.html" if part == "live" else "post.html",
        post=post,
        shown=[(d, draft_view.on_schedule(parts.app, d, handles)) for d in deliveries],
        draft=draft,
        steps=[
            (step, details(_for_readers(step.detail), zone, labels.spelled))
            for step in reversed(steps)
        ],
        possible=_possible(parts, visitor, own),
        beyond=[d.account for d in deliveries if d not in own],
        may_write=rights.permits_writing(visitor.person, accounts),
        may_move=rights.permits(visitor.person, Rank.STAFF, accounts),
        movable=draft is not None
        and draft.post is not None
        and reschedule.is_movable(draft.post.anchor, deliveries),
        told=_told_by_a_person(steps),
        changed_by=parts.app.queries.writers([post]).get(post),
        digest=digest,
    )


def _told_by_a_person(steps: Sequence[HistoryStep]) -> set[str | None]:
    """The accounts whose publication a person reported: its time is unknown."""
    ended = {step.account: step for step in steps if step.target is State.PUBLISHED}
    return {account for account, step in ended.items() if step.event == "resolved"}


_OF_MACHINES = frozenset({"digest", "content", "kind", "before", "absences"})
"""Details of a history step that mean nothing to a reader; commands show them."""


def _for_readers(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in detail.items() if key not in _OF_MACHINES}


@router.get("/media/{name}")
def picture(parts: Use, _visitor: Reader, name: str) -> Response:
    """The clean copy of a picture as it goes out, by the digest of its bytes."""
    found = parts.app.queries.picture(name) if re.fullmatch(r"[0-9a-f]{64}", name) else None
    if found is None:
        raise HTTPException(404)
    media_type, data = found
    return Response(data, media_type=media_type, headers=_PICTURE)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A requested action on a post."""

    app: Application
    actor: str
    post: str
    account: Accounts
    """The accounts of the deliveries; None: all."""
    reason: str
    seen: dict[int, str]
    """The digests of what the person saw, by delivery."""
    remote_ids: tuple[str, ...]
    sure: bool


@router.post("/posts/{post:path}")
def change(
    parts: Use,
    visitor: Manager,
    post: str,
    do: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    seen: Annotated[list[str] | None, Form()] = None,
    remote_ids: Annotated[str, Form(max_length=2000)] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    act = _ACTS.get(do)
    if act is None:
        raise UsageError(_("This cannot be done here."))
    if do in _NEED_A_REASON and not reason.strip():
        message = _("Say why, in a few words, for the record.")
        raise UsageError(message, hint=_("Go back and write a reason."))
    if do in _NEED_TO_BE_SURE and not sure:
        message = _("This cannot be undone, so it has to be confirmed.")
        raise UsageError(message, hint=_("Go back and tick the box above the button."))
    wish = _Wish(
        parts.app, visitor.name, post, account.split(",") if account else None, reason.strip(),
        _digests(seen or ()), tuple(remote_ids.split()), bool(sure),
    )  # fmt: skip
    return parts.done(visitor, act(wish), post_address(post))


def _digests(seen: Sequence[str]) -> dict[int, str]:
    pairs = (entry.partition(":") for entry in seen[:500])
    return {int(key): value for key, _, value in pairs if re.fullmatch(r"[0-9]{1,18}", key)}


def _approve(wish: _Wish) -> str:
    done = wish.app.approvals.approve([wish.post], wish.account, wish.actor, wish.seen)
    return _("Approved: {what}.", what=formats.deliveries(len(done)))


def _reject(wish: _Wish) -> str:
    done = wish.app.approvals.reject([wish.post], wish.account, wish.actor, wish.reason)
    return _("Rejected: {what}.", what=formats.deliveries(len(done)))


def _cancel(wish: _Wish) -> str:
    done = wish.app.control.cancel(wish.post, wish.account, wish.actor, wish.reason)
    return _("Cancelled: {what}.", what=formats.deliveries(len(done)))


def _hold(wish: _Wish) -> Notice:
    done = wish.app.holds.hold(wish.post, wish.account, wish.actor, wish.reason)
    in_doubt = [delivery.account for delivery in done if delivery.may_be_out]
    notice = _("Held: {what}.", what=formats.deliveries(len(done) - len(in_doubt)))
    if in_doubt:
        notice += " " + _(
            "This may be out already, and is held if it is not: {names}.", names=", ".join(in_doubt)
        )
    return Notice(notice, warns=bool(in_doubt))


def _release(wish: _Wish) -> str:
    done = wish.app.holds.release(wish.post, wish.account, wish.actor)
    return _("Released: {what}.", what=formats.deliveries(len(done)))


def _retry(wish: _Wish) -> str:
    if not wish.sure and (accounts := _differing(wish)):
        message = _(
            "The draft says something else than what would go out to {accounts}.",
            accounts=", ".join(accounts),
        )
        hint = _("Look at both, then decide: “Retry” sends what was on the schedule.")
        raise NotPossible(message, hint=hint)
    done = wish.app.control.retry(wish.post, wish.account, wish.actor, wish.seen)
    return _("On the schedule again: {what}.", what=formats.deliveries(len(done)))


def _differing(wish: _Wish) -> list[str]:
    """The accounts to which a retry would send something else than the draft says now."""
    pending = draft_view.waits(wish.app, wish.post)
    names = [row.account for row in pending.retried] if pending else []
    return [name for name in names if wish.account is None or name in wish.account]


def _resolve(wish: _Wish) -> str:
    if not wish.remote_ids:
        message = _("Write the number that the platform shows for the post.")
        raise UsageError(message, hint=_("It stands at the end of the post's address."))
    wish.app.control.resolve(wish.post, wish.account, wish.remote_ids, wish.actor)
    return _("It is on record as published.")


def _withdraw(wish: _Wish) -> Notice:
    return _taken_down(wish, wish.app.delivery.withdrawal.withdraw)


def _gone(wish: _Wish) -> Notice:
    return _taken_down(wish, wish.app.delivery.withdrawal.found_gone)


def _taken_down(wish: _Wish, act: Callable[..., Sequence[Withdrawn]]) -> Notice:
    done = act(wish.post, wish.account, actor=wish.actor, reason=wish.reason)
    problems = [
        _("{name}: {value}", name=one.delivery.account, value=one.problem)
        for one in done
        if one.problem
    ]
    said = []
    if withdrawn := len(done) - len(problems):
        said.append(_("Withdrawn: {what}.", what=formats.deliveries(withdrawn)))
    if problems:
        said.append(_("Not withdrawn: {what}", what="; ".join(problems)))
    return Notice(" ".join(said), warns=bool(problems))


_ACTS: dict[str, Callable[[_Wish], Notice | str]] = {
    "approve": _approve,
    "reject": _reject,
    "cancel": _cancel,
    "hold": _hold,
    "release": _release,
    "retry": _retry,
    "resolve": _resolve,
    "withdraw": _withdraw,
    "gone": _gone,
}
_NEED_A_REASON = frozenset({"reject", "hold", "withdraw", "gone"})
_NEED_TO_BE_SURE = frozenset({"withdraw", "gone"})


def _possible(
    parts: Parts, visitor: Visitor, deliveries: Sequence[Delivery]
) -> Mapping[str, Sequence[Delivery]]:
    """The deliveries to which each action applies now; `for_others`: another person's approval."""

    def those(*states: State) -> list[Delivery]:
        return [delivery for delivery in deliveries if delivery.state in states]

    waiting = those(State.AWAITING_APPROVAL, State.REJECTED)
    own = parts.app.approvals.open_to(visitor.name, waiting) if waiting else []
    out = [d for d in those(*WITHDRAWABLE) if d.remote_ids]
    return {
        "approve": own,
        "for_others": [delivery for delivery in waiting if delivery not in own],
        "reject": those(State.AWAITING_APPROVAL, State.SCHEDULED),
        "hold": [d for d in deliveries if can_be_held(d) and d.manual_hold is None],
        "release": [d for d in deliveries if can_be_released(d)],
        "cancel": those(*WAITING, State.FAILED),
        "retry": those(*ENDED_UNSENT, State.UNCERTAIN),
        "resolve": those(State.UNCERTAIN),
        "withdraw": out,
        "gone": [d for d in out if d.withdrawn_ids is not None],
    }
