"""`publisher report`: what went out and what did not, for the manager, as one HTML file.

Charts are drawn as inline SVG, each with a table beside it. The file holds no script, loads nothing
and prints on A4. Large ledgers are counted, and listed in part.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.language import _, later
from publisher.ledger.queries import Step
from publisher.looks import html
from publisher.models import Account, ApprovalRule, Delivery
from publisher.reporting import charts, outcomes
from publisher.reporting.days import columns, days
from publisher.reporting.interventions import EVENTS, interventions
from publisher.reporting.lateness import Lateness, in_words
from publisher.reporting.outcomes import Outcome, Tally
from publisher.states import State, counted

__all__ = ["EVENTS", "Scope", "render"]

_MOST = 200
"""Rows of a table that could have thousands."""
_UNKNOWN = later("not named")
_CHANNELS = {"twitter": "X", "facebook": "Facebook", "site": later("Website")}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about."""

    title: str
    language: str
    """Of the title."""
    zone: ZoneInfo
    """The session's: all times on the page are in it."""
    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None


def render(
    scope: Scope,
    deliveries: Sequence[Delivery],
    steps: Sequence[Step],
    *,
    accounts: Mapping[str, Account],
    rule_of: Callable[[str], ApprovalRule],
    now: datetime,
) -> str:
    """The report about `deliveries`; `steps` are the history's, of the events in `EVENTS`.

    `accounts` are today's, `rule_of` tells which of them ask for an approval today.
    """
    by_time = sorted(deliveries, key=lambda delivery: (delivery.leaves_at, delivery.id))
    of_days = days(by_time, scope.zone)
    kind, over_time = columns(of_days)
    lateness = Lateness.of(deliveries)
    done = interventions(steps)
    templates = html.environment("publisher.reporting", "publisher.looks")
    templates.filters |= {"late": in_words, "beginning": beginning, "named": named}
    return templates.get_template("report.html").render(
        scope=scope,
        now=now,
        channels={channel: _(name) for channel, name in _CHANNELS.items()},
        total=Tally.of("all", by_time),
        outcomes=Outcome,
        lateness=lateness,
        over_time=over_time,
        column=kind,
        day_chart=charts.stacked(over_time),
        late_chart=charts.simple(lateness.distribution) if lateness else None,
        breakdowns=_breakdowns(by_time, accounts),
        bar=charts.bar,
        occurring=outcomes.occurring,
        troubles=_troubles(by_time),
        reasons=_reasons(by_time),
        approvals=_approvals(by_time, rule_of),
        interventions=done[:_MOST],
        more_interventions=len(done[_MOST:]),
        days=of_days,
    )


def named(state: str, number: int) -> str:
    """How that many in a state are called, without the number: `Publiée`, `Publiées`."""
    name = counted(State(state), number).removeprefix(str(number)).strip()
    return name[:1].upper() + name[1:]


def beginning(text: str, length: int = 110) -> str:
    """The first words of a text, in one line."""
    words = " ".join(text.split())
    return (
        words if len(words) <= length else f"{words[:length].rsplit(' ', 1)[0]}\N{NO-BREAK SPACE}…"
    )


def _breakdowns(
    deliveries: Sequence[Delivery], accounts: Mapping[str, Account]
) -> list[tuple[str, list[Tally]]]:
    def organisation(delivery: Delivery) -> str:
        account = accounts.get(delivery.account)
        return (account and account.organisation) or _(_UNKNOWN)

    return [
        (_("Account"), outcomes.by(deliveries, lambda delivery: delivery.account)),
        (_("Channel"), outcomes.by(deliveries, lambda d: _(_CHANNELS.get(d.channel, d.channel)))),
        (_("Language"), outcomes.by(deliveries, lambda d: d.content.lang or _(_UNKNOWN))),
        (_("Organisation"), outcomes.by(deliveries, organisation)),
    ]


@dataclass(frozen=True, slots=True)
class Troubles:
    """What did not go as it should, or was taken down."""

    shown: Sequence[Delivery]
    more: int


def _troubles(deliveries: Sequence[Delivery]) -> Troubles:
    found = [
        delivery
        for delivery in deliveries
        if Outcome.of(delivery) in (*outcomes.TROUBLED, Outcome.WITHDRAWN)
    ]
    return Troubles(found[:_MOST], len(found[_MOST:]))


def _reasons(deliveries: Sequence[Delivery]) -> list[tuple[str, int]]:
    """The kinds of errors of what did not go as it should, the most frequent first."""
    kinds = Counter(
        delivery.error_kind
        for delivery in deliveries
        if Outcome.of(delivery) in outcomes.TROUBLED and delivery.error_kind
    )
    return kinds.most_common()


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who said yes to what."""

    asked: bool
    """Whether any account of these deliveries asks for one."""
    given: Sequence[tuple[str, int]]
    """How many deliveries each person approved, as they stand now."""
    without: Sequence[Delivery]
    """Out, from accounts that ask for an approval, without one."""
    more: int


def _approvals(deliveries: Sequence[Delivery], rule_of: Callable[[str], ApprovalRule]) -> Approvals:
    names = {delivery.account for delivery in deliveries}
    asking = {name for name in names if rule_of(name).required}
    without = [
        delivery
        for delivery in deliveries
        if delivery.account in asking
        and delivery.approved_by is None
        and Outcome.of(delivery) in (Outcome.PUBLISHED, Outcome.WITHDRAWN)
    ]
    given = Counter(d.approved_by for d in deliveries if d.approved_by)
    return Approvals(
        asked=bool(asking),
        given=given.most_common(),
        without=without[:_MOST],
        more=len(without[_MOST:]),
    )
