"""/posts: what is on the schedule, and the drafts that are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from publisher.ledger.logbook import Place, Wanted
from publisher.models import Delivery
from publisher.web import drafts
from publisher.web.parts import Use
from publisher.web.visitors import Reader

_SIZE = 60
_MOST = 100

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Group:
    """One post with its deliveries on this page."""

    post: str
    deliveries: Sequence[Delivery]


@router.get("/posts")
def posts(
    request: Request,
    parts: Use,
    _visitor: Reader,
    q: str = "",
    after: str = "",
    before: str = "",
    past: bool = False,  # noqa: FBT001, FBT002 - it is part of the address
) -> Response:
    """What is still to come, or with `past` what was; `q` searches in both."""
    now = parts.app.clock.now()
    wanted = Wanted(
        since=None if past or q else now,
        until=now if past and not q else None,
        text=q.strip() or None,
        oldest_first=not past,
    )
    page = parts.app.logbook.page(
        wanted,
        _SIZE,
        after=Place.read(after) if after else None,
        before=Place.read(before) if before else None,
    )
    waiting = drafts.unqueued(parts.app)
    return parts.pages.render(
        request,
        "posts.html",
        groups=[
            _Group(post, list(of_post))
            for post, of_post in groupby(page.deliveries, lambda delivery: delivery.post)
        ],
        page=page,
        q=q,
        past=past,
        drafts=waiting[:_MOST],
        more_drafts=max(0, len(waiting) - _MOST),
    )
