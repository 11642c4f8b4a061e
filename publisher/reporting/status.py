"""Status overview: what needs a person, and what comes next, in one workspace."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from publisher.base.formats import instant_text
from publisher.ledger.news.user_notices import Guessed
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.reading.lateness import Late
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.set_backs import SetBack
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Kind, Limit
from publisher.model.states import State
from publisher.reporting.log_export import log_rows
from publisher.reporting.outcomes import by_time

FRESH = timedelta(days=1)
"""How long a set-back is reported."""
_NEXT = (State.SCHEDULED, State.PUBLISHING)
_UNSETTLED = (State.UNCERTAIN, State.HELD)
_ENDED = (State.FAILED, State.MISSED)


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one workspace at one instant."""

    now: datetime
    zone: tzinfo
    attention: Sequence[Delivery]
    unshown: Mapping[State, int]
    """Number of deliveries by state that need a person and are not in `attention`."""
    rejected: Sequence[Delivery]
    """The rejected deliveries."""
    in_trouble: int
    """Number of deliveries in trouble that nobody has dealt with, shown or not."""
    accounts: Sequence[AccountStatus]
    limits: Mapping[str, Sequence[Limit]]
    """The platforms' last reported limits, by account."""
    next: Sequence[Delivery]
    more: int
    """Number of deliveries after those in `next`."""
    paused_or_suspended: int
    """Number of deliveries that wait because their account is paused or suspended."""
    counts: dict[State, int]
    late: Late
    """Deliveries that are late by minutes without a good reason to wait."""
    clocks: Mapping[str, timedelta]
    """The hosts with a wrong clock, and how far it is ahead; negative: behind."""
    set_backs: Sequence[SetBack]
    """The ledger's recent set-backs."""
    guessed: Sequence[Guessed]
    """The people with very many failed log-ins."""

    @classmethod
    def of(
        cls,
        queries: Queries,
        *,
        now: datetime,
        zone: tzinfo,
        limits: Mapping[str, Sequence[Limit]],
        late: Late,
        clocks: Mapping[str, timedelta],
        guessed: Sequence[Guessed],
        limit: int | None,
        most: int | None = None,
    ) -> "Overview":
        """Read the overview; `limit`: the most next deliveries.

        `most` is the limit for each state that needs a person: the newest of those in trouble, and
        the first due of those that wait for an approval.
        """
        trouble = [
            *(queries.deliveries(state=s, limit=most, newest_first=True) for s in _UNSETTLED),
            *(queries.unresolved(state, most) for state in _ENDED),
        ]
        waiting = queries.deliveries(state=State.AWAITING_APPROVAL, limit=most)
        attention = [delivery for some in (*trouble, waiting) for delivery in some]
        partly = [*queries.unresolved(State.PUBLISHED), *queries.unresolved(State.CANCELLED)]
        out = [*{one.id: one for one in (*queries.still_out(), *partly)}.values()]
        out += queries.kept_back()
        first, counts = queries.coming(limit), queries.counts()
        paused_or_suspended = queries.paused_or_suspended()
        unresolved = queries.unresolved_counts()
        shown = Counter(delivery.state for delivery in attention)
        unsettled = (*_UNSETTLED, State.AWAITING_APPROVAL)
        all_of = {s: counts.get(s, 0) for s in unsettled} | {
            s: unresolved.get(s, 0) for s in _ENDED
        }
        in_all = sum(counts.get(state, 0) for state in _NEXT) + queries.stopped_ahead()[0]
        return cls(
            now=now,
            zone=zone,
            attention=by_time([*attention, *out]),
            unshown={s: all_of[s] - shown[s] for s in all_of if all_of[s] > shown[s]},
            rejected=queries.deliveries(state=State.REJECTED),
            in_trouble=queries.in_trouble(),
            accounts=queries.accounts(),
            limits=limits,
            next=first,
            more=max(0, in_all - paused_or_suspended - len(first)),
            paused_or_suspended=paused_or_suspended,
            counts=counts,
            late=late,
            clocks=clocks,
            set_backs=queries.set_backs(now - FRESH),
            guessed=guessed,
        )

    @property
    def needs_a_person(self) -> int:
        """Number of deliveries in trouble and of accounts that need a person, shown or not."""
        return self.in_trouble + sum(status.needs_person for status in self.accounts)

    @property
    def leaves_nothing(self) -> bool:
        """Whether there are deliveries, and none of them leaves as it is."""
        leaving = any(self.counts.get(state) for state in _NEXT)
        return bool(self.counts) and not leaving

    @property
    def standing_still(self) -> list[tuple[AccountStatus, int]]:
        """The stopped accounts, each with the number of others stopped by the same app limit."""
        found: dict[object, list[AccountStatus]] = {}
        for status in self.accounts:
            of_app = status.suspension_kind == Kind.APP_LIMIT and not status.paused_at
            found.setdefault(status.suspended_until if of_app else status.account, []).append(
                status
            )
        return [(first, len(others)) for first, *others in found.values()]

    @property
    def more_attention(self) -> int:
        """Number of deliveries that need a person and are not shown."""
        waiting = self.counts.get(State.AWAITING_APPROVAL, 0)
        return self.in_trouble + waiting - len(self.attention)

    def as_json(self) -> dict[str, Any]:
        return {
            "now": instant_text(self.now),
            "attention": log_rows(self.attention),
            "rejected": log_rows(self.rejected),
            "accounts": [_plain(asdict(status)) for status in self.accounts],
            "limits": [
                {"account": account, **_plain(asdict(limit))}
                for account, limits in self.limits.items()
                for limit in limits
            ],
            "next": log_rows(self.next),
            "paused_or_suspended": self.paused_or_suspended,
            "late": late_as_json(self.late),
            "clocks": [
                {"host": host, "ahead_s": ahead.total_seconds()}
                for host, ahead in self.clocks.items()
            ],
            "set_backs": [_plain(asdict(one)) for one in self.set_backs],
            "guessed": [_plain(asdict(one)) for one in self.guessed],
            "counts": {state: self.counts.get(state, 0) for state in State},
        }


def late_as_json(late: Late) -> dict[str, Any]:
    """The late posts for scripts: number, time since when, and numbers by cause."""
    return {
        "number": late.number,
        "since": instant_text(late.since) if late else None,
        "causes": late.by_cause(),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: instant_text(value) if isinstance(value, datetime) else value
        for key, value in values.items()
    }
