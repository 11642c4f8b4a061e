"""Session reports of one workspace, from its ledger and settings."""

from collections.abc import Callable, Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.base.clock import Clock
from publisher.drafts.session import Session
from publisher.ledger.reading.engagement import EngagementCounts
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.statistics import Figures, Span
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.reporting import highlights, outcomes, report_page
from publisher.reporting.interventions import EVENTS
from publisher.reporting.outcomes import Outcome
from publisher.reporting.reach import reach
from publisher.settings.settings import Settings

_KEPT = 4


class Reports:
    """Builds the reports, and caches the counts of the last few until the ledger changes.

    Steps are not cached: archived ones are read from files, which may be lost or restored.
    """

    def __init__(
        self,
        settings: Settings,
        session: Callable[[], Session],
        queries: Queries,
        figures: Figures,
        engagement: EngagementCounts,
        clock: Clock,
        names: Callable[[], report_page.Naming],
    ) -> None:
        """`session` and `names` are called for each page: they may have changed."""
        self._settings, self._session = settings, session
        self._queries, self._figures, self._clock = queries, figures, clock
        self._engagement, self._names = engagement, names
        self._mark: tuple[object, ...] = ()
        self._counted: dict[tuple[Span, ZoneInfo], report_page.Material] = {}

    def page(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        account: str | None = None,
        whole: bool = False,
    ) -> str:
        """Render the report on posts due from `since` to before `until`, on one account or all.

        `whole`: with every delivery, day by day.
        """
        session, settings = self._session(), self._settings
        span = Span(since, until, account)
        title = session.name or settings.workspace.name
        scope = report_page.Scope(title, settings.language, session.zone, span, whole)
        steps = self._queries.steps_of(EVENTS, since=since, until=until, account=account)
        return report_page.render(
            scope,
            self._material(span, session.zone),
            steps,
            accounts=settings.public_accounts(),
            names=self._names(),
            now=self._clock.now(),
        )

    def _material(self, span: Span, zone: ZoneInfo) -> report_page.Material:
        # Read first: changes during the count are counted again the next time.
        mark = *self._queries.mark(), self._engagement.number()
        if mark != self._mark:
            self._mark, self._counted = mark, {}
        counted = self._counted
        material = counted.get((span, zone))
        if material is None:
            material = counted[span, zone] = self._count(span, zone)
            for oldest in list(counted)[:-_KEPT]:
                counted.pop(oldest, None)
        return material

    def _count(self, span: Span, zone: ZoneInfo) -> report_page.Material:
        """Count all deliveries, and read those to list: of a large ledger only the troubles."""

        def listed(limit: int, states: Collection[State] | None = None) -> list[Delivery]:
            return self._queries.deliveries(
                since=span.since, until=span.until, account=span.account, state=states, limit=limit
            )

        counts = self._figures.counts(span, zone)
        asking = {c.account for c in counts if self._settings.approval_rule(c.account).required}
        troubles = listed(report_page.SHOWN, outcomes.states(*outcomes.TROUBLED, Outcome.WITHDRAWN))
        is_large = sum(count.number for count in counts) > report_page.MOST
        return report_page.Material(
            counts=counts,
            lateness=self._figures.lateness(span),
            weeks=highlights.weeks(counts, span, zone, self._figures, self._queries),
            listed=troubles if is_large else listed(report_page.MOST),
            troubles=troubles,
            asking=asking,
            unapproved=self._figures.unapproved(span, asking, report_page.SHOWN),
            reached=reach(self._engagement, span, zone),
        )
