"""/calendar.ics and /feed.atom: feeds for programs that log in with name and password."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from feedgen.feed import FeedGenerator

from publisher.agenda.posts_calendar import posts_calendar
from publisher.app import Application
from publisher.base.i18n import _
from publisher.drafts import check
from publisher.ledger.reading.log_pages import SortOrder, Wanted
from publisher.model.deliveries import Delivery
from publisher.web import labels, password_check, security
from publisher.web.dependencies import Parts, Use, post_address

_NEWEST = 50
_LOOKING_BACK = timedelta(days=28)
"""The length of a session."""
_IN_CALENDAR = 500
"""The most deliveries before and after now whose posts the calendar shows."""

router = APIRouter()


async def _refusal(request: Request, parts: Use) -> Response | None:
    """None for a logged-in visitor or valid HTTP credentials; else a response asking for them."""
    if request.state.visitor is not None:
        return None
    named = _credentials(request.headers.get("authorization", ""))
    if named is not None:
        try:
            person = await password_check.person(request, parts, *named, way="basic")
        except password_check.TooManyTries:
            return Response("Too many tries.\n", 429, headers={"Retry-After": "60"})
        if person is not None:
            security.log_login(request, person.name, by="basic")
            return None
    ask = {"WWW-Authenticate": 'Basic realm="Publisher", charset="UTF-8"'}
    return Response("Name and password, please.\n", 401, headers=ask)


Refusal = Annotated[Response | None, Depends(_refusal)]


@router.get("/calendar.ics")
def calendar(parts: Use, refusal: Refusal) -> Response:
    """The posts around now as iCalendar, without the texts of those under embargo."""
    if refusal is not None:
        return refusal
    app = parts.app
    accounts = app.settings.public_accounts()
    drafts = check.read(app.settings)
    queued = app.queries.known_posts([post.id for post in drafts.posts])
    data = posts_calendar(drafts, _around(app), accounts, app.clock.now(), queued)
    return Response(data, media_type="text/calendar; charset=utf-8")


@router.get("/feed.atom")
def feed(parts: Use, refusal: Refusal) -> Response:
    """The last published posts as Atom, newest first."""
    if refusal is not None:
        return refusal
    wanted = Wanted(order=SortOrder.PUBLISHED)
    page = parts.app.logbook.page(wanted, _NEWEST)
    made = _atom(page.deliveries, parts)
    return Response(made, media_type="application/atom+xml; charset=utf-8")


def _around(app: Application) -> list[Delivery]:
    """The deliveries of the posts that are due next and were due last."""
    now = app.clock.now()
    posts = {
        post
        for wanted in (
            Wanted(since=now, oldest_first=True), Wanted(since=now - _LOOKING_BACK, until=now)
        )
        for post in app.logbook.posts(wanted, _IN_CALENDAR)
    }  # fmt: skip
    return app.queries.standing(sorted(posts), and_under_way=False)


def _atom(deliveries: list[Delivery], parts: Parts) -> bytes:
    atom = FeedGenerator()
    address = parts.where.address
    atom.id(f"{address}/feed.atom")
    atom.title(parts.app.session().name or "Publisher")
    atom.link(href=f"{address}/feed.atom", rel="self")
    atom.updated(parts.app.clock.now())
    for delivery in deliveries:
        entry = atom.add_entry(order="append")
        page = f"{address}{post_address(delivery.post)}"
        entry.id(f"{page}#{delivery.account}")
        entry.title(_("{name}: {value}", name=delivery.account, value=labels.beginning(delivery)))
        entry.link(href=delivery.url or page)
        entry.updated(delivery.published_at)
        entry.content("\n\n".join(part.text for part in delivery.content.parts), type="text")
    made: bytes = atom.atom_str(pretty=True)
    return made


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None
