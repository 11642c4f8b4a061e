"""/token, /accounts, /agenda, /calendar, /deliveries: what is planned, and what became of it."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from publisher.base import date_range
from publisher.base.errors import NotFound, UsageError
from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.base.stored_messages import told
from publisher.ledger.reading.log_pages import Cursor
from publisher.model.states import State
from publisher.reporting.log_export import log_rows, step_row
from publisher.web.api.access import Reading
from publisher.web.api.delivery_records import (
    DeliveryHistory,
    DeliveryPage,
    LoggedDelivery,
    LoggedStep,
)
from publisher.web.api.drafts import MOST, Limit
from publisher.web.api.values import Line, Timestamp
from publisher.web.calendar_view import Choice, entries_between
from publisher.web.routes.log import Filters

_LONGEST = timedelta(days=62)

router = APIRouter(tags=["records"])

Day = Annotated[str, Query(max_length=40, examples=["2016-03-07"])]


class TokenInfo(BaseModel):
    """The token that asks."""

    person: str
    name: str
    scopes: list[str]
    organisations: list[str] | None = Field(description="Null: all of the person's.")
    expires_at: Timestamp | None


class AccountState(BaseModel):
    """An account, and whether it publishes now."""

    name: str
    channel: str
    organisation: str | None
    language: str | None
    needs_approval: bool
    may_write: bool = Field(description="Whether the token may write drafts for it.")
    state: Literal["active", "paused", "suspended"]
    reason: str | None
    until: Timestamp | None = Field(description="When a suspension ends by itself; null: unknown.")


class AgendaEntry(BaseModel):
    """An item of the programme; posts may hang on it."""

    name: str
    title: str | None
    starts_at: Timestamp | None
    ends_at: Timestamp | None
    place: str | None
    cancelled: bool


class Agenda(BaseModel):
    """The session and its programme."""

    session: str | None
    timezone: str
    starts: str | None
    ends: str | None
    items: list[AgendaEntry]


class PlannedPost(BaseModel):
    """A post of the calendar at one of its times."""

    post: str
    at: Timestamp | None
    queued: bool
    states: dict[str, State] = Field(description="The state on each account; empty: not queued.")


class CalendarResult(BaseModel):
    """The posts between two days, in their order."""

    posts: list[PlannedPost]
    is_cut: bool = Field(description="Whether there are more than are read.")


@router.get("/token")
def read_token(call: Reading) -> TokenInfo:
    """Show for whom the token acts, what it may do, and when it ends."""
    token = call.token
    organisations = call.person.organisations
    return TokenInfo(
        person=token.person.name,
        name=token.name,
        scopes=sorted(token.scopes),
        organisations=None if organisations is None else list(organisations),
        expires_at=instant_text(token.expires_at),
    )


@router.get("/accounts")
def list_accounts(call: Reading) -> list[AccountState]:
    """List the accounts, and whether each publishes now."""
    settings, found = call.app.settings, []
    status_of = {status.account: status for status in call.app.queries.accounts()}
    for name, account in settings.public_accounts().items():
        status = status_of.get(name)
        state: Literal["active", "paused", "suspended"] = "active"
        reason = until = None
        if status and status.paused_at:
            state, reason = "paused", status.pause_reason
        elif status and status.suspended_at:
            state, reason = "suspended", told(status.suspension_message)
            until = instant_text(status.suspended_until)
        found.append(
            AccountState(
                name=name,
                channel=account.channel,
                organisation=account.organisation,
                language=account.language,
                needs_approval=settings.approval_rule(name).required,
                may_write=call.app.rights.permits_writing(call.person, [name]),
                state=state,
                reason=reason,
                until=until,
            )
        )
    return found


@router.get("/agenda")
def read_agenda(call: Reading) -> Agenda:
    """Read the session and its programme."""
    session = call.app.session()
    return Agenda(
        session=session.name,
        timezone=session.zone.key,
        starts=session.starts.isoformat() if session.starts else None,
        ends=session.ends.isoformat() if session.ends else None,
        items=[
            AgendaEntry(
                name=item.name,
                title=item.title,
                starts_at=instant_text(item.starts_at),
                ends_at=instant_text(item.ends_at),
                place=item.place,
                cancelled=item.cancelled,
            )
            for item in session.agenda.values()
        ],
    )


@router.get("/calendar")
def read_calendar(call: Reading, since: Day, until: Day) -> CalendarResult:
    """Read the posts between two days, both included, at most two months apart."""
    drafts = call.parts.drafts.drafts(call.app)
    zone = drafts.session.zone
    begins = date_range.since(since, zone, _("The first day"))
    ends = date_range.until(until, zone, _("The last day"))
    if not isinstance(begins, datetime) or not isinstance(ends, datetime) or ends <= begins:
        raise UsageError(_("The last day is before the first."))
    if ends - begins > _LONGEST:
        raise UsageError(_("At most {days} days are shown at once.", days=_LONGEST.days))
    entries, is_cut = entries_between(call.app, drafts, begins, ends, Choice())
    return CalendarResult(
        posts=[
            PlannedPost(
                post=entry.post,
                at=instant_text(entry.at),
                queued=bool(entry.standing),
                states={one.account: one.state for one in entry.standing},
            )
            for entry in entries
        ],
        is_cut=is_cut,
    )


@router.get("/deliveries")
def search_log(
    call: Reading,
    since: Day = "",
    until: Day = "",
    account: Line = "",
    state: Line = "",
    q: Annotated[str, Query(max_length=200, description="Words of the post or its error.")] = "",
    sort: Literal["-happened", "happened", "-due", "due", "-published", "published"] = "-happened",
    after: Line = "",
    limit: Limit = MOST,
) -> DeliveryPage:
    """Search the delivery log."""
    wanted = Filters(since, until, account, state, q, sort).wanted(call.parts)
    page = call.app.logbook.page(wanted, limit, after=Cursor.read(after) if after else None)
    counts = call.app.engagement.of([one.id for one in page.deliveries])
    rows = log_rows(page.deliveries, counts)
    found = [LoggedDelivery(id=d.id, **row) for d, row in zip(page.deliveries, rows, strict=True)]
    return DeliveryPage(deliveries=found, next=str(page.after) if page.after else None)


@router.get("/deliveries/{number}")
def read_delivery(call: Reading, number: Annotated[int, Path(ge=0, lt=2**63)]) -> DeliveryHistory:
    """Read a delivery and its history."""
    found = call.app.queries.with_ids([number])
    if not found:
        raise NotFound(
            _("There is no delivery {number}.", number=number), hint=_("Search the log for it.")
        )
    (delivery,) = found
    steps = call.app.queries.steps_about(delivery.post)
    counts = call.app.engagement.of([delivery.id])
    return DeliveryHistory(
        delivery=LoggedDelivery(id=delivery.id, **log_rows(found, counts)[0]),
        steps=[
            LoggedStep(**step_row(step))
            for step in steps
            if step.account in (None, delivery.account)
        ],
    )
