"""Report page (`publisher report`): published and unpublished posts, as one HTML file.

Charts are inline SVG, each with a table beside it. The file holds no script, loads nothing and
prints on A4. Of large ledgers, all deliveries are counted, and some are listed.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

from jinja2 import Environment

from publisher.base import html
from publisher.base.formats import exact, written
from publisher.base.i18n import _, later
from publisher.base.text import shortened
from publisher.channels import registry
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.reading.statistics import Count, Span
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.engagement import NAMES
from publisher.model.states import State, counted
from publisher.model.visibility import Visibility
from publisher.reporting import charts, outcomes
from publisher.reporting.days import columns, days
from publisher.reporting.highlights import Week
from publisher.reporting.interventions import interventions
from publisher.reporting.lateness import LatenessSummary, in_words
from publisher.reporting.outcomes import Outcome, Tally, by_time
from publisher.reporting.reach import ENOUGH, WHEN, Reach
from publisher.reporting.reach import in_words as counts_in_words

MOST = 2_000
"""Deliveries up to which a report lists them all."""
SHOWN = 200
"""The most rows of a table that could have thousands."""
_UNKNOWN = later("not named")


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a report: period and account, zone and title."""

    title: str
    language: str
    """The language of the title."""
    zone: ZoneInfo
    """The session's time zone: all times on the page are in it."""
    span: Span
    whole: bool = False
    """Whether every delivery is listed, day by day."""


@dataclass(frozen=True, slots=True)
class Material:
    """The ledger's data for a report."""

    counts: Sequence[Count]
    """The numbers of all deliveries, ordered by day."""
    lateness: Sequence[float]
    """The lateness of each published delivery, in seconds."""
    listed: Sequence[Delivery]
    """All deliveries; if there are more than `MOST`, only the troubles."""
    troubles: Sequence[Delivery]
    """Deliveries that went wrong or were withdrawn, up to `SHOWN`."""
    asking: Collection[str]
    """The accounts that require an approval today."""
    unapproved: Sequence[Delivery]
    """Published on these accounts without an approval, up to `SHOWN`."""
    weeks: Sequence[Week]
    """What went out on the most accounts."""
    reached: Reach | None
    """What readers did; None if no counts were read."""


class Naming(Protocol):
    """What readers call accounts. Posts keep their ids: they may be under embargo."""

    def titled(self, name: str, /) -> str:
        """The name of an account, with its channel."""

    def in_words(self, text: str, /, *, posts: bool) -> str:
        """A message with the names of accounts, and of `posts`, in the place of keys and ids."""


def render(
    scope: Scope,
    material: Material,
    steps: Sequence[HistoryStep],
    *,
    accounts: Mapping[str, Account],
    names: Naming,
    now: datetime,
) -> str:
    """Render the report; `steps` are those of `interventions.EVENTS`, `accounts` today's."""
    counts = material.counts
    of_days = days(counts, by_time(material.listed), scope.zone)
    kind, over_time = columns(of_days)
    lateness = LatenessSummary.of(material.lateness)
    done = interventions(steps)
    return (
        _templates()
        .get_template("report.html")
        .render(
            scope=scope,
            now=now,
            channels={channel: registry.title(channel) for channel in registry.CAPABILITIES},
            total=Tally.of("all", counts),
            outcomes=Outcome,
            lateness=lateness,
            over_time=over_time,
            column=kind,
            day_chart=charts.stacked(over_time),
            late_chart=charts.simple(lateness.distribution) if lateness else None,
            breakdowns=_breakdowns(counts, accounts, names),
            titled=names.titled,
            said=lambda text: names.in_words(_(text), posts=False),
            bar=charts.bar,
            occurring=outcomes.occurring,
            troubles=by_time(material.troubles),
            more_troubles=_more_troubles(material),
            reasons=_reasons(counts),
            approvals=_approvals(material),
            interventions=done[:SHOWN],
            more_interventions=len(done[SHOWN:]),
            days=of_days,
            weeks=material.weeks,
            reach=material.reached,
            reach_when=WHEN,
            reach_enough=ENOUGH,
            metric_names=NAMES,
            visible=lambda one: Visibility.of(one).in_words(lambda at: exact(at, scope.zone)),
        )
    )


@cache  # compiling them takes as long as a small report
def _templates() -> Environment:
    templates = html.environment("publisher.reporting", "publisher.preview")
    templates.globals["written"] = written
    templates.filters |= {"late": in_words, "shortened": shortened, "named": named}
    templates.filters["counts_in_words"] = counts_in_words
    return templates


def named(state: str, number: int) -> str:
    """A state's name in the right number, without the number: `Publiée`, `Publiées`."""
    name = counted(State(state), number).removeprefix(str(number)).strip()
    return name[:1].upper() + name[1:]


def _breakdowns(
    counts: Sequence[Count], accounts: Mapping[str, Account], names: Naming
) -> list[tuple[str, list[Tally]]]:
    def organisation(count: Count) -> str:
        account = accounts.get(count.account)
        return (account and account.organisation) or _(_UNKNOWN)

    return [
        (_("Account"), outcomes.by(counts, lambda count: names.titled(count.account))),
        (_("Channel"), outcomes.by(counts, lambda c: registry.title(c.channel))),
        (_("Language"), outcomes.by(counts, lambda count: count.lang or _(_UNKNOWN))),
        (_("Organisation"), outcomes.by(counts, organisation)),
    ]


def _more_troubles(material: Material) -> int:
    """Number of deliveries that went wrong or were withdrawn and are not shown."""
    states = outcomes.states(*outcomes.TROUBLED, Outcome.WITHDRAWN)
    in_all = sum(count.number for count in material.counts if count.state in states)
    return max(0, in_all - len(material.troubles))


def _reasons(counts: Sequence[Count]) -> list[tuple[str, int]]:
    """The kinds of errors of deliveries that went wrong, the most frequent first."""
    states = outcomes.states(*outcomes.TROUBLED)
    kinds: Counter[str] = Counter()
    for count in counts:
        if count.state in states and count.error_kind:
            kinds[count.error_kind] += count.number
    return kinds.most_common()


@dataclass(frozen=True, slots=True)
class ApprovalCounts:
    """The approvals by person, and publications without approval."""

    asked: bool
    """Whether any account of these deliveries requires an approval."""
    given: Sequence[tuple[str, int]]
    """The number of deliveries that each person approved, in their present version."""
    without: Sequence[Delivery]
    """Published without approval on accounts that require one."""
    more: int


def _approvals(material: Material) -> ApprovalCounts:
    out = outcomes.states(Outcome.PUBLISHED, Outcome.WITHDRAWN)
    given: Counter[str] = Counter()
    without = 0
    for count in material.counts:
        if count.approved_by:
            given[count.approved_by] += count.number
        elif count.account in material.asking and count.state in out:
            without += count.number
    shown = by_time(material.unapproved)
    return ApprovalCounts(
        asked=bool(material.asking),
        given=given.most_common(),
        without=shown,
        more=max(0, without - len(shown)),
    )
