"""Report of a rehearsal, as one HTML page."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from publisher.base import formats, html
from publisher.base.formats import exact
from publisher.base.i18n import _, plural, weekday
from publisher.model.deliveries import Delivery
from publisher.model.states import State, state_name
from publisher.model.visibility import Visibility
from publisher.reporting.lateness import LatenessSummary
from publisher.reporting.report_page import Naming

_CALM = frozenset({State.PUBLISHED, State.CANCELLED, State.WITHDRAWN})


def render(
    *,
    title: str,
    deliveries: Sequence[Delivery],
    differences: Sequence[str],
    zone: ZoneInfo,
    speed: float,
    names: Naming,
) -> str:
    """Render the report: figures, problems, and a table by account and day.

    `deliveries` must be ordered by due time; `zone` is the session's. `names`: what
    readers call accounts.
    """

    def day(delivery: Delivery) -> datetime:
        return delivery.due_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    accounts = sorted({delivery.account for delivery in deliveries})
    days = [(date, list(group)) for date, group in groupby(deliveries, key=day)]
    templates = html.environment("publisher.rehearsal", "publisher.preview", "publisher.reporting")
    templates.globals |= {
        "_": _,
        "plural": plural,
        "weekday": weekday,
        "state_name": state_name,
    }
    return templates.get_template("report.html").render(
        title=title,
        zone=zone,
        speed=speed,
        titled=names.titled,
        said=lambda text: names.in_words(_(text), posts=False),
        accounts=accounts,
        days=days,
        deliveries=deliveries,
        out=[delivery for delivery in deliveries if delivery.state is State.PUBLISHED],
        visible=lambda one: Visibility.of(one).in_words(lambda at: exact(at, zone)),
        problems=[delivery for delivery in deliveries if delivery.state not in _CALM],
        differences=differences,
        lateness=_lateness(deliveries, speed),
    )


def _lateness(deliveries: Sequence[Delivery], speed: float) -> LatenessSummary | None:
    """The lateness in real seconds; each is `speed` seconds of the session's clock."""
    late = (delivery.lateness for delivery in deliveries)
    return LatenessSummary.of(one.total_seconds() / speed for one in late if one is not None)


def summary(deliveries: Sequence[Delivery], speed: float) -> str:
    """One line about lateness."""
    lateness = _lateness(deliveries, speed)
    if lateness is None:
        return _("Nothing went out.")
    early = _("{number} early", number=lateness.early) if lateness.early else _("none early")
    return _(
        "Lateness in real seconds: median {median} ({median_there} s on the session's clock), "
        "at most {worst} ({worst_there} s), {early}.",
        median=formats.number(lateness.median, 3),
        median_there=formats.number(lateness.median * speed, 1),
        worst=formats.number(lateness.worst, 3),
        worst_there=formats.number(lateness.worst * speed, 1),
        early=early,
    )
