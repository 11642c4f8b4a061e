"""The report about one workspace, from its ledger and settings."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher import reporting
from publisher.app import Application
from publisher.ledger.figures import Span
from publisher.models import Delivery
from publisher.reporting import outcomes
from publisher.reporting.outcomes import Outcome
from publisher.states import State


def report(
    app: Application,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    account: str | None = None,
) -> str:
    """The page about what is due from `since` to before `until`, on one account or all."""
    session, settings = app.session(), app.settings
    scope = reporting.Scope(
        title=session.name or settings.workspace.name,
        language=settings.language,
        zone=session.zone,
        since=since,
        until=until,
        account=account,
    )
    return reporting.render(
        scope,
        _material(app, Span(since, until, account), session.zone),
        accounts=settings.public_accounts(),
        now=app.clock.now(),
    )


def _material(app: Application, span: Span, zone: ZoneInfo) -> reporting.Material:
    """Counts of all deliveries, and of large ledgers only those deliveries that are listed."""

    def listed(limit: int, states: Collection[State] | None = None) -> list[Delivery]:
        return app.queries.deliveries(
            since=span.since, until=span.until, account=span.account, state=states, limit=limit
        )

    counts = app.figures.counts(span, zone)
    asking = {c.account for c in counts if app.settings.approval_rule(c.account).required}
    troubles = listed(reporting.SHOWN, outcomes.states(*outcomes.TROUBLED, Outcome.WITHDRAWN))
    is_large = sum(count.number for count in counts) > reporting.MOST
    return reporting.Material(
        counts=counts,
        lateness=app.figures.lateness(span),
        listed=troubles if is_large else listed(reporting.MOST),
        troubles=troubles,
        asking=asking,
        unapproved=app.figures.unapproved(span, asking, reporting.SHOWN),
        steps=app.queries.steps_of(
            reporting.EVENTS, since=span.since, until=span.until, account=span.account
        ),
    )
