"""/calendar.ics and /feed.atom: feeds for programs, under the secret address of a person."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from feedgen.feed import FeedGenerator

from publisher.agenda.posts_calendar import posts_calendar
from publisher.app import Application
from publisher.base import i18n
from publisher.base.errors import NotPermitted
from publisher.base.i18n import _
from publisher.ledger.manager.rights import Person
from publisher.ledger.reading.log_pages import SortOrder, Wanted
from publisher.model.deliveries import Delivery
from publisher.web import labels, security
from publisher.web.authentication import reader
from publisher.web.dependencies import Parts, Use, post_address

_NEWEST = 50
_LOOKING_BACK = timedelta(days=28)
"""The length of a session."""
_IN_CALENDAR = 500
"""The most deliveries before and after now whose posts the calendar shows."""

router = APIRouter()


def _subscriber(
    request: Request, parts: Use, key: Annotated[str, Query(max_length=200)] = ""
) -> Person:
    """The person with this key, or who is logged in. Raises NotPermitted, NotLoggedIn."""
    if not key:
        return reader(request).person
    person = parts.app.feed_keys.person(key)
    if person is None:
        raise NotPermitted(
            _("This secret address no longer works."),
            hint=_("You can create a new one on your own page."),
        )
    security.log_login(request, person.name, by="secret address")
    return person


Subscriber = Annotated[Person, Depends(_subscriber)]


@router.get("/calendar.ics")
def calendar(parts: Use, person: Subscriber) -> Response:
    """The posts around now as iCalendar, without the texts of those under embargo."""
    app = parts.app
    accounts = app.settings.public_accounts()
    drafts, now = parts.drafts.drafts(app), app.clock.now()
    queued = app.queries.known_posts(sorted(drafts.posts))
    around = _around(app)
    answering = app.queries.answering
    with i18n.speaking(person.language or i18n.current()):
        data = posts_calendar(
            drafts.session, drafts.posts, around, accounts, now, queued, answering
        )
    return Response(data, media_type="text/calendar; charset=utf-8")


@router.get("/feed.atom")
def feed(parts: Use, person: Subscriber) -> Response:
    """The last published posts as Atom, newest first."""
    wanted = Wanted(order=SortOrder.PUBLISHED)
    page = parts.app.logbook.page(wanted, _NEWEST)
    with i18n.speaking(person.language or i18n.current()):
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
