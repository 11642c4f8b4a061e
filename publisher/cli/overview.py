"""What `status` shows: what needs a person first, then what comes next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from publisher.app import Application, instant_text, log_rows
from publisher.cli import arguments, output, tables
from publisher.ledger.queries import AccountStatus
from publisher.ledger.tables import EVERYTHING
from publisher.models import Delivery
from publisher.states import State

_FRESH = timedelta(days=1)
"""For so long what was missed is news."""
_NEXT = (State.SCHEDULED, State.PUBLISHING)
_WAITS_FOR_A_PERSON = (State.UNCERTAIN, State.FAILED, State.HELD, State.AWAITING_APPROVAL)


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one workspace at one instant."""

    now: datetime
    zone: tzinfo
    attention: Sequence[Delivery]
    accounts: Sequence[AccountStatus]
    next: Sequence[Delivery]
    more: int
    """How many come after those."""
    resting: int
    """How many wait, because their account is paused or held."""
    counts: dict[State, int]

    @classmethod
    def of(cls, app: Application, limit: int | None) -> "Overview":
        """Read it; `limit` is how many of the deliveries that come next are shown."""
        now, queries = app.clock.now(), app.queries
        attention = [d for state in _WAITS_FOR_A_PERSON for d in queries.deliveries(state=state)]
        attention += queries.deliveries(state=State.MISSED, since=now - _FRESH)
        accounts = queries.accounts()
        scheduled = [d for state in _NEXT for d in queries.deliveries(state=state)]
        coming = tables.by_time([d for d in scheduled if not _rests(d, accounts)])
        return cls(
            now=now,
            zone=arguments.zone(app.settings),
            attention=tables.by_time(attention),
            accounts=accounts,
            next=coming[:limit],
            more=len(coming[limit:]) if limit else 0,
            resting=len(scheduled) - len(coming),
            counts=queries.counts(),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "now": instant_text(self.now),
            "attention": log_rows(self.attention),
            "accounts": [_account(status) for status in self.accounts],
            "next": log_rows(self.next),
            "resting": self.resting,
            "counts": {state: self.counts.get(state, 0) for state in State},
        }

    def print(self) -> None:
        if not self.counts:
            output.print_line("The schedule is empty. `publisher queue` puts drafts on it.")
        for status in self.accounts:
            for line in _sentences(status, self.zone):
                output.print_prose(output.paint(line, "yellow"))
        if self.attention:
            output.print_line(output.paint("These need a person:", "red"))
            tables.print_days(self.attention, self.zone)
            output.print_line()
        if self.next:
            output.print_line(output.paint("These go out next:", "bold"))
            tables.print_days(self.next, self.zone)
            if self.more:
                output.print_line(f"… and {self.more} more: `publisher status --all` shows them.")
            output.print_line()
        elif self.counts and not self.resting:
            output.print_line("Nothing is on the schedule.")
        if self.resting:
            wait = "1 delivery waits" if self.resting == 1 else f"{self.resting} deliveries wait"
            output.print_line(f"{wait} for an account that is paused or held.")
        if self.counts:
            output.print_line(f"In all: {tables.summary(self.counts)}.")
        clock = output.minute(self.now, self.zone)
        output.print_line(f"It is {clock} now. {output.times_of(self.zone)}")


def _rests(delivery: Delivery, accounts: Sequence[AccountStatus]) -> bool:
    """Whether it will not go out at its time, because its account stands still."""
    return delivery.state is State.SCHEDULED and any(
        status.paused_at is not None
        or status.held_until is None
        or tables.leaves_at(delivery) < status.held_until
        for status in accounts
        if status.account in (EVERYTHING, delivery.account)
    )


def _account(status: AccountStatus) -> dict[str, Any]:
    values = asdict(status)
    return {
        key: instant_text(value) if isinstance(value, datetime) else value
        for key, value in values.items()
    }


def _sentences(status: AccountStatus, zone: tzinfo) -> list[str]:
    """Why an account stands still, and what to do about it."""
    name = "Everything" if status.account == "*" else status.account
    again = "" if status.account == "*" else f" --account {status.account}"
    lines = []
    if status.paused_at:
        lines.append(
            f"{name} is paused since {output.minute(status.paused_at, zone)} by "
            f"{status.paused_by}: {status.pause_reason} (`publisher resume{again}` ends it)"
        )
    if status.held_at:
        until = (
            f"until {output.minute(status.held_until, zone)}"
            if status.held_until
            else f"until a person mends it and runs `publisher resume{again}`"
        )
        message = output.printable(status.held_message or "")
        lines.append(f"{name} is held {until}: {message} ({status.held_kind})")
    return lines
