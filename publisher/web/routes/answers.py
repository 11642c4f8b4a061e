"""/answers: what readers write under our posts, and what is done about it.

All of it is foreign: it is shown as text. Readers see the answers to the accounts of their
organisations alone: one may be a disclosure. No address holds a text or a name of it.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.channels.registry import spec_of
from publisher.ledger.manager.rights import Rank
from publisher.ledger.reading.comment_pages import CommentCursor
from publisher.model.reader_comments import CommentState
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
        after=CommentCursor.read(after) if after else None,
    )
    can = {
        account: spec_of(entry.channel).comments
        for account, entry in parts.app.settings.accounts.items()
    }
    return parts.pages.render(
        request,
        "answers_live.html" if part == "live" else "answers.html",
        page=page,
        filters=filters,
        address=f"{_PLACE}?{filters.query()}" + (f"&after={quote(after)}" if after else ""),
        more=filters.query(),
        accounts=[one for one in own if can.get(one)],
        states=list(CommentState),
        can=can,
        channels={name: entry.channel for name, entry in parts.app.settings.accounts.items()},
        people=parts.colleagues(),
        troubles=parts.app.comment_pages.troubles(own),
        calling=parts.app.comment_pages.calling(own),
        is_read=parts.app.settings.comments.read and any(can.values()),
        on_duty=parts.app.on_duty(parts.app.clock.now()),
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
            toast = _("Seen.")
        case "hide":
            acts.hide(answer, visitor.name)
            toast = _("It is being hidden: this takes some seconds.")
        case "delete":
            acts.delete(answer, visitor.name)
            toast = _("It is being deleted: this takes some seconds.")
        case "hand":
            toast = _("Handed to {name}.", name=acts.hand(answer, to, visitor.name))
        case _:
            raise UsageError(_("This cannot be done here."))
    return parts.done(visitor, toast, inside(back, _PLACE))


def own_accounts(parts: Parts, visitor: Visitor) -> list[str]:
    """The accounts whose answers a person reads."""
    permits = parts.app.rights.permits
    return [one for one in parts.app.accounts() if permits(visitor.person, Rank.STAFF, [one])]
