"""/posts: the posts on the schedule, and the drafts that are not queued."""

from itertools import groupby

from fastapi import APIRouter, Request, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.ledger.reading.log_pages import Cursor, Wanted
from publisher.model.states import State
from publisher.web import draft_view
from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

_SIZE = 60
_MOST = 100

router = APIRouter()


@router.get("/posts")
def posts(
    request: Request,
    parts: Use,
    _visitor: Reader,
    q: str = "",
    after: str = "",
    before: str = "",
    past: bool = False,  # noqa: FBT001, FBT002 - it is part of the address
    state: str = "",
) -> Response:
    """Show the coming posts, or the past ones with `past`; `q` and `state` search both."""
    if state and state not in list(State):
        raise UsageError(_("There is no state {name}.", name=state))
    everything = bool(q or state)
    now = parts.app.clock.now()
    wanted = Wanted(
        since=None if past or everything else now,
        until=now if past and not everything else None,
        text=q.strip() or None,
        states=frozenset({State(state)} if state else ()),
        oldest_first=not past,
    )
    page = parts.app.logbook.page(
        wanted,
        _SIZE,
        after=Cursor.read(after) if after else None,
        before=Cursor.read(before) if before else None,
    )
    waiting = draft_view.unqueued(parts.app)
    known = parts.drafts.drafts(parts.app).posts if waiting else {}
    return parts.pages.render(
        request,
        "posts.html",
        groups=[
            list(of_post)
            for __, of_post in groupby(page.deliveries, lambda delivery: delivery.post)
        ],
        page=page,
        q=q,
        state_wanted=state,
        states=list(State),
        past=past,
        drafts=[
            (
                file.id,
                editing.first_words(file),
                parts.still_of(known[file.id]) if file.id in known else None,
            )
            for file in waiting[:_MOST]
        ],
        more_drafts=max(0, len(waiting) - _MOST),
    )
