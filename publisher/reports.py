"""The reports about one workspace, from its ledger and settings."""

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

_KEPT = 4


class Reports:
    """Writes them. What was counted for the last few is kept until the ledger changes.

    But not the steps: those in archives are read from files, which may be lost or put back.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._mark = ("", 0)
        self._counted: dict[tuple[Span, ZoneInfo], reporting.Material] = {}

    def page(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        account: str | None = None,
    ) -> str:
        """The page about what is due from `since` to before `until`, on one account or all."""
        session, settings = self._app.session(), self._app.settings
        scope = reporting.Scope(
            title=session.name or settings.workspace.name,
            language=settings.language,
            zone=session.zone,
            since=since,
            until=until,
            account=account,
        )
        span = Span(since, until, account)
        steps = self._app.queries.steps_of(
            reporting.EVENTS, since=since, until=until, account=account
        )
        return reporting.render(
            scope,
            self._material(span, session.zone),
            steps,
            accounts=settings.public_accounts(),
            now=self._app.clock.now(),
        )

    def _material(self, span: Span, zone: ZoneInfo) -> reporting.Material:
        # Looked at first: what changes meanwhile is counted, and counted again the next time.
        mark = self._app.queries.mark()
        if mark != self._mark:
            self._mark, self._counted = mark, {}
        counted = self._counted
        material = counted.get((span, zone))
        if material is None:
            material = counted[span, zone] = self._count(span, zone)
            for oldest in list(counted)[:-_KEPT]:
                counted.pop(oldest, None)
        return material

    def _count(self, span: Span, zone: ZoneInfo) -> reporting.Material:
        """Counts of all deliveries, and of large ledgers only those deliveries that are listed."""
        app = self._app

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
        )
