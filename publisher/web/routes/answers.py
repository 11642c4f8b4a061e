"""/answers: what readers write under our posts, and what is done about it.

All of it is foreign: it is shown as text. Readers see the answers to the accounts of their
organisations alone: one may be a disclosure. No address holds a text or a name of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.channels.registry import spec_of
from publisher.ledger.comments.comment_pages import CommentCursor
from publisher.ledger.manager.rights import Rank
from publisher.model.reader_comments import CommentState
from publisher.web import replies_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.dependencies import AddressValues, Parts, Use, inside

_SIZE = 30
_PLACE = "/answers"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class AnswerFilters(AddressValues):
    """The filters in the address."""

    account: str = ""
    state: str = ""
    post: str = ""


@router.get("/answers")
def answers(
    request: Request,
    parts: Use,
    visitor: Reader,
    filters: Annotated[AnswerFilters, Depends()],
    after: str = "",
    part: str = "",
) -> Response:
    """Show a page of answers, what calls for somebody first; or its live `part`."""
    own = own_accounts(parts, visitor)
    chosen = parts.account(filters.account)
    if filters.state and filters.state not in list(CommentState):
        raise UsageError(_("There is no state {name}.", name=filters.state))
    page = parts.app.comment_pages.page(
        _SIZE,
        accounts=[one for one in own if chosen in (None, one)],
        state=CommentState(filters.state) if filters.state else None,
        post=filters.post or None,
        after=CommentCursor.read(after) if after else None,
    )
    can = {
        account: spec_of(entry.channel).comments
        for account, entry in parts.app.settings.accounts.items()
    }
    readable = [one for one in own if can.get(one)]
    reads = parts.app.settings.reads_comments
    unread = [one for one in readable if not reads(parts.app.settings.accounts[one].channel)]
    return parts.pages.render(
        request,
        "answers_live.html" if part == "live" else "answers.html",
        page=page,
        filters=filters,
        address=f"{_PLACE}?{filters.query()}" + (f"&after={quote(after)}" if after else ""),
        more=filters.query(),
        accounts=readable,
        states=list(CommentState),
        can=can,
        answering={
            account: spec_of(entry.channel).replies
            for account, entry in parts.app.settings.accounts.items()
        },
        given=replies_view.given(parts.app, parts.drafts.drafts(parts.app).posts, page.comments),
        channels={name: entry.channel for name, entry in parts.app.settings.accounts.items()},
        receivers=receivers(parts, own),
        troubles=parts.app.comment_pages.troubles(own),
        calling=parts.app.comment_pages.calling(own),
        is_read=readable != unread,
        unread=unread,
        may_set=parts.app.rights.permits(visitor.person, Rank.ADMIN),
        on_duty=on_duty(parts, own),
    )


@router.post("/answers")
def act(
    parts: Use,
    visitor: Writer,
    answer: Annotated[int, Form(ge=1, lt=2**63)],
    do: Annotated[str, Form()] = "",
    to: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str, Form(max_length=500)] = _PLACE,
) -> Response:
    """Do something about one answer; it may be done once more without harm."""
    acts = parts.app.comment_acts
    match do:
        case "seen":
            acts.seen(answer, visitor.name)
            toast = _("It is marked as seen.")
        case "hide":
            acts.hide(answer, visitor.name)
            toast = _("It is being hidden: this takes a few seconds.")
        case "delete":
            acts.delete(answer, visitor.name)
            toast = _("It is being deleted: this takes a few seconds.")
        case "hand":
            name = acts.hand(answer, to, visitor.name)
            toast = handed(name, is_told=acts.tells(name))
        case _:
            raise UsageError(_("This is not possible here."))
    return parts.done(visitor, toast, inside(back, _PLACE))


def receivers(parts: Parts, accounts: Sequence[str]) -> dict[str, list[str]]:
    """Those to whom an answer can be handed, by account: who may look at it."""
    let_in = [one for one in parts.app.people.all() if one.disabled_at is None]
    permits = parts.app.rights.permits
    return {
        account: [one.name for one in let_in if permits(one, Rank.STAFF, [account])]
        for account in accounts
    }


def on_duty(parts: Parts, accounts: Sequence[str]) -> list[str]:
    """Those on duty who are told: of a name that nobody has, or who has no address, nobody is."""
    named = parts.app.on_duty(parts.app.clock.now())
    known = {name for names in receivers(parts, accounts).values() for name in names}
    return [
        name
        for name in sorted(known)
        if any(same_person(name, one) for one in named) and parts.app.comment_acts.tells(name)
    ]


def handed(name: str, *, is_told: bool) -> str:
    """What is said to whoever hands an answer over."""
    if is_told:
        return _("Handed over to {name}.", name=name)
    return _(
        "Handed over to {name}, who has no address for notices about comments: tell them yourself.",
        name=name,
    )


def own_accounts(parts: Parts, visitor: Visitor) -> list[str]:
    """The accounts whose answers a person reads."""
    permits = parts.app.rights.permits
    return [one for one in parts.app.accounts() if permits(visitor.person, Rank.STAFF, [one])]
