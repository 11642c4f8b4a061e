"""/: dashboard with the next deliveries, those in progress, and those that need a person.

/events: server-sent events that tell an open page, this one or another, of changes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from publisher.app import Application
from publisher.base.text import same_person
from publisher.ledger.reading.log_pages import SortOrder, Wanted
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.monitoring.troubles import of_clocks
from publisher.reporting import lateness_text
from publisher.web import labels, remedies
from publisher.web.authentication import Reader, Visitor
from publisher.web.bulk_view import in_trouble
from publisher.web.dependencies import Use

_NEXT = 30
_ATTENTION = 100
"""Deliveries of each state; those of one post share a line. The log has the others."""
_LATELY = Wanted(states=frozenset({State.PUBLISHED}), order=SortOrder.PUBLISHED)
"""What went out last."""
_LAST = 30
"""Deliveries among which the posts are that went out last."""
_SHOWN = 5
"""Lines of each list, and of each kind of trouble; the others are folded, or a link leads there."""
_FEW = 3
"""Lines of what has a page of its own: Review, and the log."""
_LESS_URGENT = {State.FAILED: 1, State.MISSED: 1, State.HELD: 2}
"""States that are surely not out; they come after those that may be out."""

router = APIRouter()


@router.get("/")
def today(request: Request, parts: Use, visitor: Reader, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    overview = parts.app.overview(_NEXT, _ATTENTION)
    paused_or_suspended = (
        parts.app.queries.first_paused_or_suspended(_NEXT) if overview.paused_or_suspended else []
    )
    trouble, folded = _by_kind(_lines(_by_weight(overview.attention)))
    return parts.pages.render(
        request,
        "live.html" if part == "live" else "today.html",
        overview=overview,
        is_trial=parts.app.settings.in_sandbox,
        is_untold=part != "live" and not parts.app.notice_addresses.of(visitor.person),
        is_zone_unusable="timezone" in parts.app.session().flawed,
        clocks=str(of_clocks(overview.clocks)) if overview.clocks else None,
        late=lateness_text.in_words(overview.late, overview.zone, spelled=labels.spelled)
        if overview.late
        else None,
        shown=_SHOWN,
        few=_FEW,
        trouble=trouble,
        acts_on=lambda line: remedies.of(parts.app, visitor.person, line),
        folded=folded,
        own_trouble=len(in_trouble(parts.app, visitor.person)),
        waiting=_lines(d for d in overview.attention if d.state is State.AWAITING_APPROVAL),
        back=_lines(_back_with(visitor, parts.app, overview.rejected)),
        on_its_way=_lines(d for d in overview.next if d.state is State.PUBLISHING),
        coming=_lines(d for d in overview.next if d.state is not State.PUBLISHING),
        paused_or_suspended=_lines(paused_or_suspended),
        differing=parts.differences.posts(parts.app),
        shown_paused_or_suspended=len(paused_or_suspended),
        lately=_posts(parts.app.logbook.page(_LATELY, _LAST).deliveries)[:_FEW],
    )


def _by_weight(attention: Iterable[Delivery]) -> list[Delivery]:
    """The deliveries in trouble: the urgent ones first, then the newest."""
    found = [d for d in attention if d.state is not State.AWAITING_APPROVAL]
    found.sort(key=lambda d: (d.not_before, d.id), reverse=True)
    return sorted(found, key=lambda d: _LESS_URGENT.get(d.state, 0))


def _by_kind(lines: Iterable[list[Delivery]]) -> tuple[list[list[Delivery]], list[list[Delivery]]]:
    """The lines that are shown, some of each state, and those that are folded."""
    seen: Counter[State] = Counter()
    shown: list[list[Delivery]] = []
    folded: list[list[Delivery]] = []
    for line in lines:
        seen[line[0].state] += 1
        (shown if seen[line[0].state] <= _SHOWN else folded).append(line)
    return shown, folded


def _back_with(
    visitor: Visitor, app: Application, rejected: Sequence[Delivery]
) -> Sequence[Delivery]:
    """The rejected posts that the visitor wrote or changed, or whose author cannot log in."""
    if not rejected:
        return ()
    others = [person.name for person in app.people.all() if person.id != visitor.person.id]
    changed_by = app.queries.writers(sorted({d.post for d in rejected}))
    return [
        d
        for d in rejected
        if any(same_person(name, visitor.name) for name in changed_by.get(d.post, ()))
        or not any(same_person(d.written_by or "", name) for name in others)
    ]


def _lines(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """Group deliveries of one post, state and time into lines; each cause of failure has a line."""
    groups: dict[tuple[str, State, datetime, tuple[str, ...]], list[Delivery]] = {}
    for d in deliveries:
        key = (d.post, d.state, d.not_before, tuple(labels.why(d)))
        groups.setdefault(key, []).append(d)
    return list(groups.values())


def _posts(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """Group deliveries by post, in the order of the first of each."""
    groups: dict[str, list[Delivery]] = {}
    for d in deliveries:
        groups.setdefault(d.post, []).append(d)
    return list(groups.values())


@router.get("/events")
async def events(
    request: Request,
    parts: Use,
    visitor: Reader,
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Send `ledger` with the newest step's number after each change, and at once if not `after`.

    A browser that reconnects sends the number it last received.
    """
    secret: str = request.state.secret
    told = request.headers.get("last-event-id", "")
    seen = int(told) if re.fullmatch(r"[0-9]{1,18}", told) else after
    sessions = parts.app.sessions
    stream = parts.live.events(visitor.name, lambda: sessions.find(secret) is not None, seen)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
