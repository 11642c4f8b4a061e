"""/: what goes out next, what is on its way, and what needs a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from publisher import lateness
from publisher.models import Delivery
from publisher.monitoring import of_clocks
from publisher.overview import Overview
from publisher.states import State
from publisher.web import words
from publisher.web.parts import Use
from publisher.web.visitors import Reader

_NEXT = 30
_ATTENTION = 30
"""Deliveries; those of one post stand in one line."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Line:
    """The deliveries of one post that are in the same state and leave at the same time."""

    deliveries: Sequence[Delivery]

    @property
    def first(self) -> Delivery:
        return self.deliveries[0]

    @property
    def accounts(self) -> str:
        return ", ".join(delivery.account for delivery in self.deliveries)


@router.get("/")
def today(request: Request, parts: Use, _visitor: Reader, part: str = "") -> Response:
    """The page, or the `part` of it that is live."""
    overview = Overview.of(parts.app, _NEXT, _ATTENTION)
    return parts.pages.render(
        request,
        "live.html" if part == "live" else "today.html",
        overview=overview,
        clocks=str(of_clocks(overview.clocks)) if overview.clocks else None,
        late=lateness.in_words(overview.late, overview.zone) if overview.late else None,
        attention=_lines(overview.attention),
        on_its_way=_lines(d for d in overview.next if d.state is State.PUBLISHING),
        coming=_lines(d for d in overview.next if d.state is State.SCHEDULED),
    )


def _lines(deliveries: Iterable[Delivery]) -> list[_Line]:
    """In the order of the first of each; what went wrong in another way has its own line."""
    groups: dict[tuple[str, State, datetime, tuple[str, ...]], list[Delivery]] = {}
    for d in deliveries:
        key = (d.post, d.state, d.leaves_at, tuple(words.why(d)))
        groups.setdefault(key, []).append(d)
    return [_Line(of_post) for of_post in groups.values()]
